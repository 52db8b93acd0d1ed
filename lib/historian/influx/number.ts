/**
 * Numbers as decimal text, straight into bytes. Whole numbers and those with few decimals, which is what sensors send, are
 * written digit by digit; all others as JavaScript writes them. Both give the same text.
 */

const ZERO = 48;
const MAX_DECIMALS = 6;
const FACTORS = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000] as const;
const LIMIT = 2 ** 31 - 1;

/** Writes the shortest text of a finite number at an offset; the offset behind it. */
export function putNumber(out: Uint8Array, at: number, value: number): number {
  if (value === (value | 0)) return putInteger(out, at, value);
  for (let decimals = 1; decimals <= MAX_DECIMALS; decimals++) {
    const factor = FACTORS[decimals]!;
    const exact = value * factor;
    if (!(exact < LIMIT && exact > -LIMIT)) break;
    const scaled = (exact + (exact < 0 ? -0.5 : 0.5)) | 0;
    if (scaled / factor !== value) continue;
    const positive = scaled < 0 ? -scaled : scaled;
    const whole = (positive / factor) | 0;
    let next = at;
    if (scaled < 0) out[next++] = 45;
    next = putInteger(out, next, whole);
    out[next] = 46;
    putDigits(out, next + 1, positive - whole * factor, decimals);
    return next + 1 + decimals;
  }
  return putAscii(out, at, String(value));
}

/** Writes an integer of 32 bits. */
export function putInteger(out: Uint8Array, at: number, value: number): number {
  let next = at;
  let rest = value;
  if (rest < 0) {
    out[next++] = 45;
    rest = -rest;
  }
  const digits = digitsOf(rest);
  putDigits(out, next, rest, digits);
  return next + digits;
}

/** Writes text of ASCII characters. */
export function putAscii(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** Writes a number below 2^31 in so many digits, with zeros in front. */
export function putDigits(out: Uint8Array, at: number, value: number, digits: number): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const tens = (rest / 10) | 0;
    out[i] = ZERO + (rest - tens * 10);
    rest = tens;
  }
}

function digitsOf(value: number): number {
  if (value < 100) return value < 10 ? 1 : 2;
  if (value < 10_000) return value < 1000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return value < 1_000_000_000 ? 9 : 10;
}
