import { type SampleBatch, type SignalRegistry, signals } from "../sample/index.ts";
import { takeIn } from "./points.ts";
import { decodeRecord, encodeRecord } from "./record.ts";

/** Samples as bytes, compressed and with the names of their signals, for another process or a later time. */
export function packSamples(batch: SampleBatch, registry: SignalRegistry = signals): Uint8Array {
  return encodeRecord(takeIn(batch, registry).points, registry);
}

/**
 * The samples of `packSamples`; what was bytes or a structure comes back as its text.
 * @throws FplusError `historian.io` when they are damaged
 */
export function unpackSamples(data: Uint8Array, registry: SignalRegistry = signals): SampleBatch {
  return decodeRecord(data, registry);
}
