import { types } from "node:util";
import { FplusError, shown } from "../errors/index.ts";
import { SampleBatch } from "./batch.ts";
import { type Quality, qualityOf, statusName, statusOf } from "./quality.ts";
import { type SignalRegistry, signals } from "./signal.ts";
import { SampleFlag, type SampleValue, ValueType, valueTypeName, valueTypeOf } from "./types.ts";

/** One sample as an engineer sees it on a wire. */
export interface PlainSample {
  /** Signal path. */
  readonly name: string;
  readonly value: SampleValue;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly quality: Quality;
  /** Name of the StatusCode; left out when Good. */
  readonly status?: string;
  readonly type: string;
  readonly unit?: string;
}

/** Sample i of a batch as a plain object. */
export function plainSample(batch: SampleBatch, i: number, registry: SignalRegistry = signals): PlainSample {
  const signal = registry.get(batch.signal[i]!);
  const status = batch.status[i]!;
  return {
    name: signal.path,
    value: batch.value(i),
    timestamp: batch.timeMs[i]!,
    quality: qualityOf(status),
    type: valueTypeName(batch.type[i]!),
    ...(status === 0 ? {} : { status: statusName(status) }),
    ...(signal.unit === "" ? {} : { unit: signal.unit }),
  };
}

/** A whole batch as plain objects. */
export function plainSamples(batch: SampleBatch, registry: SignalRegistry = signals): PlainSample[] {
  return Array.from({ length: batch.length }, (_, i) => plainSample(batch, i, registry));
}

/** What a flow may hand in as a sample: all but `name` and `value` may be missing. */
export interface LooseSample {
  readonly name: string;
  readonly value: unknown;
  readonly timestamp?: number | string | Date;
  readonly quality?: string;
  /** Name of a StatusCode; says more than `quality`. */
  readonly status?: string;
  readonly type?: string;
  readonly unit?: string;
}

/**
 * Reads loose samples into a batch. A name is `source/…/device/metric`; the last part but one is the device.
 * @throws FplusError `sample.invalid` naming the field
 */
export function batchFromPlain(samples: readonly LooseSample[], registry: SignalRegistry = signals): SampleBatch {
  const batch = new SampleBatch(samples.length);
  const now = Date.now();
  for (const sample of samples) {
    if (typeof sample?.name !== "string" || sample.name === "") {
      throw new FplusError("sample.invalid", "a sample has no name", { field: "name", hint: "Set topic or name." });
    }
    for (const field of TEXTS) if (!isText(sample[field])) throw notText(field, sample[field]);
    const value = sample.value as SampleValue;
    const signal = registry.find(sample.name) ?? registry.intern(splitPath(sample.name));
    const named = sample.type === undefined ? ValueType.Unknown : valueTypeOf(sample.type);
    const type = named || (fits(signal.type, value) ? signal.type : typeOfValue(value));
    if (signal.type === ValueType.Unknown) signal.type = type;
    signal.unit = sample.unit ?? signal.unit;
    const status = statusOf(sample.quality ?? "good", sample.status);
    batch.addValue(signal.id, type, value, timeOf(sample, now), 0, status);
  }
  return batch;
}

/** The natural type of a JavaScript value: Double for numbers, String for text, Int64 for bigint. */
export function typeOfValue(value: unknown): ValueType {
  switch (typeof value) {
    case "number":
      return ValueType.Double;
    case "bigint":
      return ValueType.Int64;
    case "boolean":
      return ValueType.Boolean;
    case "string":
      return ValueType.String;
    default:
      // Not instanceof: what a function node makes belongs to another realm.
      if (types.isDate(value)) return ValueType.DateTime;
      return types.isUint8Array(value) ? ValueType.Bytes : ValueType.Unknown;
  }
}

/** True for a sample that a historical flag marks as late. */
export function isHistorical(batch: SampleBatch, i: number): boolean {
  return (batch.flags[i]! & SampleFlag.Historical) !== 0;
}

function fits(type: ValueType, value: SampleValue): boolean {
  if (type === ValueType.Unknown) return false;
  const natural = typeOfValue(value);
  if (natural === type) return true;
  return natural === ValueType.Double && type >= ValueType.Int8 && type <= ValueType.Double;
}

const TEXTS = ["quality", "status", "type", "unit"] as const;

function isText(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && value.isWellFormed());
}

function notText(field: string, value: unknown): FplusError {
  return new FplusError("sample.invalid", `${field} is not a text: ${shown(value)}`, { field });
}

function timeOf({ timestamp }: LooseSample, now: number): number {
  if (timestamp === undefined) return now;
  const known = typeof timestamp === "string" || types.isDate(timestamp) ? new Date(timestamp).getTime() : timestamp;
  if (typeof known === "number" && Number.isFinite(known)) return known;
  throw new FplusError("sample.invalid", `not a time: ${shown(timestamp)}`, { field: "timestamp" });
}

function splitPath(path: string): { source: string; device: string; metric: string } {
  const parts = path.split("/");
  const metric = parts.pop() ?? path;
  const device = parts.pop() ?? "";
  return { source: parts.join("/") || "local", device, metric };
}
