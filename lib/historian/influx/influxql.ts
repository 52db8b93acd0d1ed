import { FplusError } from "../../errors/index.ts";
import { isPattern, patternSource } from "../pattern.ts";
import type { CheckedQuery } from "../query.ts";
import type { RowSet } from "./rows.ts";

/** A string literal of InfluxQL. */
function literal(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`).replaceAll("\n", String.raw`\n`)}'`;
}

function name(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Years 1678 to 2262: what an Int64 of nanoseconds holds. */
const MAX_TIME_MS = 9_223_372_036_000;

/** A time of the query as nanoseconds; sub-millisecond fractions are kept as far as a double holds them. */
export function nanoseconds(time: number): string {
  const ms = Math.min(MAX_TIME_MS, Math.max(-MAX_TIME_MS, time));
  const whole = Math.floor(ms);
  return (BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6))).toString();
}

/** The dialect of InfluxDB 1.x. */
export class InfluxQl {
  readonly #from: string;

  constructor(measurement: string, rp: string | undefined) {
    this.#from = rp === undefined ? name(measurement) : `${name(rp)}.${name(measurement)}`;
  }

  paths(): string {
    return `SHOW TAG VALUES FROM ${this.#from} WITH KEY = "path"`;
  }

  raw(query: CheckedQuery): string {
    const newest = query.limit === undefined ? "" : ` ORDER BY time DESC LIMIT ${query.limit}`;
    return `SELECT "value", "text", "status" FROM ${this.#from}${this.#where(query)} GROUP BY "path", "unit"${newest}`;
  }

  aggregate(query: CheckedQuery): string {
    return this.#windows(query, `${query.aggregate}("value") AS "value"`, query.windowMs);
  }

  count(query: CheckedQuery): string {
    return `SELECT count("value") AS "value" FROM ${this.#from}${this.#where(query)} GROUP BY "path", "unit"`;
  }

  /** Minimum and maximum of every bucket. */
  extremes(query: CheckedQuery, bucketMs: number): string {
    return this.#windows(query, `min("value") AS "low", max("value") AS "high"`, bucketMs);
  }

  #windows(query: CheckedQuery, select: string, windowMs: number): string {
    const group = `GROUP BY time(${windowMs}ms), "path", "unit" fill(none)`;
    return `SELECT ${select} FROM ${this.#from}${this.#where(query)} ${group}`;
  }

  #where(query: CheckedQuery): string {
    const paths = query.signals.map((signal) =>
      isPattern(signal)
        ? `"path" =~ /${patternSource(signal).replaceAll("/", String.raw`\/`)}/`
        : `"path" = ${literal(signal)}`,
    );
    const range = `time >= ${nanoseconds(query.from)} AND time < ${nanoseconds(query.to)}`;
    return ` WHERE (${paths.join(" OR ")}) AND ${range}`;
  }
}

interface InfluxQlAnswer {
  results?: { error?: string; series?: InfluxQlSeries[] }[];
}

interface InfluxQlSeries {
  tags?: Record<string, string>;
  columns: string[];
  values: unknown[][];
}

/**
 * The rows of an answer, table by table.
 * @throws FplusError `historian.query` with the server's sentence
 */
export function rowsOf(answer: unknown): RowSet[] {
  const { results = [] } = (typeof answer === "string" ? JSON.parse(answer) : answer) as InfluxQlAnswer;
  const fault = results.find((result) => result.error !== undefined)?.error;
  if (fault !== undefined) throw new FplusError("historian.query", fault);
  return results
    .flatMap((result) => result.series ?? [])
    .map(({ tags = {}, columns, values }) => {
      const column = (wanted: string): number => columns.indexOf(wanted);
      return { path: tags["path"] ?? "", unit: tags["unit"] ?? "", column, rows: values };
    });
}
