import { FplusError } from "../../errors/index.ts";
import type { AnswerRows, InfluxQlValue } from "./answer.ts";
import type { Expression, SelectStatement } from "./ast.ts";
import { called } from "./call.ts";
import type { Column } from "./columns.ts";
import { type Timed, transform, TRANSFORMS } from "./functions.ts";
import type { Row, RowReader } from "./rows.ts";
import { rfc3339, type TimeRange } from "./time.ts";
import { windowsOf } from "./windows.ts";

/** Rows of transforms, for one group: each column is a sequence over rows or windows, joined with the others by their times. */
export function transformedRows(
  statement: SelectStatement,
  columns: readonly Column[],
  rows: readonly Row[],
  reader: RowReader,
  range: TimeRange,
): AnswerRows {
  const table = new Map<string, { ms: number; ns: number; values: InfluxQlValue[] }>();
  columns.forEach(({ expression }, c) => {
    for (const { ms, ns, value } of sequenceOf(expression, statement, rows, reader, range)) {
      const key = `${ms}.${ns}`;
      let line = table.get(key);
      if (line === undefined) {
        line = { ms, ns, values: Array<InfluxQlValue>(columns.length).fill(null) };
        table.set(key, line);
      }
      line.values[c] = value;
    }
  });
  const lines = [...table.values()].sort((a, b) => a.ms - b.ms || a.ns - b.ns);
  return lines.map(({ ms, ns, values }) => [rfc3339(ms, ns), ...values]);
}

function sequenceOf(
  expression: Expression,
  statement: SelectStatement,
  rows: readonly Row[],
  reader: RowReader,
  range: TimeRange,
): Timed[] {
  if (expression.kind !== "call" || !TRANSFORMS.has(expression.name)) {
    throw new FplusError("historian.query", "a transformation stands alone in its column");
  }
  const [inner, parameter] = expression.args;
  let input: Timed[];
  let unitMs = 1000;
  if (inner?.kind === "name") {
    input = rows.flatMap((row) => {
      const value = reader.isField(inner.name) ? reader.lookup(row, inner.name) : null;
      return typeof value === "number" ? [{ ms: row.ms, ns: row.ns, value }] : [];
    });
  } else if (inner?.kind === "call" && statement.interval !== undefined) {
    unitMs = statement.interval.ms;
    input = windowsOf(statement, rows, range).flatMap(({ ms, ns, rows: inside }) => {
      const value = called(inner, inside, reader)?.value;
      return typeof value === "number" ? [{ ms, ns, value }] : [];
    });
  } else {
    throw new FplusError("historian.query", `${expression.name} aggregate requires a GROUP BY interval`);
  }
  if (statement.descending) input.reverse();
  const given = parameter?.kind === "duration" ? parameter.ms : parameter?.kind === "number" ? parameter.value : unitMs;
  return transform(expression.name, input, given);
}
