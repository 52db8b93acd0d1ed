import {
  fitValue,
  INTEGER_RANGES,
  isInt64,
  isNumeric,
  type SampleValue,
  typeOfValue,
  ValueType,
} from "../../sample/index.ts";
import type { Line } from "./compiled-rule.ts";

/** A value as the number it is or says; undefined where it is none. */
export function numberOf(value: SampleValue): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string" || value.trim() === "") return undefined;
  // A comma is what many scales print.
  const number = Number(/^\s*[+-]?\d+,\d+\s*$/.test(value) ? value.replace(",", ".") : value);
  return Number.isNaN(number) ? undefined : number;
}

/** Decimals within which a result counts as short. */
const SHORT = 1e6;
/** What doubles lose on the way, against the largest part of the sum. */
const DUST = 1e-13;

/** A number along a line, cut to its range. A short result is given without the dust that doubles leave: 71.6 °F are 22 °C. */
export function along({ factor, offset, lowest, highest }: Line, value: number): number {
  const exact = value * factor + offset;
  const short = Math.round(exact * SHORT) / SHORT;
  const isShort = Math.abs(short - exact) <= DUST * (Math.abs(exact) + Math.abs(offset));
  const result = isShort ? short : exact;
  return result < lowest ? lowest : result > highest ? highest : result;
}

/**
 * A calculated value as the type wanted, or as its natural one where that is `Unknown`; undefined where it does not fit.
 * Integers are rounded, texts are read as numbers where a number is wanted.
 */
export function fitted(value: unknown, wanted: ValueType): { value: SampleValue; type: ValueType } | undefined {
  if (wanted === ValueType.Unknown) {
    const type = typeOfValue(value);
    return type === ValueType.Unknown ? undefined : { value: value as SampleValue, type };
  }
  const isNumber =
    (isNumeric(wanted) || isInt64(wanted)) && wanted !== ValueType.Boolean && wanted !== ValueType.DateTime;
  const number = isNumber && typeof value !== "bigint" ? numberOf(value as SampleValue) : (value as SampleValue);
  const isWhole = INTEGER_RANGES[wanted] !== undefined || isInt64(wanted);
  const rounded = isWhole && typeof number === "number" && Number.isFinite(number) ? Math.round(number) : number;
  const fit = rounded === undefined ? undefined : fitValue(rounded, wanted);
  return fit === undefined ? undefined : { value: fit, type: wanted };
}
