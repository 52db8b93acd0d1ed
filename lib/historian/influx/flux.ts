import { isPattern, patternSource } from "../pattern.ts";
import type { CheckedQuery } from "../query.ts";
import { nanoseconds } from "./influxql.ts";

/** A string literal of Flux; `${` would start an interpolation. */
function literal(text: string): string {
  const escaped = text.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll("${", String.raw`\${`);
  return `"${escaped
    .replaceAll("\n", String.raw`\n`)
    .replaceAll("\r", String.raw`\r`)
    .replaceAll("\t", String.raw`\t`)}"`;
}

const STATISTICS = ["count", "sum", "min", "max", "first", "last"] as const;

/** The scripts for a 2.x server. */
export class FluxScripts {
  readonly #bucket: string;
  readonly #measurement: string;

  constructor(bucket: string, measurement: string) {
    this.#bucket = literal(bucket);
    this.#measurement = literal(measurement);
  }

  /** One row a series, with its tags. */
  series(): string {
    return `from(bucket: ${this.#bucket})
  |> range(start: time(v: 0))
  |> filter(fn: (r) => r._measurement == ${this.#measurement})
  |> last()
  |> drop(columns: ["_time", "_value", "_start", "_stop"])`;
  }

  /** The first or last time of every series. */
  ends(which: "first" | "last", field: string): string {
    return `from(bucket: ${this.#bucket})
  |> range(start: time(v: 0))
  |> filter(fn: (r) => r._measurement == ${this.#measurement} and r._field == ${literal(field)})
  |> ${which}()
  |> keep(columns: ["_time"])`;
  }

  /**
   * The statistics of every window of every series with all its tags, each as a result of its name. Nothing stands between the filter and
   * the windows, so that a 2.x sums up where its samples lie.
   */
  statistics(windowMs: number, from: number, to: number): string {
    const results = STATISTICS.map(
      (name) => `samples
  |> aggregateWindow(every: ${windowMs}ms, fn: ${name}, createEmpty: false, timeSrc: "_start")
  |> yield(name: "${name}")`,
    );
    return `samples = from(bucket: ${this.#bucket})
  |> range(start: time(v: ${nanoseconds(from)}), stop: time(v: ${nanoseconds(to)}))
  |> filter(fn: (r) => r._measurement == ${this.#measurement} and r._field == "value")
${results.join("\n")}`;
  }

  /** An aggregate of one field of a roll-up's windows. */
  rolled(query: CheckedQuery, aggregate: string, field: string): string {
    return `${this.#values(query, field)}
  |> aggregateWindow(every: ${query.windowMs}ms, fn: ${aggregate}, createEmpty: false, timeSrc: "_start")`;
  }

  raw(query: CheckedQuery): string {
    const fields = `r._field == "value" or r._field == "text" or r._field == "status"`;
    const newest =
      query.limit === undefined ? "" : `\n  |> sort(columns: ["_time"], desc: true)\n  |> limit(n: ${query.limit})`;
    return `${this.#source(query, fields)}
  |> keep(columns: ["_time", "_value", "_field", "path", "unit"])${newest}`;
  }

  aggregate(query: CheckedQuery): string {
    return `${this.#values(query)}
  |> aggregateWindow(every: ${query.windowMs}ms, fn: ${query.aggregate}, createEmpty: false, timeSrc: "_start")`;
  }

  count(query: CheckedQuery): string {
    return `${this.#values(query)}\n  |> count()`;
  }

  /** Minimum or maximum of every bucket. */
  extreme(query: CheckedQuery, bucketMs: number, which: "min" | "max"): string {
    return `${this.#values(query)}
  |> aggregateWindow(every: ${bucketMs}ms, fn: ${which}, createEmpty: false, timeSrc: "_start")`;
  }

  #values(query: CheckedQuery, field = "value"): string {
    return `${this.#source(query, `r._field == "${field}"`)}
  |> keep(columns: ["_time", "_value", "path", "unit"])
  |> sort(columns: ["_time"])`;
  }

  /** The second filter is for 1.8, whose range includes its end. */
  #source(query: CheckedQuery, fields: string): string {
    const paths = query.signals.map((signal) =>
      isPattern(signal)
        ? `r.path =~ /${patternSource(signal).replaceAll("/", String.raw`\/`)}/`
        : `r.path == ${literal(signal)}`,
    );
    const tags = Object.entries(query.tags).map(([tag, text]) =>
      isPattern(text)
        ? ` and r[${literal(tag)}] =~ /${patternSource(text).replaceAll("/", String.raw`\/`)}/`
        : ` and r[${literal(tag)}] == ${literal(text)}`,
    );
    const stop = `time(v: ${nanoseconds(query.to)})`;
    const range = `start: time(v: ${nanoseconds(query.from)}), stop: ${stop}`;
    return `from(bucket: ${this.#bucket})
  |> range(${range})
  |> filter(fn: (r) => r._measurement == ${this.#measurement} and (${paths.join(" or ")})${tags.join("")} and (${fields}))
  |> filter(fn: (r) => r._time < ${stop})`;
  }
}

/** An RFC 3339 time as milliseconds, with the fraction that `Date` leaves out. */
export function timeOf(text: string): number {
  const fraction = /\.(\d+)/.exec(text)?.[1]?.padEnd(9, "0") ?? "000000000";
  return Date.parse(text.replace(/\.\d+/, "")) + Number(fraction) / 1e6;
}
