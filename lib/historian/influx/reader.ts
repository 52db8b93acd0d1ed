import type { CheckedQuery } from "../query.ts";
import { FluxScripts, timeOf } from "./flux.ts";
import { InfluxQl, nanoseconds, rowsOf, seriesIn, tagsOfKey } from "./influxql.ts";
import type { AnswerBuilder } from "./rows.ts";
import type { InfluxServer } from "./server.ts";

/** Samples that are fetched whole for a display; beyond, the server reduces. */
const FETCH_SAMPLES = 200_000;

/** Answers questions from the measurement that holds all signals by their path. */
export interface InfluxReader {
  query(query: CheckedQuery, answer: AnswerBuilder): Promise<void>;
  /** The tags of every series. */
  series(): Promise<Record<string, string>[]>;
}

/** A reduced display fetches all samples where they are few, else one minimum and one maximum a bucket. */
function bucketOf(query: CheckedQuery): number {
  return Math.max(1, Math.ceil((query.to - query.from) / Math.max(1, Math.floor((query.maxPoints ?? 2) / 2))));
}

/** 1.x: InfluxQL. */
export class InfluxQlReader implements InfluxReader {
  readonly #server: InfluxServer;
  readonly #text: InfluxQl;

  constructor(server: InfluxServer, measurement: string) {
    this.#server = server;
    this.#text = new InfluxQl(measurement, server.database.rp);
  }

  async series(): Promise<Record<string, string>[]> {
    const [keys] = seriesIn(await this.#server.influxQl(this.#text.series()));
    return (keys?.values ?? []).map(([key]) => tagsOfKey(String(key)));
  }

  async query(query: CheckedQuery, answer: AnswerBuilder): Promise<void> {
    if (query.maxPoints !== undefined && query.limit === undefined) {
      const counts = rowsOf(await this.#server.influxQl(this.#text.count(query)));
      const total = counts.reduce((sum, set) => sum + Number(set.rows[0]?.[set.column("value")] ?? 0), 0);
      if (total > FETCH_SAMPLES) return await this.#extremes(query, answer);
    }
    const text = query.aggregate === "raw" ? this.#text.raw(query) : this.#text.aggregate(query);
    for (const set of rowsOf(await this.#server.influxQl(text))) {
      const [time, value, texts, status] = ["time", "value", "text", "status"].map(set.column) as [
        number,
        number,
        number,
        number,
      ];
      for (const row of set.rows) {
        answer.add(set.path, set.unit, {
          time: Number(row[time]) / 1e6,
          value: numberOf(row[value]),
          text: typeof row[texts] === "string" ? row[texts] : null,
          status: Number(row[status] ?? 0),
        });
      }
    }
  }

  async #extremes(query: CheckedQuery, answer: AnswerBuilder): Promise<void> {
    const width = bucketOf(query);
    for (const set of rowsOf(await this.#server.influxQl(this.#text.extremes(query, width)))) {
      for (const row of set.rows) {
        const time = Number(row[set.column("time")]) / 1e6;
        for (const [at, name] of [
          [time, "low"],
          [time + width / 2, "high"],
        ] as const) {
          answer.add(set.path, set.unit, { time: at, value: numberOf(row[set.column(name)]), text: null, status: 0 });
        }
      }
    }
  }
}

/** 2.x: Flux. */
export class FluxReader implements InfluxReader {
  readonly #server: InfluxServer;
  readonly #text: FluxScripts;

  constructor(server: InfluxServer, bucket: string, measurement: string) {
    this.#server = server;
    this.#text = new FluxScripts(bucket, measurement);
  }

  async series(): Promise<Record<string, string>[]> {
    return await this.#server.flux(this.#text.series(), (values, table) =>
      Object.fromEntries(
        table.columns.map(({ label }) => [label, textOf(table.get(values, label))]).filter(([, value]) => value !== ""),
      ),
    );
  }

  async query(query: CheckedQuery, answer: AnswerBuilder): Promise<void> {
    // Flux takes an empty range for a mistake.
    if (nanoseconds(query.from) === nanoseconds(query.to)) return;
    if (query.maxPoints !== undefined && query.limit === undefined) {
      const counts = await this.#server.flux(this.#text.count(query), (values, table) =>
        Number(table.get(values, "_value")),
      );
      if (counts.reduce((sum, count) => sum + count, 0) > FETCH_SAMPLES) return await this.#extremes(query, answer);
    }
    if (query.aggregate !== "raw") {
      // A server may cut the first window at the start of the range; ours are always aligned to the epoch.
      const align = (time: number): number => Math.floor(time / query.windowMs) * query.windowMs;
      await this.#numbers(this.#text.aggregate(query), answer, align);
      return;
    }
    // The fields of a sample come in tables of their own and are joined by path, unit and time.
    const samples = new Map<
      string,
      { path: string; unit: string; time: number; value: number; text: string | null; status: number }
    >();
    await this.#server.flux(this.#text.raw(query), (values, table) => {
      const row = table.toObject(values) as Record<string, unknown>;
      const key = `${textOf(row["path"])}\n${textOf(row["unit"])}\n${textOf(row["_time"])}`;
      let sample = samples.get(key);
      if (sample === undefined) {
        const time = timeOf(textOf(row["_time"]));
        const fresh = { path: textOf(row["path"]), unit: textOf(row["unit"]), time };
        samples.set(key, (sample = { ...fresh, value: Number.NaN, text: null, status: 0 }));
      }
      if (row["_field"] === "value") sample.value = numberOf(row["_value"]);
      else if (row["_field"] === "text") sample.text = lineBreaks(textOf(row["_value"]));
      else sample.status = Number(row["_value"]);
      return undefined;
    });
    for (const { path, unit, ...sample } of samples.values()) answer.add(path, unit, sample);
  }

  async #extremes(query: CheckedQuery, answer: AnswerBuilder): Promise<void> {
    const width = bucketOf(query);
    await this.#numbers(this.#text.extreme(query, width, "min"), answer, (time) => time);
    await this.#numbers(this.#text.extreme(query, width, "max"), answer, (time) => time + width / 2);
  }

  async #numbers(script: string, answer: AnswerBuilder, place: (time: number) => number): Promise<void> {
    await this.#server.flux(script, (values, table) => {
      const row = table.toObject(values) as Record<string, unknown>;
      const time = place(timeOf(textOf(row["_time"])));
      answer.add(textOf(row["path"]), textOf(row["unit"]), {
        time,
        value: numberOf(row["_value"]),
        text: null,
        status: 0,
      });
      return undefined;
    });
  }
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The server's CSV writes every line break in a text as two characters. */
function lineBreaks(text: string): string {
  return text.replaceAll("\r\n", "\n");
}
