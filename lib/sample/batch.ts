import { types } from "node:util";
import { FplusError } from "../errors/index.ts";
import { room } from "./memory.ts";
import type { Receipt } from "./receipt.ts";
import { isInt64, isNumeric, SampleFlag, type SampleValue, ValueType } from "./types.ts";

/** All lanes of one sample. */
const SAMPLE_BYTES = 30;

/**
 * Many values with their times, as a struct of arrays: lane[i] of every lane belongs to sample i.
 *
 * A batch is filled once by its maker and then handed on by reference: whoever receives one reads it and never writes.
 * Only samples 0 … length-1 are valid.
 */
export class SampleBatch {
  length = 0;
  /** Signal id (see SignalRegistry). */
  signal: Uint32Array;
  /** Whole milliseconds since the epoch, UTC. */
  timeMs: Float64Array;
  /** Nanoseconds within that millisecond, 0 … 999,999. */
  timeNs: Uint32Array;
  /** OPC UA StatusCode. */
  status: Uint32Array;
  /** ValueType. */
  type: Uint8Array;
  /** SampleFlag bits. */
  flags: Uint8Array;
  /** Numbers, booleans (0, 1) and DateTime (milliseconds). */
  f64: Float64Array;
  /** The same eight bytes as `f64`: low and high word of 64-bit integers (two's complement). */
  words: Uint32Array;
  /** Everything that is not a number: strings, bytes, arrays, structures. Sparse. */
  ref: (string | object | undefined)[];
  /** To be confirmed by who stores the batch, where its source waits for that. */
  receipt: Receipt | undefined;

  constructor(capacity = 64) {
    const size = Math.max(1, capacity);
    const { buffer, at } = room(size * SAMPLE_BYTES);
    this.f64 = new Float64Array(buffer, at, size);
    this.words = new Uint32Array(buffer, at, 2 * size);
    this.timeMs = new Float64Array(buffer, at + 8 * size, size);
    this.signal = new Uint32Array(buffer, at + 16 * size, size);
    this.timeNs = new Uint32Array(buffer, at + 20 * size, size);
    this.status = new Uint32Array(buffer, at + 24 * size, size);
    this.type = new Uint8Array(buffer, at + 28 * size, size);
    this.flags = new Uint8Array(buffer, at + 29 * size, size);
    this.ref = [];
  }

  /** Makes lodash hand a batch on by reference where Node-RED would copy a message for a second wire. */
  get [Symbol.toStringTag](): string {
    return "SampleBatch";
  }

  get capacity(): number {
    return this.signal.length;
  }

  /** Starts sample `length`, growing the lanes if needed, and returns its index; the caller sets the value. */
  add(signal: number, type: number, timeMs: number, timeNs: number, status: number): number {
    const i = this.length;
    if (i === this.signal.length) this.#grow();
    this.signal[i] = signal;
    this.type[i] = type;
    this.timeMs[i] = timeMs;
    this.timeNs[i] = timeNs;
    this.status[i] = status;
    this.flags[i] = 0;
    this.length = i + 1;
    return i;
  }

  /**
   * Adds a sample from a JavaScript value of the given type.
   * @throws FplusError `sample.invalid` when the value does not fit the type
   */
  addValue(signal: number, type: number, value: SampleValue, timeMs: number, timeNs = 0, status = 0): void {
    const checked = checkValue(type, value);
    const i = this.add(signal, type, timeMs, timeNs, status);
    if (checked === null) this.flags[i] = SampleFlag.Null;
    else if (typeof checked === "number") this.f64[i] = checked;
    else if (typeof checked === "bigint") {
      this.words[2 * i] = Number(checked & 0xffff_ffffn);
      this.words[2 * i + 1] = Number((checked >> 32n) & 0xffff_ffffn);
    } else this.ref[i] = checked;
  }

  /** Copies sample `from` of another batch to the end of this one. */
  addFrom(other: SampleBatch, from: number): void {
    const i = this.length;
    if (i === this.signal.length) this.#grow();
    this.length = i + 1;
    this.copyFrom(other, from, i);
  }

  /** Copies sample `from` of another batch over sample i of this one. */
  copyFrom(other: SampleBatch, from: number, i: number): void {
    this.signal[i] = other.signal[from]!;
    this.type[i] = other.type[from]!;
    this.timeMs[i] = other.timeMs[from]!;
    this.timeNs[i] = other.timeNs[from]!;
    this.status[i] = other.status[from]!;
    this.flags[i] = other.flags[from]!;
    this.words[2 * i] = other.words[2 * from]!;
    this.words[2 * i + 1] = other.words[2 * from + 1]!;
    const ref = other.ref[from];
    if (ref !== undefined || this.ref.length > i) this.ref[i] = ref;
  }

  /** Some samples as a batch of their own. */
  pick(indexes: readonly number[]): SampleBatch {
    const part = new SampleBatch(indexes.length);
    for (const i of indexes) part.addFrom(this, i);
    part.receipt = this.receipt;
    return part;
  }

  isNull(i: number): boolean {
    return (this.flags[i]! & SampleFlag.Null) !== 0;
  }

  /** Sample i as a JavaScript value; 64-bit integers as number where that is exact, else as bigint. */
  value(i: number): SampleValue {
    if (this.isNull(i)) return null;
    const type = this.type[i]!;
    if (type === ValueType.Boolean) return this.f64[i] !== 0;
    if (isNumeric(type)) return this.f64[i]!;
    if (isInt64(type)) {
      const narrow = this.#wide(i);
      return Number.isSafeInteger(narrow) ? narrow : this.int64(i);
    }
    return this.ref[i] ?? null;
  }

  /** Sample i as a double, for charts and statistics; NaN where it is null or not a number. */
  number(i: number): number {
    if (this.isNull(i)) return Number.NaN;
    const type = this.type[i]!;
    if (isNumeric(type)) return this.f64[i]!;
    return isInt64(type) ? this.#wide(i) : Number.NaN;
  }

  /** Sample i, of a 64-bit integer type, with all its bits. */
  int64(i: number): bigint {
    const wide = (BigInt(this.words[2 * i + 1]!) << 32n) | BigInt(this.words[2 * i]!);
    return this.type[i] === ValueType.Int64 ? BigInt.asIntN(64, wide) : wide;
  }

  /** A 64-bit integer as a double; exact up to 2^53. */
  #wide(i: number): number {
    const high = this.words[2 * i + 1]!;
    return (this.type[i] === ValueType.Int64 ? high | 0 : high) * 4_294_967_296 + this.words[2 * i]!;
  }

  #grow(): void {
    const bigger = new SampleBatch(this.signal.length * 2);
    bigger.signal.set(this.signal);
    bigger.timeMs.set(this.timeMs);
    bigger.timeNs.set(this.timeNs);
    bigger.status.set(this.status);
    bigger.type.set(this.type);
    bigger.flags.set(this.flags);
    bigger.words.set(this.words);
    this.signal = bigger.signal;
    this.timeMs = bigger.timeMs;
    this.timeNs = bigger.timeNs;
    this.status = bigger.status;
    this.type = bigger.type;
    this.flags = bigger.flags;
    this.f64 = bigger.f64;
    this.words = bigger.words;
  }
}

function checkValue(type: number, value: SampleValue): number | bigint | string | object | null {
  if (value === null) return null;
  if (isInt64(type)) {
    if (typeof value === "bigint") return BigInt.asIntN(64, value);
    if (typeof value === "number" && Number.isInteger(value)) return BigInt.asIntN(64, BigInt(value));
    throw invalid(type, value);
  }
  if (isNumeric(type)) {
    if (typeof value === "number") return value;
    if (typeof value === "boolean") return value ? 1 : 0;
    if (typeof value === "bigint") return Number(value);
    if (types.isDate(value)) return value.getTime();
    throw invalid(type, value);
  }
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") throw invalid(type, value);
  return types.isUint8Array(value) && !(value instanceof Uint8Array) ? new Uint8Array(value) : value;
}

function invalid(type: number, value: unknown): FplusError {
  return new FplusError("sample.invalid", `a ${typeof value} does not fit the type ${type}`);
}
