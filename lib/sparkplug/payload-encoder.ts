import { type SampleBatch, ValueType } from "../sample/index.ts";
import { type ArrayValue, isArrayType, packArray } from "./packed-array.ts";

/** What a metric carries beside its value. */
export interface MetricHead {
  /** Left out where only the alias is sent. */
  readonly name?: string;
  /** Left out for metrics without one (bdSeq, the control metrics). */
  readonly alias?: number;
  readonly historical?: boolean;
  readonly transient?: boolean;
  /** Sparkplug quality (192 good, 0 bad, 500 stale); left out when good goes without saying. */
  readonly quality?: number;
  readonly unit?: string;
}

/**
 * Writes Sparkplug B payloads into one buffer that is kept and grows. UInt32 goes out as `long_value`, as the
 * reference implementations send it: sparkplug-payload cannot read it from `int_value`; a reader must take both.
 */
export class PayloadEncoder {
  #buffer = Buffer.allocUnsafe(4096);
  #at = 0;

  /** Begins a payload; `seq` -1 leaves it out (NDEATH, commands). */
  begin(timeMs: number, seq: number): this {
    this.#at = 0;
    this.#room(32);
    this.#tag(0x08);
    this.#varint(timeMs);
    // The order of fields is free; with seq first, a receiver can order messages before it reads their metrics.
    if (seq >= 0) {
      this.#tag(0x18);
      this.#varint(seq);
    }
    return this;
  }

  /** Adds sample i of a batch as a metric. */
  sample(head: MetricHead, batch: SampleBatch, i: number): this {
    const start = this.#openMetric(head, batch.timeMs[i]!, batch.type[i]!);
    if (batch.isNull(i)) this.#null();
    else if (batch.type[i] === ValueType.Int64 || batch.type[i] === ValueType.UInt64) this.#long(batch.u64[i]!);
    else this.#value(batch.type[i]!, batch.f64[i]!, batch.ref[i]);
    return this.#closeMetric(start, head);
  }

  /** Adds a metric of the session itself (bdSeq, controls, descriptive texts). */
  metric(head: MetricHead, type: number, value: number | bigint | boolean | string | null, timeMs: number): this {
    const start = this.#openMetric(head, timeMs, type);
    if (value === null) this.#null();
    else if (typeof value === "bigint" || type === ValueType.Int64 || type === ValueType.UInt64)
      this.#long(BigInt(value as number));
    else if (typeof value === "string") this.#value(type, 0, value);
    else this.#value(type, Number(value), undefined);
    return this.#closeMetric(start, head);
  }

  /** The finished payload, as a copy that its receiver may keep. */
  finish(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#at));
  }

  #openMetric(head: MetricHead, timeMs: number, type: number): number {
    this.#room(128 + (head.name?.length ?? 0) * 3);
    this.#tag(0x12);
    const start = this.#at;
    this.#at += 1;
    if (head.name !== undefined) this.#string(0x0a, head.name);
    if (head.alias !== undefined) {
      this.#tag(0x10);
      this.#varint(head.alias);
    }
    this.#tag(0x18);
    this.#varint(Math.max(0, Math.floor(timeMs)));
    // Strictly, DATA needs no datatype; readers built on sparkplug-payload lose the value without it.
    this.#tag(0x20);
    this.#varint(type === ValueType.Unknown ? ValueType.String : type);
    if (head.historical === true) this.#flag(0x28);
    if (head.transient === true) this.#flag(0x30);
    return start;
  }

  #closeMetric(start: number, head: MetricHead): this {
    if (head.quality !== undefined || head.unit !== undefined) this.#properties(head);
    const length = this.#at - start - 1;
    if (length < 0x80) {
      this.#buffer[start] = length;
      return this;
    }
    // The length was guessed to take one byte; it takes more, so the metric moves up.
    const extra = length < 0x4000 ? 1 : length < 0x20_0000 ? 2 : 3;
    this.#room(extra);
    this.#buffer.copyWithin(start + 1 + extra, start + 1, this.#at);
    this.#at = start;
    this.#varint(length);
    this.#at = start + 1 + extra + length;
    return this;
  }

  #value(type: number, number: number, ref: string | object | undefined): void {
    switch (type) {
      case ValueType.Int8:
      case ValueType.Int16:
      case ValueType.Int32:
      case ValueType.UInt8:
      case ValueType.UInt16:
        this.#tag(0x50);
        this.#varint(number >>> 0);
        break;
      case ValueType.UInt32:
      case ValueType.DateTime:
        this.#tag(0x58);
        this.#varint(Math.max(0, Math.floor(number)));
        break;
      case ValueType.Float:
        this.#tag(0x65);
        this.#at = this.#buffer.writeFloatLE(number, this.#at);
        break;
      case ValueType.Double:
        this.#tag(0x69);
        this.#at = this.#buffer.writeDoubleLE(number, this.#at);
        break;
      case ValueType.Boolean:
        this.#tag(0x70);
        this.#buffer[this.#at++] = number === 0 ? 0 : 1;
        break;
      default:
        if (isArrayType(type)) this.#bytes(packArray(type, ref as ArrayValue));
        else if (ref instanceof Uint8Array) this.#bytes(ref);
        else this.#string(0x7a, typeof ref === "string" ? ref : JSON.stringify(ref ?? null));
    }
  }

  #null(): void {
    this.#flag(0x38);
  }

  #flag(tag: number): void {
    this.#tag(tag);
    this.#buffer[this.#at++] = 1;
  }

  #properties(head: MetricHead): void {
    this.#room(64);
    const begin = this.#at;
    if (head.quality !== undefined) this.#string(0x0a, "Quality");
    if (head.unit !== undefined) this.#string(0x0a, "engUnit");
    if (head.quality !== undefined) {
      const quality = head.quality < 0x80 ? 1 : 2;
      this.#tag(0x12);
      this.#buffer[this.#at++] = 3 + quality;
      this.#tag(0x08);
      this.#buffer[this.#at++] = ValueType.Int32;
      this.#tag(0x18);
      this.#varint(head.quality);
    }
    if (head.unit !== undefined) {
      const unit = Buffer.from(head.unit).subarray(0, 100);
      this.#room(unit.length + 16);
      this.#tag(0x12);
      this.#varint(4 + unit.length);
      this.#tag(0x08);
      this.#buffer[this.#at++] = ValueType.String;
      this.#tag(0x42);
      this.#buffer[this.#at++] = unit.length;
      unit.copy(this.#buffer, this.#at);
      this.#at += unit.length;
    }
    const length = this.#at - begin;
    const prefix = length < 0x80 ? 2 : 3;
    this.#room(prefix);
    this.#buffer.copyWithin(begin + prefix, begin, this.#at);
    this.#at = begin;
    this.#tag(0x4a);
    this.#varint(length);
    this.#at = begin + prefix + length;
  }

  #long(value: bigint): void {
    this.#tag(0x58);
    let rest = BigInt.asUintN(64, value);
    while (rest >= 0x80n) {
      this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#at++] = Number(rest);
  }

  #bytes(bytes: Uint8Array): void {
    this.#room(bytes.length + 16);
    this.#tag(0x82);
    this.#varint(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #string(tag: number, text: string): void {
    const length = Buffer.byteLength(text);
    this.#room(length + 16);
    this.#tag(tag);
    this.#varint(length);
    this.#at += this.#buffer.write(text, this.#at, length, "utf8");
  }

  #tag(tag: number): void {
    if (tag < 0x80) this.#buffer[this.#at++] = tag;
    else this.#varint(tag);
  }

  /** A whole number from 0 to 2^53. */
  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.#buffer[this.#at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 0x80) {
      this.#buffer[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#at++] = rest;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const bigger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(bigger, 0, 0, this.#at);
    this.#buffer = bigger;
  }
}
