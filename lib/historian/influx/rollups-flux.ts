import { FplusError } from "../../errors/index.ts";
import type { CheckedQuery } from "../query.ts";
import { windowText } from "../rollup.ts";
import { headText } from "./escape.ts";
import { FluxScripts, timeOf } from "./flux.ts";
import { type InfluxRetention, rolledAggregates, rolledMeasurement, type RollUpMaker } from "./rollups.ts";
import type { AnswerBuilder } from "./rows.ts";
import type { InfluxServer } from "./server.ts";

/** Lines made in one go, all of them in memory: at first, and at most. */
const FIRST_LINES = 500;
const MOST_LINES = 20_000;
const MOST_WINDOWS = 2000;
/** A request that is quicker is followed by a larger one, one that is slower or fails by a smaller one: servers differ a hundredfold. */
const QUICK_MS = 1000;
const SLOW_MS = 3000;

/** A window of one series in the making. */
interface Window {
  readonly head: string;
  readonly time: number;
  readonly fields: Record<string, number>;
}

/**
 * Roll-ups on InfluxDB 2: measurement `sensors_5m` in the bucket `<bucket>_rollup_5m`. The server sums up with Flux, and the windows are
 * written back from here: so nothing is asked of the server but to read and to write, and a window that is made again replaces itself.
 */
export class FluxRollUps implements RollUpMaker {
  readonly #server: InfluxServer;
  readonly #bucket: string;
  readonly #measurement: string;
  readonly #samples: FluxScripts;
  /** Series that a window may have, as far as was seen. */
  #series = 0;
  #linesAtOnce = FIRST_LINES;

  constructor(server: InfluxServer, bucket: string, measurement: string) {
    this.#server = server;
    this.#bucket = bucket;
    this.#measurement = measurement;
    this.#samples = new FluxScripts(bucket, measurement);
  }

  /** How long the samples are kept is the matter of their bucket. */
  async prepare({ rollUps }: InfluxRetention): Promise<void> {
    for (const { windowMs, keepDays } of rollUps) {
      await this.#server.ensureBucket({ name: this.#place(windowMs), retentionDays: keepDays, mayChange: true });
    }
  }

  async lastWindow(windowMs: number): Promise<number | undefined> {
    const times = await this.#times(this.#rolled(windowMs).ends("last", "count"));
    return times.length === 0 ? undefined : Math.max(...times);
  }

  async firstSample(): Promise<number | undefined> {
    const times = await this.#times(this.#samples.ends("first", "value"));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #times(script: string): Promise<number[]> {
    return this.#server.flux(script, (values, table) => timeOf(String(table.get(values, "_time"))));
  }

  async windowsAtOnce(): Promise<number> {
    if (this.#series === 0) this.#series = (await this.#server.flux(this.#samples.series(), () => 1)).length;
    return Math.max(1, Math.min(MOST_WINDOWS, Math.floor(this.#linesAtOnce / Math.max(1, this.#series))));
  }

  async make(windowMs: number, from: number, to: number): Promise<void> {
    const started = performance.now();
    let took = Number.POSITIVE_INFINITY;
    try {
      const windows = await this.#statistics(windowMs, from, to);
      took = performance.now() - started;
      await this.#write(windowMs, windows);
      this.#series = Math.max(this.#series, Math.ceil((windows.length * windowMs) / (to - from)));
    } finally {
      if (took < QUICK_MS) this.#linesAtOnce = Math.min(MOST_LINES, this.#linesAtOnce * 2);
      else if (took > SLOW_MS) this.#linesAtOnce = Math.ceil(this.#linesAtOnce / 2);
    }
  }

  async #statistics(windowMs: number, from: number, to: number): Promise<Window[]> {
    const measurement = rolledMeasurement(this.#measurement, windowMs);
    const windows = new Map<string, Window>();
    await this.#server.flux(this.#samples.statistics(windowMs, from, to), (values, table) => {
      const row = table.toObject(values) as Record<string, unknown>;
      const time = Math.floor(timeOf(String(row["_time"])) / windowMs) * windowMs;
      // The range of a 1.8 includes its end.
      if (time >= to) return undefined;
      const head = headText({ measurement, tags: tagsOf(row) });
      const key = `${head} ${time}`;
      let window = windows.get(key);
      if (window === undefined) windows.set(key, (window = { head, time, fields: {} }));
      window.fields[String(row["result"])] = Number(row["_value"]);
      return undefined;
    });
    return [...windows.values()];
  }

  async #write(windowMs: number, windows: readonly Window[]): Promise<void> {
    if (windows.length === 0) return;
    const refusal = await this.#server.write(Buffer.from(windows.map(lineOf).join("")), this.#place(windowMs));
    if (refusal !== undefined) throw new FplusError("historian.rejected", refusal.message);
  }

  async read(width: number, query: CheckedQuery, answer: AnswerBuilder): Promise<void> {
    const scripts = this.#rolled(width);
    const [numbers = new Map<string, Rolled>(), divisors] = await Promise.all(
      rolledAggregates(query.aggregate).map(([of, field]) => this.#numbers(scripts.rolled(query, of, field), query)),
    );
    for (const [key, { path, unit, time, value }] of numbers) {
      const divisor = divisors === undefined ? 1 : (divisors.get(key)?.value ?? Number.NaN);
      answer.add(path, unit, { time, value: value / divisor, text: null, status: 0 });
    }
  }

  async #numbers(script: string, { windowMs }: CheckedQuery): Promise<Map<string, Rolled>> {
    const found = new Map<string, Rolled>();
    await this.#server.flux(script, (values, table) => {
      const { _time, _value, path = "", unit = "" } = table.toObject(values) as Record<string, string | number>;
      const time = Math.floor(timeOf(String(_time)) / windowMs) * windowMs;
      found.set(`${time}\n${unit}\n${path}`, { path: String(path), unit: String(unit), time, value: Number(_value) });
      return undefined;
    });
    return found;
  }

  #rolled(windowMs: number): FluxScripts {
    return new FluxScripts(this.#place(windowMs), rolledMeasurement(this.#measurement, windowMs));
  }

  #place(windowMs: number): string {
    return `${this.#bucket}_rollup_${windowText(windowMs)}`;
  }
}

/** One window of an answer. */
interface Rolled {
  readonly path: string;
  readonly unit: string;
  readonly time: number;
  readonly value: number;
}

/** The tags among the columns of a table. */
function tagsOf(row: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(row).filter(
    (entry): entry is [string, string] =>
      typeof entry[1] === "string" && !entry[0].startsWith("_") && entry[0] !== "result" && entry[0] !== "table",
  );
}

function lineOf({ head, time, fields }: Window): string {
  const { count = 0, sum = 0 } = fields;
  const numbers = Object.entries({ ...fields, mean: sum / count }).filter(([name]) => name !== "count");
  const parts = numbers.filter(([, value]) => Number.isFinite(value)).map(([name, value]) => `,${name}=${value}`);
  return `${head} count=${count}i${parts.join("")} ${time}000000\n`;
}
