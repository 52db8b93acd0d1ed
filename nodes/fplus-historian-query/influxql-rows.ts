import { FplusError } from "../../lib/errors/index.ts";
import type { HistorianStore, InfluxQlSeries } from "../../lib/historian/index.ts";

/**
 * The tables of all statements of a question.
 * @throws FplusError `historian.query` with the sentence of the first statement that failed
 */
export async function tablesOf(store: HistorianStore, text: string): Promise<InfluxQlSeries[]> {
  const { results } = await store.influxQl(text);
  const fault = results.find(({ error }) => error !== undefined)?.error;
  if (fault !== undefined) throw new FplusError("historian.query", fault, { field: "query" });
  return results.flatMap(({ series = [] }) => [...series]);
}

/** The same as one object a row, with its table's tags in it. */
export async function tableRows(store: HistorianStore, text: string): Promise<Record<string, unknown>[]> {
  const tables = await tablesOf(store, text);
  return tables.flatMap(({ tags = {}, columns, values }) =>
    values.map((row) => ({ ...tags, ...Object.fromEntries(columns.map((column, i) => [column, row[i]])) })),
  );
}
