import { messageOf } from "../../errors/index.ts";
import type { CheckedQuery } from "../query.ts";
import { type RollUp, windowText } from "../rollup.ts";
import type { Aggregate } from "../types.ts";
import { InfluxQl, quotedName, seriesIn } from "./influxql.ts";
import type { AnswerBuilder } from "./rows.ts";
import type { InfluxServer } from "./server.ts";

/** What a server keeps, and for how long. */
export interface InfluxRetention {
  /** Days that samples are kept; 0 = as the server has it. */
  readonly days: number;
  readonly rollUps: readonly RollUp[];
}

const TICK_MS = 15_000;
/** A window is made this long after its end. */
const LAG_MS = 10_000;
/** What may have come late while nobody looked is made again at a start. */
const LOOK_BACK_MS = 86_400_000;
const WINDOWS_A_STATEMENT = 2000;
const DAY_MS = 86_400_000;
/** A range of so many rolled-up windows is read from them. */
const LONG_WINDOWS = 2000;
const FIELDS = ["count", "sum", "min", "max", "first", "last", "mean"] as const;

/**
 * Roll-ups on an InfluxDB 1.x: measurement `sensors_5m` in the retention policy `rollup_5m`, made by the server itself with SELECT INTO.
 * Unlike a continuous query of the server this catches up after a stop and follows late samples; to make a window twice changes nothing.
 */
export class InfluxRollUps {
  readonly #server: InfluxServer;
  readonly #measurement: string;
  readonly #retention: InfluxRetention;
  /** Up to when windows are made, by width. */
  readonly #done = new Map<number, number>();
  #late = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #fault = "";

  constructor(server: InfluxServer, measurement: string, retention: InfluxRetention) {
    this.#server = server;
    this.#measurement = measurement;
    this.#retention = retention;
  }

  /** Why the last round failed; empty when it did not. */
  get fault(): string {
    return this.#fault;
  }

  /** Begins to make windows, now and every 15 s; safe to repeat. */
  start(): void {
    const { days, rollUps } = this.#retention;
    if (this.#timer !== undefined || (days <= 0 && rollUps.length === 0)) return;
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
    this.#tick();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** Samples from that time on were written: windows that were made already are made again. */
  noteWritten(oldestMs: number): void {
    if (oldestMs < Math.max(Number.NEGATIVE_INFINITY, ...this.#done.values()))
      this.#late = Math.min(this.#late, oldestMs);
  }

  #tick(): void {
    this.#running ??= this.step(Date.now())
      .then(
        () => (this.#fault = ""),
        (error: unknown) => (this.#fault = messageOf(error)),
      )
      .then(() => (this.#running = undefined));
  }

  /** Sets the policies and makes every window that has ended. @throws FplusError `historian.query`, `historian.unreachable` */
  async step(nowMs: number): Promise<void> {
    const { days, rollUps } = this.#retention;
    const { rp = "autogen" } = this.#server.database;
    const late = this.#late;
    this.#late = Number.POSITIVE_INFINITY;
    try {
      if (this.#done.size < rollUps.length) await this.#setPolicies(rp);
      const horizon = days > 0 ? nowMs - days * DAY_MS : Number.NEGATIVE_INFINITY;
      for (const { windowMs } of rollUps) await this.#make(windowMs, rp, nowMs, horizon, late);
    } catch (error) {
      this.#late = Math.min(this.#late, late);
      throw error;
    }
  }

  async #setPolicies(rp: string): Promise<void> {
    const { days, rollUps } = this.#retention;
    const database = quotedName(this.#server.database.db);
    const run = async (text: string): Promise<void> => void seriesIn(await this.#server.influxQl(text, "POST"));
    if (days > 0) await run(`ALTER RETENTION POLICY ${quotedName(rp)} ON ${database} ${durationOf(days)}`);
    for (const { windowMs, keepDays } of rollUps) {
      const policy = `RETENTION POLICY ${quotedName(policyOf(windowMs))} ON ${database}`;
      const duration = durationOf(keepDays);
      await run(`CREATE ${policy} ${duration.replace(" SHARD", " REPLICATION 1 SHARD")}`).catch(() =>
        run(`ALTER ${policy} ${duration}`),
      );
    }
  }

  async #make(windowMs: number, rp: string, nowMs: number, horizon: number, late: number): Promise<void> {
    const target = this.#place(windowMs);
    const done = this.#done.get(windowMs);
    const first = done ?? (await this.#firstToMake(windowMs, target, rp));
    if (first === undefined) return;
    const floor = (ms: number): number => Math.floor(ms / windowMs) * windowMs;
    const end = floor(nowMs - LAG_MS);
    // Windows whose samples are partly deleted stay as they are.
    const begin = Math.max(floor(Math.min(first, late)), Math.ceil(horizon / windowMs) * windowMs);
    const source = `${quotedName(rp)}.${quotedName(this.#measurement)}`;
    const fields = FIELDS.map((name) => `${name}("value") AS ${quotedName(name)}`).join(", ");
    for (let from = begin; from < end; from += windowMs * WINDOWS_A_STATEMENT) {
      const to = Math.min(end, from + windowMs * WINDOWS_A_STATEMENT);
      const where = `time >= ${from}000000 AND time < ${to}000000`;
      const group = `GROUP BY time(${windowMs}ms), * fill(none)`;
      seriesIn(
        await this.#server.influxQl(`SELECT ${fields} INTO ${target} FROM ${source} WHERE ${where} ${group}`, "POST"),
      );
    }
    this.#done.set(windowMs, Math.max(end, done ?? end));
  }

  /** After a start: a day before the last window that is there, or the first sample. */
  async #firstToMake(windowMs: number, target: string, rp: string): Promise<number | undefined> {
    const last = await this.#timeOf(`SELECT last("count") FROM ${target}`);
    if (last !== undefined) return last + windowMs - LOOK_BACK_MS;
    return await this.#timeOf(`SELECT first("value") FROM ${quotedName(rp)}.${quotedName(this.#measurement)}`);
  }

  async #timeOf(statement: string): Promise<number | undefined> {
    const [series] = seriesIn(await this.#server.influxQl(statement));
    const time = series?.values[0]?.[0];
    return time === undefined ? undefined : Number(time) / 1e6;
  }

  #place(windowMs: number): string {
    return `${quotedName(policyOf(windowMs))}.${quotedName(`${this.#measurement}_${windowText(windowMs)}`)}`;
  }

  /**
   * Answers the whole windows of a long range, or of one whose samples are gone, from a roll-up.
   * @returns the part of the range that is answered, or undefined
   */
  async read(query: CheckedQuery, answer: AnswerBuilder): Promise<{ from: number; to: number } | undefined> {
    const { windowMs, from, to, aggregate } = query;
    const fits = [...this.#done].filter(([width]) => windowMs % width === 0).sort(([a], [b]) => b - a);
    const [width, done] = fits[0] ?? [];
    if (width === undefined || done === undefined || aggregate === "raw") return undefined;
    const gone = this.#retention.days > 0 && from < Date.now() - this.#retention.days * DAY_MS;
    const part = {
      from: Math.ceil(from / windowMs) * windowMs,
      to: Math.floor(Math.min(to, done) / windowMs) * windowMs,
    };
    if (part.from >= part.to || !(gone || to - from >= LONG_WINDOWS * width)) return undefined;
    const text = new InfluxQl(`${this.#measurement}_${windowText(width)}`, policyOf(width));
    const statement = text.rolled({ ...query, ...part }, selectOf(aggregate));
    for (const { tags = {}, values } of seriesIn(await this.#server.influxQl(statement))) {
      for (const [time, value, count] of values) {
        const shown = aggregate === "mean" ? Number(value) / Number(count) : Number(value);
        answer.add(tags["path"] ?? "", tags["unit"] ?? "", {
          time: Number(time) / 1e6,
          value: shown,
          text: null,
          status: 0,
        });
      }
    }
    return part;
  }
}

/** A duration with the shards that the server itself would choose for it: one as long as before could outlast it. */
function durationOf(days: number): string {
  if (days <= 0) return "DURATION INF SHARD DURATION 7d";
  return `DURATION ${days}d SHARD DURATION ${days < 2 ? "1h" : days <= 180 ? "1d" : "7d"}`;
}

function policyOf(windowMs: number): string {
  return `rollup_${windowText(windowMs)}`;
}

/** An aggregate of samples as one of their statistics. */
function selectOf(aggregate: Exclude<Aggregate, "raw">): string {
  if (aggregate === "mean") return `sum("sum"), sum("count")`;
  if (aggregate === "sum" || aggregate === "count") return `sum(${quotedName(aggregate)})`;
  return `${aggregate}(${quotedName(aggregate)})`;
}
