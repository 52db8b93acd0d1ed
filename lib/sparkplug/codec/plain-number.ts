import { type SampleBatch, ValueType } from "../../sample/index.ts";
import { LEAST, MOST } from "./encode-value.ts";
import { at, keepTime, OUT, OUT_VIEW, reserve, seek, timeHigh, timeLow } from "./writer.ts";

// Constants of this module, which is what the compiler turns into plain memory access.
const bytes = OUT;
const view = OUT_VIEW;
/** The largest metric that is written here. */
const PLAIN_BYTES = 40;
/** The first bytes: the tag of a metric, room for its length, the tag of its alias. */
const METRIC_WITH_ALIAS = 0x12 | (0x10 << 16);
/** By type up to Boolean: its length with an alias of one byte, without its value where that is a varint. */
const SIZES = Uint8Array.of(0, 11, 11, 11, 11, 11, 11, 11, 11, 16, 20, 13);
/** By type: the tag of its value, in the upper byte. */
const VALUE_TAGS = Uint16Array.of(
  0,
  0x5000,
  0x5000,
  0x5000,
  0x5800,
  0x5000,
  0x5000,
  0x5800,
  0x5800,
  0x6500,
  0x6900,
  0x7000,
);
/** By type: the smallest and largest integer of up to 32 bits, as far as 32 signed bits hold it. */
const LEAST_INT = Int32Array.from(LEAST);
const MOST_INT = Int32Array.from(MOST, (most) => Math.min(most, 0x7fff_ffff));

/** The flag of every byte but the last of a varint. */
const CONTINUED = 0x8080_8080 | 0;

/** The lower 28 bits in four groups of seven. */
function spread(low: number): number {
  return (low & 0x7f) | ((low & 0x3f80) << 1) | ((low & 0x1f_c000) << 2) | ((low & 0xfe0_0000) << 3);
}

/**
 * Writes samples as metrics, from the k-th index on, as long as they are what nearly all are: an alias of up to 21 bits, a
 * time of our days, a datatype and a number, nothing else. Every sample of a plant goes this way, so it is one loop that
 * writes by whole words. Returns the place of the first sample that is something else.
 * @param end where the indexes end
 */
export function writeNumbers(
  batch: SampleBatch,
  indexes: readonly number[],
  aliases: Uint32Array,
  k: number,
  end: number,
): number {
  const { type: types, timeMs, flags, f64, words } = batch;
  let p = at;
  let next = k;
  // Tag and time, and the tag of the datatype behind them: eight bytes that most metrics of a message share.
  let sharedMs = -1;
  let first = 0;
  let second = 0;
  reserve(PLAIN_BYTES * (end - k));
  for (; next < end; next++) {
    const i = indexes[next]!;
    const alias = aliases[i]!;
    const type = types[i]!;
    const ms = timeMs[i]!;
    if (flags[i] !== 0 || type === ValueType.Unknown || type > ValueType.Boolean || alias >= 0x20_0000) break;
    if (ms !== sharedMs) {
      if (!keepTime(ms)) break;
      sharedMs = ms;
      first = 0x18 | (timeLow << 8);
      second = (timeLow >>> 24) | (timeHigh << 8) | (0x20 << 24);
    }
    let low = 0;
    let high = 0;
    if (type < ValueType.Float) {
      if (type === ValueType.Int64 || type === ValueType.UInt64) {
        low = words[2 * i]! | 0;
        high = words[2 * i + 1]! | 0;
      } else {
        const value = f64[i]!;
        low = value | 0;
        // What does not fit its type is left to the writer that says so, and large numbers of 32 bits to one that can.
        if (low !== value || low < LEAST_INT[type]! || low > MOST_INT[type]!) break;
      }
    }
    const start = p;
    const size = SIZES[type]!;
    if (alias < 0x80) {
      view.setInt32(p, METRIC_WITH_ALIAS | (alias << 24) | (size << 8), true);
      p += 4;
    } else {
      const more = alias < 0x4000 ? 1 : 2;
      view.setInt32(p, METRIC_WITH_ALIAS | ((alias | 0x80) << 24) | ((size + more) << 8), true);
      if (more === 1) bytes[p + 4] = alias >>> 7;
      else view.setInt16(p + 4, (alias >>> 7) | 0x80 | ((alias >>> 14) << 8), true);
      p += 4 + more;
    }
    view.setInt32(p, first, true);
    view.setInt32(p + 4, second, true);
    view.setInt16(p + 8, type | VALUE_TAGS[type]!, true);
    p += 10;
    if (type === ValueType.Double) {
      view.setFloat64(p, f64[i]!, true);
      p += 8;
    } else if (type === ValueType.Float) {
      view.setFloat32(p, f64[i]!, true);
      p += 4;
    } else if (type === ValueType.Boolean) bytes[p++] = f64[i] === 0 ? 0 : 1;
    else {
      // All in signed words, which is what the processor has.
      while (high !== 0) {
        bytes[p++] = (low & 0x7f) | 0x80;
        low = (low >>> 7) | (high << 25);
        high >>>= 7;
      }
      if ((low & 0xf000_0000) !== 0) {
        // Negative numbers of 32 bits, mostly: four groups at once.
        view.setInt32(p, spread(low) | CONTINUED, true);
        p += 4;
        low >>>= 28;
      }
      while ((low & ~0x7f) !== 0) {
        bytes[p++] = (low & 0x7f) | 0x80;
        low >>>= 7;
      }
      bytes[p++] = low;
      bytes[start + 1] = p - start - 2;
    }
  }
  seek(p);
  return next;
}
