import { FplusError } from "../../errors/index.ts";
import { isPattern, patternSource } from "../pattern.ts";
import type { CheckedQuery } from "../query.ts";
import type { RowSet } from "./rows.ts";

/** A string literal of InfluxQL. */
export function literal(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`).replaceAll("\n", String.raw`\n`)}'`;
}

/** An identifier of InfluxQL. */
export function quotedName(text: string): string {
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
  readonly #measurement: string;
  readonly #from: string;

  constructor(measurement: string, rp: string | undefined) {
    this.#measurement = measurement;
    this.#from = rp === undefined ? quotedName(measurement) : `${quotedName(rp)}.${quotedName(measurement)}`;
  }

  /** All series, as keys that begin with the measurement; a retention policy has no list of its own. */
  series(): string {
    return `SHOW SERIES FROM ${quotedName(this.#measurement)}`;
  }

  raw(query: CheckedQuery): string {
    const newest = query.limit === undefined ? "" : ` ORDER BY time DESC LIMIT ${query.limit}`;
    return `SELECT "value", "text", "status" FROM ${this.#from}${this.#where(query)} GROUP BY "path", "unit"${newest}`;
  }

  aggregate(query: CheckedQuery): string {
    return this.#windows(query, `${query.aggregate}("value") AS "value"`, query.windowMs);
  }

  /** Windows of a roll-up. */
  rolled(query: CheckedQuery, select: string): string {
    return this.#windows(query, select, query.windowMs);
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
      isPattern(signal) ? `"path" =~ /${regular(signal)}/` : `"path" = ${literal(signal)}`,
    );
    const tags = Object.entries(query.tags).map(([tag, text]) =>
      isPattern(text) ? `${quotedName(tag)} =~ /${regular(text)}/` : `${quotedName(tag)} = ${literal(text)}`,
    );
    const range = `time >= ${nanoseconds(query.from)} AND time < ${nanoseconds(query.to)}`;
    return ` WHERE ${[`(${paths.join(" OR ")})`, ...tags, range].join(" AND ")}`;
  }
}

/** A pattern between the slashes of a regular expression. */
function regular(pattern: string): string {
  return patternSource(pattern).replaceAll("/", String.raw`\/`);
}

/** One table of the server's answer; times in the precision that was asked for. */
export interface AnsweredSeries {
  readonly name: string;
  readonly tags?: Record<string, string>;
  readonly columns: string[];
  readonly values: unknown[][];
}

/** The answer to one statement. */
export interface AnsweredStatement {
  readonly error?: string;
  readonly series?: AnsweredSeries[];
}

/**
 * The tables of a statement's answer.
 * @throws FplusError `historian.query` with the server's sentence
 */
export function seriesIn(answer: AnsweredStatement | undefined): AnsweredSeries[] {
  if (answer?.error !== undefined) throw new FplusError("historian.query", answer.error);
  return answer?.series ?? [];
}

/** The rows of a statement's answer about signals, table by table. @throws FplusError `historian.query` */
export function rowsOf(answer: AnsweredStatement | undefined): RowSet[] {
  return seriesIn(answer).map(({ tags = {}, columns, values }) => {
    const column = (wanted: string): number => columns.indexOf(wanted);
    return { path: tags["path"] ?? "", unit: tags["unit"] ?? "", column, rows: values };
  });
}

/** The tags of a series' key as the server lists it: `measurement,tag=value`, with its escapes. */
export function tagsOfKey(key: string): Record<string, string> {
  const plain = (text: string): string => text.replaceAll(/\\([,= ])/g, "$1");
  const parts = key.match(/(?:[^\\,]|\\.|\\$)+/gs) ?? [];
  const pairs = parts.slice(1).map((part) => {
    const [, name = "", value = ""] = /^((?:[^\\=]|\\.)*)=(.*)$/s.exec(part) ?? [];
    return [plain(name), plain(value)] as const;
  });
  return Object.fromEntries(pairs);
}
