import { FplusError } from "../../errors/index.ts";
import { MAX_PAYLOAD_BYTES } from "./workbench.ts";

/**
 * Where payloads are put together: one buffer a process, as on the decoding side. Only `encoder.ts` and what it calls
 * write here, one payload at a time. Writers of fixed size do not check for room: `reserve` does, once a metric.
 */
const SPARE = 1024;
/** The bytes of the payload being written. */
export const OUT = new Uint8Array(MAX_PAYLOAD_BYTES + SPARE);
/** The same bytes, for floats. */
export const OUT_VIEW = new DataView(OUT.buffer);
const TEXT = Buffer.from(OUT.buffer);

const LOOP_TEXT_CHARS = 48;
/** Up to here an array of its own is made faster than a part of Node's pool. */
const SMALL_BYTES = 128;

/** Where the next byte goes. */
export let at = 0;

/** Goes on writing elsewhere. */
export function seek(position: number): void {
  at = position;
}

/** @throws FplusError `sparkplug.limit` where so many more bytes do not fit a payload */
export function reserve(bytes: number): void {
  if (at + bytes > MAX_PAYLOAD_BYTES) {
    throw new FplusError("sparkplug.limit", `a payload of more than ${MAX_PAYLOAD_BYTES} bytes`);
  }
}

/** One byte, which must be below 256. */
export function writeByte(byte: number): void {
  OUT[at++] = byte;
}

/** A whole number from 0 to 2^53. */
export function writeVarint(value: number): void {
  let rest = value;
  while (rest > 0x7fff_ffff) {
    OUT[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 0x80) {
    OUT[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  OUT[at++] = rest;
}

/** A varint of 64 bits, given as two words. */
export function writeWords(lo: number, hi: number): void {
  let low = lo >>> 0;
  let high = hi >>> 0;
  while (high !== 0) {
    OUT[at++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  while (low >= 0x80) {
    OUT[at++] = (low & 0x7f) | 0x80;
    low >>>= 7;
  }
  OUT[at++] = low;
}

/** Four bytes, little-endian. */
export function writeFloat(value: number): void {
  OUT_VIEW.setFloat32(at, value, true);
  at += 4;
}

/** Eight bytes, little-endian. */
export function writeDouble(value: number): void {
  OUT_VIEW.setFloat64(at, value, true);
  at += 8;
}

const SIX_BYTES_FROM = 2 ** 35;
const SIX_BYTES_TO = 2 ** 42;

/** The last time of six bytes, and the words it is written with: samples of one message mostly share it. */
export let timeMs = -1;
export let timeLow = 0;
export let timeHigh = 0;

/** Keeps a time as the words it is written with; false where that takes fewer or more than six bytes. */
export function keepTime(ms: number): boolean {
  if (!(ms >= SIX_BYTES_FROM && ms < SIX_BYTES_TO)) return false;
  const high = Math.floor(ms / 0x1000_0000);
  const low = Math.floor(ms) - high * 0x1000_0000;
  timeMs = ms;
  timeLow =
    (low & 0x7f) | ((low & 0x3f80) << 1) | ((low & 0x1f_c000) << 2) | ((low & 0xfe0_0000) << 3) | (0x8080_8080 | 0);
  timeHigh = (high & 0x7f) | 0x80 | ((high >>> 7) << 8);
  return true;
}

/** A field with a time in milliseconds; `tag` is below 0x80. */
export function writeTime(tag: number, ms: number): void {
  writeByte(tag);
  if (ms !== timeMs && !keepTime(ms)) writeVarint(Math.max(0, Math.floor(ms)));
  else {
    OUT_VIEW.setInt32(at, timeLow, true);
    OUT_VIEW.setInt16(at + 4, timeHigh, true);
    at += 6;
  }
}

/** A field of UTF-8 text; `tag` is below 0x80. */
export function writeText(tag: number, text: string): void {
  const { length } = text;
  reserve(3 * length + 16);
  OUT[at] = tag;
  if (length <= LOOP_TEXT_CHARS) {
    let k = 0;
    for (; k < length; k++) {
      const code = text.charCodeAt(k);
      if (code >= 0x80) break;
      OUT[at + 2 + k] = code;
    }
    if (k === length) {
      OUT[at + 1] = length;
      at += 2 + length;
      return;
    }
  }
  at += 1;
  const bytes = Buffer.byteLength(text);
  writeVarint(bytes);
  at += TEXT.write(text, at, bytes, "utf8");
}

/** The length and the bytes of a field whose tag is written. */
export function writeBytes(bytes: Uint8Array): void {
  reserve(bytes.length + 16);
  writeVarint(bytes.length);
  OUT.set(bytes, at);
  at += bytes.length;
}

/** Leaves a byte for the length of what follows; returns where that begins. */
export function openField(): number {
  at += 1;
  return at;
}

/** Writes the length of what was written since `start`; where it takes more than the byte left, that moves up. */
export function closeField(start: number): void {
  const length = at - start;
  if (length < 0x80) {
    OUT[start - 1] = length;
    return;
  }
  const extra = length < 0x4000 ? 1 : length < 0x20_0000 ? 2 : 3;
  reserve(extra);
  OUT.copyWithin(start + extra, start, at);
  at = start - 1;
  writeVarint(length);
  at = start + extra + length;
}

/** What was written from the beginning, as a copy that its receiver may keep. */
export function finished(): Uint8Array {
  if (at <= SMALL_BYTES) return OUT.slice(0, at);
  const copy = Buffer.allocUnsafe(at);
  copy.set(OUT.subarray(0, at));
  return copy;
}
