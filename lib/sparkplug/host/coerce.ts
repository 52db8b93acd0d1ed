import { FplusError } from "../../errors/index.ts";
import { fitValue, INTEGER_RANGES, type SampleValue, valueTypeName } from "../../sample/index.ts";

/**
 * A value as a metric of that type takes it.
 * @throws FplusError `sparkplug.command` naming the metric, where the value does not fit
 */
export function coerce(value: unknown, type: number, metric: string): SampleValue {
  if (value === null) return null;
  const coerced = fitValue(value, type);
  if (coerced !== undefined) return coerced;
  const shown = typeof value === "object" ? "an object" : `${typeof value} ${String(value).slice(0, 60)}`;
  const range = INTEGER_RANGES[type];
  throw new FplusError("sparkplug.command", `${shown} does not fit ${valueTypeName(type)}`, {
    field: metric,
    ...(range === undefined ? {} : { hint: `Give a whole number from ${range[0]} to ${range[1]}.` }),
  });
}
