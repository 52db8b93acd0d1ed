import { types } from "node:util";
import { isInt64, isNumeric, type SampleValue, ValueType } from "./types.ts";

/** By type of up to 32 bits: its smallest and largest integer. */
export const INTEGER_RANGES: Readonly<Record<number, readonly [number, number]>> = {
  [ValueType.Int8]: [-0x80, 0x7f],
  [ValueType.Int16]: [-0x8000, 0x7fff],
  [ValueType.Int32]: [-0x8000_0000, 0x7fff_ffff],
  [ValueType.UInt8]: [0, 0xff],
  [ValueType.UInt16]: [0, 0xffff],
  [ValueType.UInt32]: [0, 0xffff_ffff],
};
const TRUE: ReadonlySet<unknown> = new Set([true, 1, "true", "1", "on"]);
const FALSE: ReadonlySet<unknown> = new Set([false, 0, "false", "0", "off"]);

/**
 * A value as that type takes it: numbers from text, booleans from 0 and 1 and on and off, times (milliseconds) from dates and
 * ISO text, 64-bit integers as bigint; undefined where it does not fit. What null means is the caller's business.
 */
export function fitValue(value: unknown, type: number): SampleValue | undefined {
  if (type === ValueType.Boolean) return TRUE.has(value) ? true : FALSE.has(value) ? false : undefined;
  if (type === ValueType.DateTime) return timeOf(value);
  if (isInt64(type)) return wideInteger(value, type === ValueType.Int64);
  if (isNumeric(type)) return numberOf(value, INTEGER_RANGES[type]);
  if (type >= ValueType.String && type <= ValueType.UUID) {
    return typeof value === "object" ? undefined : String(value as string | number | boolean | bigint);
  }
  if (type === ValueType.Bytes || type === ValueType.File) {
    return types.isUint8Array(value)
      ? new Uint8Array(value)
      : typeof value === "string"
        ? Buffer.from(value)
        : undefined;
  }
  // Arrays, data sets and templates are checked by the encoder.
  return typeof value === "object" && value !== null ? value : undefined;
}

function numberOf(value: unknown, range: readonly [number, number] | undefined): number | undefined {
  const number =
    typeof value === "string" && value.trim() === ""
      ? Number.NaN
      : typeof value === "object"
        ? Number.NaN
        : Number(value);
  if (Number.isNaN(number) && typeof value !== "number") return undefined;
  if (range === undefined) return number;
  return Number.isInteger(number) && number >= range[0] && number <= range[1] ? number : undefined;
}

function wideInteger(value: unknown, signed: boolean): bigint | undefined {
  if (typeof value === "object" || typeof value === "boolean" || value === "") return undefined;
  try {
    const wide = BigInt(value as string | number | bigint);
    return wide === (signed ? BigInt.asIntN(64, wide) : BigInt.asUintN(64, wide)) ? wide : undefined;
  } catch {
    return undefined;
  }
}

function timeOf(value: unknown): number | undefined {
  const time = types.isDate(value)
    ? value.getTime()
    : typeof value === "number"
      ? value
      : typeof value === "string"
        ? Date.parse(value)
        : Number.NaN;
  return Number.isFinite(time) ? Math.round(time) : undefined;
}
