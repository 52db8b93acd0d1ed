import { FplusError } from "../../errors/index.ts";
import type { AnswerRows, InfluxQlSeries } from "./answer.ts";
import type { SelectStatement } from "./ast.ts";
import { aggregateRows } from "./aggregate.ts";
import { valueOf } from "./condition.ts";
import { callsIn, checkCalls, type Column, columnsOf, namesIn, type Schema, schemaOf } from "./columns.ts";
import { type Row, RowReader } from "./rows.ts";
import { measurementsOf, type PointSeries, type PointSource } from "./source.ts";
import { rfc3339, splitTime } from "./time.ts";

interface Group {
  readonly tags: Readonly<Record<string, string>>;
  readonly series: PointSeries[];
}

/** Answers a SELECT. @throws FplusError `historian.query` */
export function select(statement: SelectStatement, source: PointSource, nowMs: number): InfluxQlSeries[] {
  const measurements = measurementsOf(source, statement.sources);
  // All measurements of a question have the same columns.
  const schema = schemaOf(measurements.flatMap(([, series]) => series));
  const found = measurements.flatMap(([name, series]) => ofMeasurement(statement, name, series, schema, nowMs));
  // The server walks its series in the direction of time, too.
  return statement.descending ? found.reverse() : found;
}

function ofMeasurement(
  statement: SelectStatement,
  name: string,
  all: readonly PointSeries[],
  schema: Schema,
  nowMs: number,
): InfluxQlSeries[] {
  const columns = columnsOf(statement, schema);
  checkCalls(columns);
  const calls = columns.map(({ expression }) => callsIn(expression));
  const aggregates = calls.some((some) => some.length > 0);
  if (statement.interval !== undefined && !aggregates) {
    throw new FplusError("historian.query", "GROUP BY requires at least one aggregate function");
  }
  const { range, rest } = splitTime(statement.where, nowMs);
  const wanted = [...new Set([...columns.flatMap(({ expression }) => namesIn(expression)), ...namesIn(rest)])];
  const fields = wanted.filter((field) => schema.fields.has(field));
  // A question about tags alone has no answer in InfluxDB.
  if (!columns.some(({ expression }) => namesIn(expression).some((field) => schema.fields.has(field)))) return [];
  const until = statement.interval === undefined || range.to !== undefined ? range.to : BigInt(nowMs) * 1_000_000n + 1n;
  const bounds = { from: range.from, to: until };
  const reader = new RowReader(fields, rest, bounds);
  const answers: InfluxQlSeries[] = [];
  const possible = all.filter((series) => reader.mayPass(series));
  for (const group of groupsOf(statement, possible, schema.tags)) {
    const rows = reader.read(group.series);
    let values = aggregates ? aggregateRows(statement, columns, rows, reader, bounds) : rawRows(columns, rows, reader);
    if (statement.descending) values.reverse();
    const { limit, offset } = statement;
    values = values.slice(offset, limit === 0 ? undefined : offset + limit);
    if (values.length === 0) continue;
    const tags = statement.dimensions.length === 0 ? {} : { tags: group.tags };
    answers.push({ name, ...tags, columns: ["time", ...columns.map((column) => column.name)], values });
  }
  return answers;
}

/** Series by the tags that tell groups apart, in order of those tags. */
function groupsOf(
  { dimensions, slimit, soffset }: SelectStatement,
  all: readonly PointSeries[],
  tagNames: readonly string[],
): Group[] {
  const names = [
    ...new Set(
      dimensions.flatMap((one) =>
        typeof one === "string" ? [one] : "all" in one ? tagNames : tagNames.filter((tag) => one.test(tag)),
      ),
    ),
  ].sort();
  const groups = new Map<string, Group>();
  for (const series of all) {
    const tags = Object.fromEntries(names.map((tag) => [tag, series.tags[tag] ?? ""]));
    const key = names.map((tag) => tags[tag]!).join("\u0000");
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { tags, series: [] }));
    group.series.push(series);
  }
  const ordered = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  if (slimit === 0 && soffset === 0) return ordered;
  const byKey = [...ordered].sort((a, b) => (limitKey(a) < limitKey(b) ? -1 : 1));
  const kept = new Set(byKey.slice(soffset, slimit === 0 ? undefined : soffset + slimit));
  return ordered.filter((group) => kept.has(group));
}

/** The server limits series in order of the tags that they have: names first, then values. */
function limitKey({ tags }: Group): string {
  const present = Object.entries(tags).filter(([, value]) => value !== "");
  return [...present.map(([name]) => name), ...present.map(([, value]) => value)].join("\u0000");
}

function rawRows(columns: readonly Column[], rows: readonly Row[], reader: RowReader): AnswerRows {
  const answers: AnswerRows = [];
  const named = columns.flatMap(({ expression }) => namesIn(expression)).filter((name) => reader.isField(name));
  for (const row of rows) {
    const values = columns.map(({ expression }) => valueOf(expression, (name) => reader.lookup(row, name)) ?? null);
    const says = named.some((name) => reader.lookup(row, name) !== null);
    if (says) answers.push([rfc3339(row.ms, row.ns), ...values]);
  }
  return answers;
}
