import { type FplusError, toFplusError } from "../../errors/index.ts";
import { decodePayload } from "./decode.ts";
import type { PlainMetric } from "./plain-metric.ts";
import { plainMetric } from "./value.ts";
import { textAt } from "./text.ts";
import { BYTES, head, metrics, Shape } from "./workbench.ts";

/** A payload as a plain object; the names are those of sparkplug-payload. */
export interface PlainPayload {
  /** Milliseconds since the epoch, with a fraction where the sender's clock is finer. */
  timestamp?: number;
  metrics: PlainMetric[];
  seq?: number;
  uuid?: string;
  body?: Uint8Array;
  /** Why metrics are missing here that could not be read; absent where all could. */
  faults?: FplusError[];
}

/** So many reasons are kept. */
const MAX_FAULTS = 20;

/**
 * Decodes a payload to plain objects. Integers of 64 bits are numbers where that is exact, else bigints; a metric that cannot
 * be read is left out, and the reason is in `faults`.
 * @throws FplusError `sparkplug.malformed`, `sparkplug.limit` where the payload as a whole cannot be read
 */
export function decodePlain(bytes: Uint8Array): PlainPayload {
  const count = decodePayload(bytes);
  const payload: PlainPayload = { metrics: [] };
  if (head.timeMs >= 0) payload.timestamp = head.timeMs + head.timeNs / 1e6;
  if (head.seq >= 0) payload.seq = head.seq;
  if (head.uuidStart >= 0) payload.uuid = textAt(head.uuidStart, head.uuidEnd);
  if (head.bodyStart >= 0) payload.body = BYTES.slice(head.bodyStart, head.bodyEnd);
  const faults: FplusError[] = [];
  for (let i = 0; i < count; i++) {
    try {
      if ((metrics.shape[i]! & Shape.Broken) !== 0) throw head.firstFault;
      payload.metrics.push(plainMetric(i));
    } catch (error) {
      if (faults.length < MAX_FAULTS) faults.push(toFplusError("sparkplug.malformed", error));
    }
  }
  if (faults.length > 0) payload.faults = faults;
  return payload;
}
