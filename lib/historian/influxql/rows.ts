import { FplusError } from "../../errors/index.ts";
import type { InfluxQlValue } from "./answer.ts";
import type { Expression } from "./ast.ts";
import { passes } from "./condition.ts";
import type { FieldColumn, PointSeries } from "./source.ts";
import type { TimeRange } from "./time.ts";

/** The fields of one series at one time. */
export interface Row {
  readonly ms: number;
  readonly ns: number;
  readonly series: PointSeries;
  /** In the order of the fields that were asked for. */
  readonly values: readonly (Exclude<InfluxQlValue, null> | undefined)[];
}

/** Samples that one question may hold in memory. */
const MAX_ROWS = 5_000_000;

/** Reads and filters rows of the series of one measurement. */
export class RowReader {
  readonly #fields: readonly string[];
  readonly #index: ReadonlyMap<string, number>;
  readonly #condition: Expression | undefined;
  readonly #range: TimeRange;
  #left = MAX_ROWS;

  /** @param fields every field that any part of the question names */
  constructor(fields: readonly string[], condition: Expression | undefined, range: TimeRange) {
    this.#fields = fields;
    this.#index = new Map(fields.map((field, i) => [field, i]));
    this.#condition = condition;
    this.#range = range;
  }

  isField(name: string): boolean {
    return this.#index.has(name);
  }

  /** What a name stands for in a row: a field, or else a tag. */
  lookup(row: Row, name: string): InfluxQlValue {
    const i = this.#index.get(name);
    return (i === undefined ? row.series.tags[name] : row.values[i]) ?? null;
  }

  /** False where a series' tags alone say that none of its rows passes. */
  mayPass(series: PointSeries): boolean {
    return this.#verdict(series) !== false;
  }

  #verdict(series: PointSeries): boolean | undefined {
    return passes(this.#condition, (name) => (this.#index.has(name) ? undefined : (series.tags[name] ?? "")));
  }

  /** The rows of some series that pass, in order of time. */
  read(series: readonly PointSeries[]): Row[] {
    const rows: Row[] = [];
    let sorted = true;
    for (const one of series) {
      const before = rows.length;
      this.#readOne(one, rows);
      if (before > 0 && rows.length > before && isAfter(rows[before - 1]!, rows[before]!)) sorted = false;
    }
    return sorted ? rows : rows.sort((a, b) => a.ms - b.ms || a.ns - b.ns);
  }

  #readOne(series: PointSeries, rows: Row[]): void {
    const verdict = this.#verdict(series);
    if (verdict === false) return;
    const { from, to } = this.#range;
    const fromMs = from === undefined ? -8.64e15 : Number(from / 1_000_000n) - 1;
    const toMs = to === undefined ? 8.64e15 : Number(to / 1_000_000n) + 1;
    const columns = this.#fields.map((field) =>
      series.fields.has(field) ? series.read(field, fromMs, toMs) : undefined,
    );
    const at = columns.map(() => 0);
    for (;;) {
      const next = earliest(columns, at);
      if (next === undefined) return;
      const { ms, ns } = next;
      const values = columns.map((column, i) => {
        if (column === undefined || at[i]! >= column.length) return undefined;
        if (column.ms[at[i]!] !== ms || (column.ns?.[at[i]!] ?? 0) !== ns) return undefined;
        return column.value(at[i]!++);
      });
      if (values.every((value) => value === undefined)) continue;
      const row: Row = { ms, ns, series, values };
      if (!this.#inRange(ms, ns)) continue;
      if (verdict === undefined && passes(this.#condition, (name) => this.#known(row, name)) !== true) continue;
      if (--this.#left < 0) {
        throw new FplusError("historian.query", `the query reads more than ${MAX_ROWS} rows`, {
          hint: "Choose a shorter range.",
        });
      }
      rows.push(row);
    }
  }

  #known(row: Row, name: string): InfluxQlValue {
    return this.#index.has(name) ? this.lookup(row, name) : (row.series.tags[name] ?? "");
  }

  #inRange(ms: number, ns: number): boolean {
    const { from, to } = this.#range;
    if (from === undefined && to === undefined) return true;
    const time = BigInt(ms) * 1_000_000n + BigInt(ns);
    return (from === undefined || time >= from) && (to === undefined || time < to);
  }
}

function earliest(
  columns: readonly (FieldColumn | undefined)[],
  at: readonly number[],
): { ms: number; ns: number } | undefined {
  let ms = Number.POSITIVE_INFINITY;
  let ns = 0;
  columns.forEach((column, i) => {
    const index = at[i]!;
    if (column === undefined || index >= column.length) return;
    const time = column.ms[index]!;
    const fraction = column.ns?.[index] ?? 0;
    if (time < ms || (time === ms && fraction < ns)) {
      ms = time;
      ns = fraction;
    }
  });
  return ms === Number.POSITIVE_INFINITY ? undefined : { ms, ns };
}

function isAfter(a: Row, b: Row): boolean {
  return a.ms > b.ms || (a.ms === b.ms && a.ns > b.ns);
}
