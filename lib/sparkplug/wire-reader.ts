import { FplusError } from "../errors/index.ts";

/** Protocol Buffers wire types. */
export const Wire = { Varint: 0, Fixed64: 1, Bytes: 2, StartGroup: 3, EndGroup: 4, Fixed32: 5 } as const;

const MAX_GROUP_DEPTH = 32;

/**
 * Reads Protocol Buffers fields from a slice of bytes. Every read checks the end of the slice it was opened on,
 * so an inner length can never reach into its neighbour. 64-bit numbers come as two unsigned 32-bit words.
 */
export class WireReader {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  end = 0;
  /** Low and high word of the last varint or fixed64. */
  lo = 0;
  hi = 0;
  #float = new DataView(new ArrayBuffer(8));

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** Reads a varint of up to ten bytes into `lo` and `hi`; returns `lo`. */
  varint(): number {
    const { bytes } = this;
    let at = this.at;
    if (at < this.end && bytes[at]! < 0x80) {
      this.at = at + 1;
      this.hi = 0;
      return (this.lo = bytes[at]!);
    }
    let lo = 0;
    let hi = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= this.end) throw this.malformed("a number is cut off");
      const byte = bytes[at++]!;
      const part = byte & 0x7f;
      if (shift < 28) lo |= part << shift;
      else if (shift === 28) {
        lo |= part << 28;
        hi |= part >>> 4;
      } else hi |= part << (shift - 32);
      if (byte < 0x80) {
        this.at = at;
        this.lo = lo >>> 0;
        this.hi = hi >>> 0;
        return this.lo;
      }
    }
    throw this.malformed("a number has more than ten bytes");
  }

  /** Reads a fixed64 into `lo` and `hi`. */
  fixed64(): void {
    this.lo = this.fixed32();
    this.hi = this.fixed32();
  }

  /** An unsigned little-endian 32-bit word. */
  fixed32(): number {
    const at = this.at;
    if (at + 4 > this.end) throw this.malformed("a number is cut off");
    const { bytes } = this;
    this.at = at + 4;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  float(): number {
    this.#float.setUint32(0, this.fixed32(), true);
    return this.#float.getFloat32(0, true);
  }

  double(): number {
    this.fixed64();
    this.#float.setUint32(0, this.lo, true);
    this.#float.setUint32(4, this.hi, true);
    return this.#float.getFloat64(0, true);
  }

  /** Reads the length of a bytes field, checks it, and returns where the field ends; `at` is its start. */
  sliceEnd(): number {
    const length = this.varint();
    const end = this.at + length;
    if (this.hi !== 0 || end > this.end) throw this.malformed("a field is longer than what holds it");
    return end;
  }

  /** Passes over a field that nobody wants. */
  skip(tag: number): void {
    switch (tag & 7) {
      case Wire.Varint:
        this.varint();
        break;
      case Wire.Fixed64:
        this.fixed64();
        break;
      case Wire.Bytes:
        this.at = this.sliceEnd();
        break;
      case Wire.StartGroup:
        this.#skipGroup(tag >>> 3);
        break;
      case Wire.Fixed32:
        this.fixed32();
        break;
      default:
        throw this.malformed(`a field has the impossible wire type ${tag & 7}`);
    }
  }

  malformed(what: string): FplusError {
    return new FplusError("sparkplug.malformed", what, { offset: this.at });
  }

  #skipGroup(field: number): void {
    const open = [field];
    while (open.length > 0) {
      if (this.at >= this.end) throw this.malformed("a group is not closed");
      const tag = this.varint();
      const wire = tag & 7;
      if (wire === Wire.StartGroup) {
        if (open.length >= MAX_GROUP_DEPTH) throw this.malformed("groups are nested too deep");
        open.push(tag >>> 3);
      } else if (wire === Wire.EndGroup) {
        if (open.pop() !== tag >>> 3) throw this.malformed("a group is closed by another field");
      } else this.skip(tag);
    }
  }
}

/** Two words as a double; exact up to 2^53. */
export function wordsToNumber(lo: number, hi: number): number {
  return hi * 4_294_967_296 + lo;
}
