import { FplusError } from "../../errors/index.ts";
import type { InfluxQlValue } from "./answer.ts";
import type { Row } from "./rows.ts";

type Value = Exclude<InfluxQlValue, null>;

/** A value of a field with the row it stands in. */
export interface Pick {
  readonly row: Row;
  readonly value: Value;
}

/** What an aggregate makes of a window; a selector also says which row it chose. */
export interface Aggregated {
  readonly value: InfluxQlValue;
  readonly row?: Row;
}

const NUMERIC = new Set(["mean", "sum", "spread", "stddev", "median", "percentile"]);
const ORDERED = new Set(["min", "max"]);
/** Functions that choose one of the values and so have its time. */
export const SELECTORS: ReadonlySet<string> = new Set(["min", "max", "first", "last", "percentile"]);
/** Functions over the values of a window. */
export const AGGREGATES: ReadonlySet<string> = new Set([...NUMERIC, ...ORDERED, "count", "first", "last", "mode"]);
/** Functions over a sequence of values, each with its time. */
export const TRANSFORMS: ReadonlySet<string> = new Set([
  "derivative",
  "non_negative_derivative",
  "difference",
  "non_negative_difference",
  "cumulative_sum",
  "moving_average",
]);

/** Applies an aggregate to the values of a window, in order of time; undefined when it gives nothing. */
export function aggregate(name: string, picks: readonly Pick[], parameter: number): Aggregated | undefined {
  if (NUMERIC.has(name) && picks.some(({ value }) => typeof value !== "number")) {
    throw new FplusError("historian.query", `unsupported ${name} iterator type: ${typeof picks[0]?.value}`);
  }
  if (ORDERED.has(name) && picks.some(({ value }) => typeof value === "string")) {
    throw new FplusError("historian.query", `unsupported ${name} iterator type: string`);
  }
  if (name === "count") return { value: picks.length };
  if (picks.length === 0) return undefined;
  const numbers = (): number[] => picks.map(({ value }) => value as number);
  const chosen = (better: (a: Pick, b: Pick) => boolean): Aggregated => {
    const best = picks.reduce((held, one) => (better(one, held) ? one : held));
    return { value: best.value, row: best.row };
  };
  switch (name) {
    case "sum":
      return { value: numbers().reduce((sum, value) => sum + value, 0) };
    case "mean":
      return { value: numbers().reduce((sum, value) => sum + value, 0) / picks.length };
    case "min":
      return chosen((a, b) => a.value < b.value || (a.value === b.value && before(a, b)));
    case "max":
      return chosen((a, b) => a.value > b.value || (a.value === b.value && before(a, b)));
    case "first":
      return chosen((a, b) => before(a, b) || (sameTime(a, b) && a.value > b.value));
    case "last":
      return chosen((a, b) => before(b, a) || (sameTime(a, b) && a.value > b.value));
    case "spread":
      return { value: numbers().reduce((a, b) => Math.max(a, b)) - numbers().reduce((a, b) => Math.min(a, b)) };
    case "stddev":
      return deviation(numbers());
    case "median": {
      const sorted = numbers().sort((a, b) => a - b);
      const middle = sorted.length >> 1;
      return { value: sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2 };
    }
    case "mode":
      return { value: mode(picks) };
    case "percentile": {
      const sorted = [...picks].sort((a, b) => (a.value as number) - (b.value as number));
      const index = Math.floor((sorted.length * parameter) / 100 + 0.5) - 1;
      const found = sorted[index];
      return found === undefined ? undefined : { value: found.value, row: found.row };
    }
    default:
      throw new FplusError("historian.query", `undefined function ${name}()`);
  }
}

function before(a: Pick, b: Pick): boolean {
  return a.row.ms < b.row.ms || (a.row.ms === b.row.ms && a.row.ns < b.row.ns);
}

function sameTime(a: Pick, b: Pick): boolean {
  return a.row.ms === b.row.ms && a.row.ns === b.row.ns;
}

function deviation(values: readonly number[]): Aggregated | undefined {
  if (values.length < 2) return { value: null };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { value: Math.sqrt(squares / (values.length - 1)) };
}

/** The most frequent value; of equally frequent ones that which came first. */
function mode(picks: readonly Pick[]): Value {
  const counts = new Map<Value, number>();
  for (const { value } of picks) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best: Value = picks[0]!.value;
  for (const [value, count] of counts) if (count > counts.get(best)!) best = value;
  return best;
}

/** A number at a time, as transforms take and give it. */
export interface Timed {
  readonly ms: number;
  readonly ns: number;
  readonly value: number;
}

/** Applies a transform to a sequence in order of time (or against it). */
export function transform(name: string, input: readonly Timed[], parameter: number): Timed[] {
  const pairs = (make: (now: Timed, last: Timed) => number | undefined): Timed[] =>
    input.slice(1).flatMap((now, i) => {
      const value = make(now, input[i]!);
      return value === undefined ? [] : [{ ...now, value }];
    });
  const positive = (value: number): number | undefined => (value < 0 ? undefined : value);
  const change = (now: Timed, last: Timed): number => now.value - last.value;
  const rate = (now: Timed, last: Timed): number => {
    const elapsed = Math.abs(now.ms - last.ms + (now.ns - last.ns) / 1e6);
    return change(now, last) / (elapsed / parameter);
  };
  switch (name) {
    case "difference":
      return pairs(change);
    case "non_negative_difference":
      return pairs((now, last) => positive(change(now, last)));
    case "derivative":
      return pairs(rate);
    case "non_negative_derivative":
      return pairs((now, last) => positive(rate(now, last)));
    case "cumulative_sum": {
      let sum = 0;
      return input.map((now) => ({ ...now, value: (sum += now.value) }));
    }
    case "moving_average":
      return input.slice(parameter - 1).map((now, i) => ({
        ...now,
        value: input.slice(i, i + parameter).reduce((sum, { value }) => sum + value, 0) / parameter,
      }));
    default:
      throw new FplusError("historian.query", `undefined function ${name}()`);
  }
}
