import { messageOf } from "../errors/index.ts";
import { isInt64, isNumeric, type SampleBatch, type SignalRegistry, ValueType } from "../sample/index.ts";
import type { RejectedSample } from "./types.ts";

/** Set in the `type` lane beside the ValueType where the sample has no value. */
export const NULL_BIT = 0x80;
/** Longest text of one sample in characters: InfluxDB's own limit on a string field. */
export const MAX_TEXT = 64 * 1024;

/** Time range a store takes: what a nanosecond Int64 can hold (years 1678 to 2262). */
const MAX_TIME_MS = 9_223_372_036_854;

/**
 * Samples as a store takes them: checked, times whole, all that is not a number as text.
 * Lane[i] of every lane belongs to sample i; only 0 … length-1 are valid.
 */
export interface Points {
  length: number;
  /** Signal id of the registry (or of the store, once translated). */
  readonly signal: Uint32Array;
  /** Whole milliseconds since the epoch. */
  readonly ms: Float64Array;
  /** Nanoseconds within the millisecond. */
  readonly ns: Uint32Array;
  readonly status: Uint32Array;
  /** ValueType, with NULL_BIT. */
  readonly type: Uint8Array;
  /** The eight bytes of the value's lane as two 32-bit words, so that Int64 survives (a NaN's bits may not). */
  readonly bits: Uint32Array;
  /** Text of samples that are no numbers; sparse. */
  readonly text: (string | undefined)[];
}

/** Lanes for so many points, empty. */
export function makePoints(size: number): Points {
  return {
    length: 0,
    signal: new Uint32Array(size),
    ms: new Float64Array(size),
    ns: new Uint32Array(size),
    status: new Uint32Array(size),
    type: new Uint8Array(size),
    bits: new Uint32Array(size * 2),
    text: [],
  };
}

/** The doubles of a points' or chunk's bits. */
export function doublesOf(bits: Uint32Array): Float64Array {
  return new Float64Array(bits.buffer, bits.byteOffset, bits.length / 2);
}

/** What came of checking a batch. `origin[i]` is the index in the batch of point i. */
export interface Intake {
  readonly points: Points;
  readonly origin: Uint32Array;
  readonly rejected: RejectedSample[];
}

/** Checks a batch sample by sample; what no store can hold is refused with its reason. */
export function takeIn(batch: SampleBatch, registry: SignalRegistry): Intake {
  const size = batch.length;
  const points = makePoints(size);
  const origin = new Uint32Array(size);
  const rejected: RejectedSample[] = [];
  const { words } = batch;
  let n = 0;
  for (let i = 0; i < size; i++) {
    const type = batch.type[i]!;
    const time = batch.timeMs[i]!;
    const empty = batch.isNull(i);
    const numeric = !empty && (isNumeric(type) || isInt64(type));
    let reason = timeFault(time);
    if (reason === undefined && numeric && !isInt64(type) && !Number.isFinite(batch.f64[i]!)) {
      reason = `${batch.f64[i]!} is not a number that can be stored`;
    }
    if (reason === undefined && !empty && !numeric) {
      const text = textOf(batch.ref[i]);
      if (typeof text === "string") points.text[n] = text;
      else reason = text.reason;
    }
    if (reason !== undefined) {
      rejected.push({ index: i, path: registry.get(batch.signal[i]!).path, reason });
      continue;
    }
    points.signal[n] = batch.signal[i]!;
    const whole = Math.floor(time);
    points.ms[n] = whole;
    points.ns[n] = whole === time ? batch.timeNs[i]! : Math.round((time - whole) * 1e6);
    points.status[n] = batch.status[i]!;
    points.type[n] = empty ? type | NULL_BIT : type;
    if (numeric) {
      points.bits[n * 2] = words[i * 2]!;
      points.bits[n * 2 + 1] = words[i * 2 + 1]!;
    }
    origin[n++] = i;
  }
  points.length = n;
  if (rejected.length > 0) points.text.length = Math.min(points.text.length, n);
  return { points, origin, rejected };
}

function timeFault(time: number): string | undefined {
  if (!Number.isFinite(time)) return "the time is not a number";
  if (Math.abs(time) > MAX_TIME_MS) return "the time is outside the years 1678 to 2262";
  return undefined;
}

/** Text as it is, bytes as base64, everything else as JSON (64-bit integers in it as decimal text). */
function textOf(value: string | object | undefined): string | { reason: string } {
  let text: string | undefined;
  if (typeof value === "string") text = value;
  else if (value instanceof Uint8Array)
    text = Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64");
  else {
    try {
      text = JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? inner.toString() : inner));
    } catch (error) {
      return { reason: `the value cannot be written as JSON: ${messageOf(error)}` };
    }
  }
  if (text === undefined) return { reason: "the sample has no value" };
  if (text.length > MAX_TEXT) return { reason: `text of ${text.length} characters; ${MAX_TEXT} at most` };
  return text;
}

/** Point i as a double; NaN where it is text or null. */
export function numberAt(type: number, bits: Uint32Array, doubles: Float64Array, i: number): number {
  if ((type & NULL_BIT) !== 0) return Number.NaN;
  if (isNumeric(type)) return doubles[i]!;
  if (type === ValueType.Int64) return (bits[i * 2 + 1]! | 0) * 4_294_967_296 + bits[i * 2]!;
  if (type === ValueType.UInt64) return bits[i * 2 + 1]! * 4_294_967_296 + bits[i * 2]!;
  return Number.NaN;
}
