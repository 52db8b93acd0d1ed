import type { HistorianSeries } from "./types.ts";

/** A series as plain JSON: `value` holds numbers, text, or null for a sample without either. */
export interface PlainSeries {
  readonly name: string;
  readonly unit?: string;
  /** Milliseconds since the epoch. */
  readonly time: readonly number[];
  readonly value: readonly (number | string | null)[];
}

/** One sample of an answer as a row of a table. */
export interface PlainRow {
  readonly time: number;
  readonly name: string;
  readonly value: number | string | null;
  readonly unit?: string;
  /** OPC UA StatusCode, where it is not Good. */
  readonly status?: number;
}

/** Answers as objects of two plain arrays each, as charts take them. */
export function plainSeries(answers: readonly HistorianSeries[]): PlainSeries[] {
  return answers.map((series) => ({
    name: series.path,
    ...(series.unit === "" ? {} : { unit: series.unit }),
    time: [...series.time],
    value: Array.from(series.time, (_, i) => valueAt(series, i)),
  }));
}

/** Answers as one list of rows in order of time, as tables and files take them. */
export function plainRows(answers: readonly HistorianSeries[]): PlainRow[] {
  const rows = answers.flatMap((series) =>
    Array.from(series.time, (time, i): PlainRow => {
      const status = series.status?.[i] ?? 0;
      return {
        time,
        name: series.path,
        value: valueAt(series, i),
        ...(series.unit === "" ? {} : { unit: series.unit }),
        ...(status === 0 ? {} : { status }),
      };
    }),
  );
  return rows.sort((a, b) => a.time - b.time);
}

function valueAt(series: HistorianSeries, i: number): number | string | null {
  const value = series.value[i]!;
  return Number.isNaN(value) ? (series.text?.[i] ?? null) : value;
}
