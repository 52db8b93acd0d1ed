import { numberAggregates } from "../gather.ts";
import type { CheckedQuery } from "../query.ts";
import { signalMatcher } from "../selection.ts";
import type { CatalogueEntry } from "./catalogue.ts";
import { literal, nanoseconds, quotedName, seriesIn } from "./influxql.ts";
import type { AnswerBuilder, AnswerSample } from "./rows.ts";
import type { InfluxServer } from "./server.ts";

/** Adds to an answer what series without a `path` hold: one statement an entry, many in a request. */
export async function readCatalogue(
  server: InfluxServer,
  entries: readonly CatalogueEntry[],
  query: CheckedQuery,
  answer: AnswerBuilder,
): Promise<void> {
  const matches = signalMatcher(query);
  const wanted = entries.filter(
    ({ signal, kind }) => matches(signal) && (query.aggregate === "raw" || kind !== "string"),
  );
  const answers = await server.influxQlMany(wanted.map((entry) => statementOf(entry, query, server.database.rp)));
  wanted.forEach((entry, i) => {
    const [series] = seriesIn(answers[i]);
    if (series === undefined) return;
    const samples = series.values.map((row) => sampleOf(row, entry.hasStatus));
    const { path, unit } = entry.signal;
    const shown = query.aggregate !== "raw" && entry.kind === "boolean" ? numberAggregates(samples, query) : samples;
    for (const sample of shown) answer.add(path, unit, sample);
  });
}

/** InfluxQL aggregates numbers only: of booleans all are fetched. */
function statementOf(entry: CatalogueEntry, query: CheckedQuery, rp: string | undefined): string {
  const { measurement, tags, field, hasStatus, kind } = entry;
  const place = rp === undefined ? quotedName(measurement) : `${quotedName(rp)}.${quotedName(measurement)}`;
  const of = Object.entries(tags).map(([name, value]) => `${quotedName(name)} = ${literal(value)}`);
  const where = [...of, `time >= ${nanoseconds(query.from)}`, `time < ${nanoseconds(query.to)}`].join(" AND ");
  if (query.aggregate !== "raw" && kind === "number") {
    const value = `${query.aggregate}(${quotedName(field)})`;
    return `SELECT ${value} FROM ${place} WHERE ${where} GROUP BY time(${query.windowMs}ms) fill(none)`;
  }
  const fields = hasStatus ? `${quotedName(field)}, ${quotedName(`${field}:status`)}` : quotedName(field);
  const newest = query.limit === undefined ? "" : ` ORDER BY time DESC LIMIT ${query.limit}`;
  return `SELECT ${fields} FROM ${place} WHERE ${where}${newest}`;
}

function sampleOf(row: readonly unknown[], hasStatus: boolean): AnswerSample {
  const [time, value, status] = row;
  return {
    time: Number(time) / 1e6,
    value: typeof value === "number" ? value : typeof value === "boolean" ? Number(value) : Number.NaN,
    text: typeof value === "string" ? value : null,
    status: hasStatus ? Number(status ?? 0) : 0,
  };
}
