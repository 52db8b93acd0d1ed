import { ValueType } from "../../sample/index.ts";
import { wholeMilliseconds } from "./timestamp.ts";
import { wordsToNumber } from "./wire-reader.ts";

/** Two words as a 64-bit integer: a number where that is exact, else a bigint. */
export function wideNumber(lo: number, hi: number, signed: boolean): number | bigint {
  const narrow = wordsToNumber(lo, signed ? hi | 0 : hi);
  if (Number.isSafeInteger(narrow)) return narrow;
  const wide = (BigInt(hi) << 32n) | BigInt(lo);
  return signed ? BigInt.asIntN(64, wide) : wide;
}

/** A number from the words of an unsigned carrier. */
export function integer(lo: number, hi: number, type: number): number {
  switch (type) {
    case ValueType.Int8:
      return (lo << 24) >> 24;
    case ValueType.Int16:
      return (lo << 16) >> 16;
    case ValueType.Int32:
      return lo | 0;
    case ValueType.UInt8:
      return lo & 0xff;
    case ValueType.UInt16:
      return lo & 0xffff;
    case ValueType.UInt32:
      return lo;
    case ValueType.Boolean:
      return lo !== 0 || hi !== 0 ? 1 : 0;
    case ValueType.DateTime:
      // Before 1970 it is negative, in two's complement.
      return hi >= 0x8000_0000 ? wordsToNumber(lo, hi | 0) : wholeMilliseconds(lo, hi);
    default:
      return wordsToNumber(lo, hi);
  }
}
