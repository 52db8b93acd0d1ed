import { FplusError } from "../../errors/index.ts";
import { BYTES, VIEW } from "./workbench.ts";

/** Protocol Buffers wire types. */
export const Wire = { Varint: 0, Fixed64: 1, Bytes: 2, StartGroup: 3, EndGroup: 4, Fixed32: 5 } as const;

const MAX_GROUP_DEPTH = 32;
const MAX_FIELD = 0x1fff_ffff;

/**
 * Reads Protocol Buffers fields of a slice of the workbench, by the letter: every read checks the end of the slice, so
 * an inner length can never reach into its neighbour. 64-bit numbers come as two unsigned 32-bit words.
 *
 * Hostile bytes must not cost more than good ones, so a mistake throws nothing: it is kept in `fault`, the reader moves
 * to the end of its slice, and whoever reads asks for the fault when no field is left.
 */
export class WireReader {
  at = 0;
  end = 0;
  /** Low and high word of the last varint. */
  lo = 0;
  hi = 0;
  /** What is wrong with the slice; empty while nothing is. */
  fault = "";
  faultAt = 0;

  open(start: number, end: number): this {
    this.at = start;
    this.end = end;
    this.fault = "";
    return this;
  }

  get more(): boolean {
    return this.at < this.end;
  }

  /** The tag of the next field: number and wire type. Field 0 and numbers beyond 2^29 do not exist. */
  tag(): number {
    const at = this.at;
    const tag = this.varint();
    if (this.hi !== 0 || tag < 8 || tag >>> 3 > MAX_FIELD) this.fail("a field has an impossible number", at);
    return tag;
  }

  /** Reads a varint of up to ten bytes into `lo` and `hi`; returns `lo`. */
  varint(): number {
    const from = this.at;
    let at = from;
    let lo = 0;
    let hi = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= this.end) return this.fail("a number is cut off", from);
      const byte = BYTES[at++]!;
      const part = byte & 0x7f;
      if (shift < 28) lo |= part << shift;
      else if (shift === 28) {
        lo |= part << 28;
        hi |= part >>> 4;
      } else hi |= part << (shift - 32);
      if (byte < 0x80) {
        this.at = at;
        this.hi = hi >>> 0;
        return (this.lo = lo >>> 0);
      }
    }
    return this.fail("a number has more than ten bytes", from);
  }

  /** A varint as a truth value: any bit makes it true. */
  bool(): boolean {
    this.varint();
    return this.lo !== 0 || this.hi !== 0;
  }

  /** A varint as a double; exact up to 2^53. */
  number(): number {
    this.varint();
    return wordsToNumber(this.lo, this.hi);
  }

  float(): number {
    const at = this.at;
    return this.#take(4) ? VIEW.getFloat32(at, true) : 0;
  }

  double(): number {
    const at = this.at;
    return this.#take(8) ? VIEW.getFloat64(at, true) : 0;
  }

  /** Reads the length of a bytes field, checks it, and returns where the field ends; `at` is its start. */
  sliceEnd(): number {
    const from = this.at;
    const length = this.varint();
    const end = this.at + length;
    if (this.hi === 0 && end <= this.end) return end;
    this.fail("a field is longer than what holds it", from);
    return this.end;
  }

  /** Passes over a field that nobody wants. */
  skip(tag: number): void {
    switch (tag & 7) {
      case Wire.Varint:
        this.varint();
        break;
      case Wire.Fixed64:
        this.#take(8);
        break;
      case Wire.Bytes:
        this.at = this.sliceEnd();
        break;
      case Wire.StartGroup:
        this.#skipGroup(tag >>> 3);
        break;
      case Wire.Fixed32:
        this.#take(4);
        break;
      default:
        this.fail(`a field has the impossible wire type ${tag & 7}`, this.at);
    }
  }

  /** Notes the first fault and ends the slice; returns 0 for the number that was not there. */
  fail(what: string, at: number): 0 {
    if (this.fault === "") {
      this.fault = what;
      this.faultAt = at;
    }
    this.at = this.end;
    this.lo = 0;
    this.hi = 0;
    return 0;
  }

  /** @throws FplusError `sparkplug.malformed` with the byte offset, when there is a fault */
  check(field?: string): void {
    if (this.fault !== "") throw this.error(field);
  }

  error(field?: string): FplusError {
    return new FplusError("sparkplug.malformed", this.fault, {
      offset: this.faultAt,
      ...(field === undefined || field === "" ? {} : { field }),
    });
  }

  #take(bytes: number): boolean {
    if (this.at + bytes > this.end) {
      this.fail("a number is cut off", this.at);
      return false;
    }
    this.at += bytes;
    return true;
  }

  #skipGroup(field: number): void {
    const open = [field];
    while (open.length > 0) {
      if (!this.more) {
        this.fail("a group is not closed", this.at);
        return;
      }
      const tag = this.tag();
      const wire = tag & 7;
      if (wire === Wire.StartGroup) {
        open.push(tag >>> 3);
        if (open.length > MAX_GROUP_DEPTH) this.fail("groups are nested too deep", this.at);
      } else if (wire === Wire.EndGroup) {
        if (open.pop() !== tag >>> 3) this.fail("a group is closed by another field", this.at);
      } else this.skip(tag);
      if (this.fault !== "") return;
    }
  }
}

/** Two words as a double; exact up to 2^53. */
export function wordsToNumber(lo: number, hi: number): number {
  return hi * 4_294_967_296 + lo;
}
