import { FplusError } from "../../errors/index.ts";
import type { AnswerRows, InfluxQlValue } from "./answer.ts";
import type { Expression, FillOption, SelectStatement } from "./ast.ts";
import { type Call, called } from "./call.ts";
import { callsIn, type Column } from "./columns.ts";
import { computed, valueOf } from "./condition.ts";
import { SELECTORS, TRANSFORMS } from "./functions.ts";
import type { Row, RowReader } from "./rows.ts";
import { rfc3339, type TimeRange } from "./time.ts";
import { transformedRows } from "./transformed.ts";
import { windowsOf } from "./windows.ts";

/** A function's values, one a window; undefined where it gives none. */
type CallValues = ReadonlyMap<Call, readonly (InfluxQlValue | undefined)[]>;

/** The rows of an answer with functions in it, for one group. */
export function aggregateRows(
  statement: SelectStatement,
  columns: readonly Column[],
  rows: readonly Row[],
  reader: RowReader,
  range: TimeRange,
): AnswerRows {
  if (rows.length === 0) return [];
  const calls = columns.flatMap(({ expression }) => callsIn(expression));
  if (calls.some(({ name }) => TRANSFORMS.has(name))) return transformedRows(statement, columns, rows, reader, range);
  const distinct = new Set(calls.map((call) => JSON.stringify(call)));
  const selector = distinct.size === 1 && SELECTORS.has(calls[0]!.name) ? calls[0] : undefined;
  if (selector === undefined && columns.some(({ expression }) => callsIn(expression).length === 0)) {
    throw new FplusError("historian.query", "mixing aggregate and non-aggregate queries is not supported");
  }
  const windows = windowsOf(statement, rows, range);
  const results = new Map(calls.map((call) => [call, windows.map((window) => called(call, window.rows, reader))]));
  if ([...results.values()].every((values) => values.every((value) => value === undefined))) return [];
  const chosen = selector === undefined ? undefined : results.get(selector)!.map((result) => result?.row);
  const { interval, fill, descending } = statement;
  const values = new Map(
    calls.map((call) => {
      const made = results.get(call)!.map((result) => result?.value);
      return [call, interval === undefined ? made : filledValues(made, fill, call.name === "count", descending)];
    }),
  );
  const beside = new Map(
    columns
      .flatMap(({ expression }) => (expression.kind === "name" ? [expression.name] : []))
      .map((name) => {
        const found = windows.map((_, w) => (chosen?.[w] === undefined ? undefined : reader.lookup(chosen[w], name)));
        return [name, interval === undefined ? found : filledBeside(found, fill, descending)];
      }),
  );
  return windows.flatMap((window, w) => {
    const row = chosen?.[w];
    if (interval !== undefined && fill === "none" && calls.every((call) => values.get(call)![w] === undefined))
      return [];
    const at = interval === undefined && row !== undefined ? row : window;
    const cells = columns.map(({ expression }) => cellOf(expression, values, beside, w) ?? null);
    return [[rfc3339(at.ms, at.ns), ...cells]];
  });
}

/** One cell: functions' values, arithmetic over them, and what stands beside the value that a selector chose. */
function cellOf(
  expression: Expression,
  values: CallValues,
  beside: ReadonlyMap<string, readonly (InfluxQlValue | undefined)[]>,
  w: number,
): InfluxQlValue {
  switch (expression.kind) {
    case "call":
      return values.get(expression)?.[w] ?? null;
    case "binary": {
      const left = cellOf(expression.left, values, beside, w);
      return computed(expression.op, left, cellOf(expression.right, values, beside, w));
    }
    case "name":
      return beside.get(expression.name)?.[w] ?? null;
    default:
      return valueOf(expression, () => null) ?? null;
  }
}

/** What stands beside a selector's value takes a number as it is, whatever its type. */
function filledBeside(
  values: readonly (InfluxQlValue | undefined)[],
  fill: FillOption,
  descending: boolean,
): (InfluxQlValue | undefined)[] {
  if (typeof fill !== "number") return filledValues(values, fill, false, descending);
  return values.map((value) => (value === undefined ? fill : value));
}

function filledValues(
  values: readonly (InfluxQlValue | undefined)[],
  fill: FillOption,
  isCount: boolean,
  descending: boolean,
): (InfluxQlValue | undefined)[] {
  if (fill === "none") return [...values];
  if (fill === "null") return values.map((value) => (value === undefined && isCount ? 0 : value));
  if (typeof fill === "number") {
    const like = values.find((value) => value !== undefined && value !== null);
    const made = typeof like === "boolean" ? false : typeof like === "string" ? "" : isCount ? Math.trunc(fill) : fill;
    return values.map((value) => (value === undefined ? made : value));
  }
  // The previous value is that before in the order of the answer.
  if (fill === "previous" && descending) return filledValues(values.toReversed(), fill, isCount, false).reverse();
  const out = [...values];
  const known = values.flatMap((value, i) => (value === undefined ? [] : [i]));
  known.forEach((at, k) => {
    const next = known[k + 1] ?? (fill === "previous" ? values.length : at + 1);
    const [a, b] = [values[at], values[next]];
    for (let gap = at + 1; gap < next; gap++) {
      if (fill === "previous") out[gap] = a;
      else if (typeof a === "number" && typeof b === "number") {
        const between = a + ((b - a) * (gap - at)) / (next - at);
        out[gap] = isCount ? Math.trunc(between) : between;
      }
    }
  });
  return out;
}
