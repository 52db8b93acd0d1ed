import { FplusError } from "../errors/index.ts";

/** Grows a byte array while numbers are written into it: LEB128 varints, zigzag, lanes of fixed width. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  #room(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const bigger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count));
    bigger.set(this.#bytes);
    this.#bytes = bigger;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.length++] = value;
  }

  /** An unsigned integer up to 2^53. */
  varint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.length++] = rest;
  }

  /** A signed integer within ±2^52. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /** The bytes of a typed array as they lie in memory (little-endian on every platform Node runs on). */
  lane(lane: Uint8Array | Uint32Array | Float64Array): void {
    this.raw(new Uint8Array(lane.buffer, lane.byteOffset, lane.byteLength));
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Length and UTF-8. */
  text(value: string): void {
    const bytes = Buffer.from(value, "utf8");
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** Bytes for the caller to fill in place. */
  reserve(count: number): Uint8Array {
    this.#room(count);
    const view = this.#bytes.subarray(this.length, this.length + count);
    this.length += count;
    return view;
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }
}

/** Reads what ByteWriter wrote. Everything that does not fit is `historian.io`: the data is from a disk. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  offset = 0;

  constructor(bytes: Uint8Array) {
    // A Buffer's slice() shares memory where a Uint8Array's copies.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  byte(): number {
    const value = this.#bytes[this.offset];
    if (value === undefined) throw this.#short();
    this.offset += 1;
    return value;
  }

  varint(): number {
    const bytes = this.#bytes;
    let at = this.offset;
    let byte = bytes[at++];
    if (byte === undefined) throw this.#short();
    let value = byte & 0x7f;
    let scale = 128;
    while (byte >= 0x80) {
      byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 56) throw this.#short();
      value += (byte & 0x7f) * scale;
      scale *= 128;
    }
    this.offset = at;
    return value;
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  raw(count: number): Uint8Array {
    if (this.offset + count > this.#bytes.length) throw this.#short();
    const view = this.#bytes.subarray(this.offset, this.offset + count);
    this.offset += count;
    return view;
  }

  u32(count: number): Uint32Array {
    return new Uint32Array(this.raw(count * 4).slice().buffer);
  }

  f64(count: number): Float64Array {
    return new Float64Array(this.raw(count * 8).slice().buffer);
  }

  text(): string {
    const view = this.raw(this.varint());
    return Buffer.from(view.buffer, view.byteOffset, view.length).toString("utf8");
  }

  #short(): FplusError {
    return new FplusError("historian.io", "a stored block ends too early", { offset: this.offset });
  }
}
