import { messageOf } from "../../errors/index.ts";
import type { CheckedQuery } from "../query.ts";
import { type RollUp, windowText } from "../rollup.ts";
import type { AnswerBuilder } from "./rows.ts";

/** What a server keeps, and for how long. */
export interface InfluxRetention {
  /** Days that the server keeps samples, as it was told to; 0 = as it has it. */
  readonly days: number;
  readonly rollUps: readonly RollUp[];
}

/** How one kind of server makes roll-ups and answers from them; when, and of what, is the same for all. */
export interface RollUpMaker {
  /** Makes the places of roll-ups, and sets how long they and the samples are kept. */
  prepare(retention: InfluxRetention): Promise<void>;
  /** Start of the newest window that is there. */
  lastWindow(windowMs: number): Promise<number | undefined>;
  /** Time of the oldest sample, in milliseconds. */
  firstSample(): Promise<number | undefined>;
  /** How many windows to make in one go, next. */
  windowsAtOnce(): Promise<number>;
  /** Makes the windows of from … to (exclusive); to make one twice changes nothing. */
  make(windowMs: number, from: number, to: number): Promise<void>;
  /** Answers a range of whole windows from the roll-up of that width. */
  read(width: number, query: CheckedQuery, answer: AnswerBuilder): Promise<void>;
}

const TICK_MS = 15_000;
/** A window is made this long after its end. */
const LAG_MS = 10_000;
/** What may have come late while nobody looked is made again at a start. */
const LOOK_BACK_MS = 86_400_000;
const DAY_MS = 86_400_000;
/** A range of so many rolled-up windows is read from them. */
const LONG_WINDOWS = 2000;

/**
 * Roll-ups on an InfluxDB, kept from here: unlike a continuous query or a task of the server this catches up after a stop and follows
 * late samples. Several processes may do the same, for a window that is made twice is the same window.
 */
export class InfluxRollUps {
  readonly #maker: () => RollUpMaker;
  readonly #retention: () => InfluxRetention;
  /** Up to when windows are made, by width. */
  readonly #done = new Map<number, number>();
  #late = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;
  #isPrepared = false;
  #fault = "";

  /** @param maker for the server that answers now: it may come back as another release */
  constructor(maker: () => RollUpMaker, retention: () => InfluxRetention) {
    this.#maker = maker;
    this.#retention = retention;
  }

  /** Why the last round failed; empty when it did not. */
  get fault(): string {
    return this.#fault;
  }

  /** Begins to make windows, now and every 15 s; safe to repeat. */
  start(): void {
    const { days, rollUps } = this.#retention();
    if (this.#timer !== undefined || (days <= 0 && rollUps.length === 0)) return;
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
    this.#tick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
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

  /** Makes every window that has ended. @throws FplusError `historian.query`, `historian.unreachable` */
  async step(nowMs: number): Promise<void> {
    const { days, rollUps } = this.#retention();
    const late = this.#late;
    this.#late = Number.POSITIVE_INFINITY;
    try {
      if (!this.#isPrepared) await this.#maker().prepare(this.#retention());
      this.#isPrepared = true;
      const horizon = days > 0 ? nowMs - days * DAY_MS : Number.NEGATIVE_INFINITY;
      for (const { windowMs } of rollUps) await this.#make(windowMs, nowMs, horizon, late);
    } catch (error) {
      this.#isPrepared = false;
      this.#late = Math.min(this.#late, late);
      throw error;
    }
  }

  async #make(windowMs: number, nowMs: number, horizon: number, late: number): Promise<void> {
    const done = this.#done.get(windowMs);
    const first = done ?? (await this.#firstToMake(windowMs));
    if (first === undefined) return;
    const floor = (ms: number): number => Math.floor(ms / windowMs) * windowMs;
    const end = floor(nowMs - LAG_MS);
    // Windows whose samples are partly deleted stay as they are.
    const begin = Math.max(floor(Math.min(first, late)), Math.ceil(horizon / windowMs) * windowMs);
    for (let from = begin; from < end && !this.#stopped;) {
      const to = Math.min(end, from + windowMs * (await this.#maker().windowsAtOnce()));
      await this.#maker().make(windowMs, from, to);
      from = to;
    }
    if (!this.#stopped) this.#done.set(windowMs, Math.max(end, done ?? end));
  }

  /** After a start: a day before the last window that is there, or the first sample. */
  async #firstToMake(windowMs: number): Promise<number | undefined> {
    const last = await this.#maker().lastWindow(windowMs);
    return last === undefined ? await this.#maker().firstSample() : last + windowMs - LOOK_BACK_MS;
  }

  /**
   * Answers the whole windows of a long range, or of one whose samples are gone, from a roll-up.
   * @returns the part of the range that is answered, or undefined
   */
  async read(query: CheckedQuery, answer: AnswerBuilder): Promise<{ from: number; to: number } | undefined> {
    const { windowMs, from, to, aggregate } = query;
    if (aggregate === "raw") return undefined;
    const { days } = this.#retention();
    const gone = days > 0 && from < Date.now() - days * DAY_MS;
    const [width, done] =
      [...this.#done]
        .filter(([each]) => windowMs % each === 0 && (gone || to - from >= LONG_WINDOWS * each))
        .sort(([a], [b]) => b - a)[0] ?? [];
    if (width === undefined || done === undefined) return undefined;
    const part = {
      from: Math.ceil(from / windowMs) * windowMs,
      to: Math.floor(Math.min(to, done) / windowMs) * windowMs,
    };
    if (part.from >= part.to) return undefined;
    await this.#maker().read(width, { ...query, ...part }, answer);
    return part;
  }
}

/** Name of the measurement that holds the roll-up of another: `sensors_5m`. */
export function rolledMeasurement(measurement: string, windowMs: number): string {
  return `${measurement}_${windowText(windowMs)}`;
}

/** Whether a measurement holds roll-ups of another. */
export function isRolledOf(measurement: string, name: string): boolean {
  return name.startsWith(`${measurement}_`) && /^\d+[smhd]$/.test(name.slice(measurement.length + 1));
}

/** What every window holds. */
export const ROLLED_FIELDS = ["count", "sum", "min", "max", "first", "last", "mean"] as const;

/** An aggregate of samples as aggregates of their windows: the quotient of two where there is a second. */
export function rolledAggregates(
  aggregate: CheckedQuery["aggregate"],
): readonly (readonly [aggregate: "sum" | "min" | "max" | "first" | "last", field: string])[] {
  switch (aggregate) {
    case "raw":
      return [];
    case "mean":
      return [
        ["sum", "sum"],
        ["sum", "count"],
      ];
    case "count":
      return [["sum", "count"]];
    default:
      return [[aggregate, aggregate]];
  }
}
