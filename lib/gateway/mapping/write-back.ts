import { FplusError } from "../../errors/index.ts";
import { INTEGER_RANGES, isInt64, type SampleValue } from "../../sample/index.ts";
import { numberOf } from "./convert-value.ts";
import type { Route } from "./route.ts";

/** A write under the source's own names and in its own unit. */
export interface RawWrite {
  readonly device: string;
  readonly tag: string;
  readonly value: SampleValue;
}

/**
 * A write to a mapped metric, led back through its row: scale and unit are undone, the row's limits hold.
 * @throws FplusError `map.write` where the metric is calculated, or the value breaks the row's rules
 */
export function writeBack(route: Readonly<Route>, value: SampleValue): RawWrite {
  const { raw, rule, out, line } = route;
  const fail = (reason: string, hint: string): FplusError =>
    new FplusError("map.write", `${out.device}/${out.metric} ${reason}`, { field: `rules[${rule?.row ?? 0}]`, hint });
  const write = (given: SampleValue): RawWrite => ({ device: raw.device, tag: raw.metric, value: given });
  if (rule === undefined) return write(value);
  if (rule.formula !== undefined)
    throw fail("is calculated by a formula and cannot be written", "Write the raw tag, or leave the formula out.");
  if (route.refusal !== "") throw fail(`cannot be written: ${route.refusal}`, "Correct the row first.");
  if (rule.allowed?.has(String(value as string | number)) === false)
    throw fail(`does not take ${String(value as string)}`, `Allowed are ${[...rule.allowed].join(", ")}.`);
  if (!route.changesNumber && !rule.needsNumber) return write(value);
  const number = numberOf(value);
  if (number === undefined || !Number.isFinite(number)) throw fail("takes a number only", "Write a number.");
  if (number < rule.min || number > rule.max)
    throw fail(`does not take ${number}`, `It lies between ${rule.min} and ${rule.max}.`);
  if (!route.changesNumber) return write(typeof value === "string" ? number : value);
  const isWhole = INTEGER_RANGES[raw.type] !== undefined || isInt64(raw.type);
  const given = (number - line.offset) / line.factor;
  return write(isWhole ? Math.round(given) : given);
}
