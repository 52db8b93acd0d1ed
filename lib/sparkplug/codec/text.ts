import { BYTES, metrics, Shape, VIEW } from "./workbench.ts";

/** Names, property keys, units and states come again and again: texts up to this length are kept and found by their bytes. */
const MAX_KEPT_BYTES = 64;
const SLOT_BITS = 13;
const SLOTS = 2 ** SLOT_BITS;

const view = VIEW;
const { shape: shapes, nameStart, nameEnd } = metrics;
const BUFFER = Buffer.from(BYTES.buffer);
const kept: string[] = Array.from({ length: SLOTS }, () => "");
const keptLength = new Uint8Array(SLOTS);
const keptWords = new Int32Array((SLOTS * MAX_KEPT_BYTES) / 4);
/** Keeps the first 0 … 3 bytes of a little-endian word. */
const FIRST_BYTES = Int32Array.of(0, 0xff, 0xffff, 0xff_ffff);

/** The UTF-8 text that lies there on the workbench; bytes that are none become U+FFFD. */
export function textAt(start: number, end: number): string {
  const length = end - start;
  if (length > MAX_KEPT_BYTES) return BUFFER.toString("utf8", start, end);
  if (length === 0) return "";
  const words = length >>> 2;
  const rest = FIRST_BYTES[length & 3]!;
  let hash = length;
  for (let k = 0; k < words; k++) hash = mix(hash, view.getInt32(start + 4 * k, true));
  const last = view.getInt32(start + 4 * words, true) & rest;
  hash = mix(hash, last);
  // The upper bits are those that every byte has reached.
  const slot = hash >>> (32 - SLOT_BITS);
  const base = slot * (MAX_KEPT_BYTES / 4);
  if (keptLength[slot] === length) {
    let k = 0;
    while (k < words && keptWords[base + k] === view.getInt32(start + 4 * k, true)) k += 1;
    if (k === words && (rest === 0 || keptWords[base + k] === last)) return kept[slot]!;
  }
  const text = BUFFER.toString("utf8", start, end);
  for (let k = 0; k < words; k++) keptWords[base + k] = view.getInt32(start + 4 * k, true);
  if (rest !== 0) keptWords[base + words] = last;
  keptLength[slot] = length;
  kept[slot] = text;
  return text;
}

/** The name of metric i; empty where only an alias was sent. */
export function metricName(i: number): string {
  return (shapes[i]! & Shape.HasName) === 0 ? "" : textAt(nameStart[i]!, nameEnd[i]!);
}

function mix(hash: number, word: number): number {
  return Math.imul(hash ^ word, 0x9e37_79b1);
}
