import { wordsToNumber } from "./wire-reader.ts";

/** No millisecond time before the year 33658 reaches this; a larger number can only be nanoseconds (the AMRC stack sends them). */
const NANOSECONDS_FROM = 1e15;
const NS_PER_MS = 1_000_000;

/** Nanoseconds within the millisecond of the last `wholeMilliseconds`. */
export let nanoseconds = 0;

/** Milliseconds of a timestamp in milliseconds or nanoseconds, given as two words; the rest is in `nanoseconds`. Exact. */
export function wholeMilliseconds(lo: number, hi: number): number {
  const value = wordsToNumber(lo, hi);
  if (value < NANOSECONDS_FROM) {
    nanoseconds = 0;
    return value;
  }
  // The quotient of doubles is off by one at most; the low 32 bits of the remainder tell, because it is small.
  let ms = Math.floor(value / NS_PER_MS);
  let rest = (lo - Math.imul(ms, NS_PER_MS)) | 0;
  if (rest < 0) {
    rest += NS_PER_MS;
    ms -= 1;
  } else if (rest >= NS_PER_MS) {
    rest -= NS_PER_MS;
    ms += 1;
  }
  nanoseconds = rest;
  return ms;
}
