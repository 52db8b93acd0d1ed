import type { PartHealth } from "../../health/index.ts";
import type { SampleBatch } from "../../sample/index.ts";
import { FplusError, messageOf } from "../../errors/index.ts";
import { filled } from "../fill.ts";
import { AnswerBuilder } from "../influx/rows.ts";
import type { InfluxQlAnswer } from "../influxql/answer.ts";
import { pathMatcher } from "../pattern.ts";
import { checkQuery, type CheckedQuery } from "../query.ts";
import { signalMatcher } from "../selection.ts";
import type {
  HistorianQuery,
  HistorianSeries,
  HistorianStore,
  SamplesPart,
  StoredSignal,
  WriteReceipt,
} from "../types.ts";
import { WindowGatherer } from "../window.ts";
import { type ArchivedMonth, type MonthArchive, monthRange } from "./archive.ts";

const CHECK_MS = 6 * 3_600_000;
const FIRST_CHECK_MS = 60_000;
/** How often a month is read again because samples of it came meanwhile. */
const MAX_TURNS = 5;

/** What a store is to keep, and where the rest goes. */
export interface ArchivedOptions {
  readonly store: HistorianStore;
  readonly archive: MonthArchive;
  /** Whole months that stay in the store beside the current one; 0 or left out = months go only when told to. */
  readonly keepMonths?: number;
  /** In the place of closing the store, where others use it too. */
  readonly release?: () => Promise<void>;
}

/** A month that is on its way out of the store, and whether samples of it have come since it was read. */
interface Moving {
  readonly from: number;
  readonly to: number;
  isLate: boolean;
  /** While the store deletes it, such samples wait. */
  removal: Promise<void> | undefined;
  readonly done: PromiseWithResolvers<void>;
}

/**
 * A historian whose old months lie in an object store: questions are answered from both, what is written goes to the store, and late
 * samples of an archived month stay there until the month is archived again. InfluxQL and Flux see the store alone.
 */
export class ArchivedHistorian implements HistorianStore {
  readonly kind: HistorianStore["kind"];
  readonly store: HistorianStore;
  readonly #archive: MonthArchive;
  readonly #keepMonths: number;
  readonly #release: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  readonly #writes = new Set<Promise<WriteReceipt>>();
  #moving: Moving | undefined;
  #fault = "";
  #checked = false;
  #months = 0;
  #samples = 0;
  #bytes = 0;

  constructor(options: ArchivedOptions) {
    this.store = options.store;
    this.kind = options.store.kind;
    this.#archive = options.archive;
    this.#keepMonths = options.keepMonths ?? 0;
    this.#release = options.release ?? (() => options.store.close());
  }

  async open(): Promise<void> {
    await this.store.open();
    if (this.#keepMonths > 0) this.#timer ??= setTimeout(() => this.#check(), FIRST_CHECK_MS).unref();
  }

  async write(batch: SampleBatch): Promise<WriteReceipt> {
    const moving = this.#moving;
    if (moving !== undefined && reaches(batch, moving)) {
      moving.isLate = true;
      await moving.removal?.catch(() => undefined);
    }
    const written = this.store.write(batch);
    this.#writes.add(written);
    try {
      return await written;
    } finally {
      this.#writes.delete(written);
    }
  }

  /**
   * Moves a month (`2026-01`) into the archive and deletes it from the store. Samples of it that are written through this historian
   * meanwhile are moved too.
   * @returns the month as it is archived, or undefined where the store holds nothing of it
   * @throws FplusError `historian.copy` where they do not stop; the month is then in both
   */
  async archive(month: string): Promise<ArchivedMonth | undefined> {
    const range = monthRange(month);
    // One after the other: each watches over one range.
    while (this.#moving !== undefined) await this.#moving.done.promise;
    const moving: Moving = { ...range, isLate: true, removal: undefined, done: Promise.withResolvers() };
    this.#moving = moving;
    let holdsAny = false;
    try {
      for (let turn = 0; moving.isLate; turn++) {
        if (turn === MAX_TURNS) throw new FplusError("historian.copy", `samples of ${month} are still being written`);
        moving.isLate = false;
        await Promise.allSettled(this.#writes);
        if (!(await this.#archive.copy(this.store, month))) break;
        holdsAny = true;
      }
      if (holdsAny) await (moving.removal = this.store.remove(range));
    } finally {
      this.#moving = undefined;
      moving.done.resolve();
    }
    const months = await this.#archive.months();
    this.#count(months);
    return holdsAny ? months.find((one) => one.month === month) : undefined;
  }

  async query(query: HistorianQuery): Promise<HistorianSeries[]> {
    const checked = checkQuery(query);
    // Only months that have ended are archived.
    const now = new Date();
    if (checked.from >= Date.UTC(now.getUTCFullYear(), now.getUTCMonth())) return await this.store.query(query);
    let indexes = await this.#archive.indexes(checked);
    for (;;) {
      const answer = await this.#answer(checked, query, await this.#archive.months(indexes));
      // What somebody deletes from the store has its index before that, so an answer between two equal looks is whole.
      const after = await this.#archive.indexes(checked);
      if (after.join() === indexes.join()) return answer;
      indexes = after;
    }
  }

  async #answer(
    checked: CheckedQuery,
    query: HistorianQuery,
    months: readonly ArchivedMonth[],
  ): Promise<HistorianSeries[]> {
    const last = months.at(-1);
    if (last === undefined) return await this.store.query(query);
    return checked.aggregate === "raw"
      ? await this.#raw(checked, query, months)
      : await this.#aggregate(checked, query, months, last);
  }

  async #raw(
    checked: CheckedQuery,
    query: HistorianQuery,
    months: readonly ArchivedMonth[],
  ): Promise<HistorianSeries[]> {
    const answer = new AnswerBuilder();
    const hot = await this.store.query(query);
    const missing = new Map(
      hot.map(({ path, time }) => [path, (checked.limit ?? Number.POSITIVE_INFINITY) - time.length]),
    );
    for (const series of hot) {
      series.time.forEach((time, i) =>
        answer.add(series.path, series.unit, {
          time,
          value: series.value[i]!,
          text: series.text?.[i] ?? null,
          status: series.status?.[i] ?? 0,
        }),
      );
    }
    const matches = signalMatcher(checked);
    const known = new Map(hot.map(({ path, time }) => [path, new Set(time)]));
    for (const month of months) {
      for (const signal of month.signals) {
        if (!matches(signal) || (missing.get(signal.path) ?? 1) <= 0) continue;
        for await (const sample of this.#archive.read(signal, checked.from, checked.to)) {
          // What the store holds of that time came later.
          if (known.get(signal.path)?.has(sample.time) !== true) answer.add(signal.path, signal.unit, sample);
        }
      }
    }
    return answer.finish(checked);
  }

  /** Windows up to the end of the last archived month are made of samples, later ones come from the store. */
  async #aggregate(
    checked: CheckedQuery,
    query: HistorianQuery,
    months: readonly ArchivedMonth[],
    last: ArchivedMonth,
  ): Promise<HistorianSeries[]> {
    const { windowMs, from, to, aggregate } = checked;
    const border = Math.min(to, Math.ceil(last.to / windowMs) * windowMs);
    const { aggregate: _aggregate, windowMs: _windowMs, fill: _fill, ...rest } = query;
    const old = await this.#raw({ ...checked, aggregate: "raw", to: border }, { ...rest, to: border }, months);
    const later = border < to ? await this.store.query({ ...query, from: border, fill: "none" }) : [];
    const answer = new AnswerBuilder();
    for (const { path, unit, time, value } of old) {
      const windows = new WindowGatherer(aggregate, windowMs);
      time.forEach((at, i) => windows.add(at, value[i]!));
      const made = windows.finish();
      made.time.forEach((at, i) => answer.add(path, unit, { time: at, value: made.value[i]!, text: null, status: 0 }));
    }
    for (const { path, unit, time, value } of later) {
      time.forEach((at, i) => answer.add(path, unit, { time: at, value: value[i]!, text: null, status: 0 }));
    }
    return filled(answer.finish({ ...checked, from, limit: undefined, maxPoints: undefined }), checked);
  }

  async signals(pattern?: string): Promise<string[]> {
    return (await this.describe(pattern)).map(({ path }) => path);
  }

  async describe(pattern?: string): Promise<StoredSignal[]> {
    const found = new Map<string, StoredSignal>();
    const matches = pathMatcher([pattern ?? "**"]);
    for (const { signals } of await this.#archive.months()) {
      for (const { keys: _keys, samples: _samples, bytes: _bytes, ...signal } of signals) {
        if (matches(signal.path)) found.set(signal.path, signal);
      }
    }
    for (const signal of await this.store.describe(pattern)) found.set(signal.path, signal);
    return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  samples(signal: StoredSignal, range: { from: number; to: number; limit: number }): Promise<SamplesPart> {
    return this.store.samples(signal, range);
  }

  remove(range: { readonly from: number; readonly to: number }): Promise<void> {
    return this.store.remove(range);
  }

  influxQl(text: string): Promise<InfluxQlAnswer> {
    return this.store.influxQl(text);
  }

  flux(script: string): Promise<Record<string, unknown>[]> {
    return this.store.flux(script);
  }

  health(): PartHealth {
    const health = this.store.health();
    const bytesAPoint = this.#samples === 0 ? 0 : Math.round((this.#bytes / this.#samples) * 100) / 100;
    return {
      ...health,
      status: this.#fault === "" || health.status === "down" ? health.status : "degraded",
      detail: this.#fault === "" ? health.detail : `archive: ${this.#fault}`,
      gauges: {
        ...health.gauges,
        archivedMonths: this.#months,
        archivedSamples: this.#samples,
        archivedBytesAPoint: bytesAPoint,
      },
    };
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#working;
    await this.#release();
  }

  /** Archives the months that are due, one after another; a fault shows in health and is tried again. */
  #check(): void {
    this.#working = this.#archiveDue()
      .then(
        () => (this.#fault = ""),
        (error: unknown) => (this.#fault = messageOf(error)),
      )
      .then(() => {
        this.#working = undefined;
        this.#timer = setTimeout(() => this.#check(), CHECK_MS).unref();
      });
  }

  async #archiveDue(): Promise<void> {
    const done = new Set((await this.#archive.months()).map(({ month }) => month));
    const now = new Date();
    // Two years back: what is older was archived, or has been left out on purpose.
    for (let back = 24; back > this.#keepMonths; back--) {
      const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back)).toISOString().slice(0, 7);
      // Once after a start also months that are there: what came late, or what a stop left in the store.
      if (!done.has(month) || !this.#checked) await this.archive(month);
    }
    this.#checked = true;
    this.#count(await this.#archive.months());
  }

  #count(months: readonly ArchivedMonth[]): void {
    const all = months.flatMap(({ signals }) => signals);
    this.#months = months.length;
    this.#samples = all.reduce((sum, { samples }) => sum + samples, 0);
    this.#bytes = all.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

function reaches(
  { length, timeMs }: SampleBatch,
  { from, to }: { readonly from: number; readonly to: number },
): boolean {
  for (let i = 0; i < length; i++) if (timeMs[i]! >= from && timeMs[i]! < to) return true;
  return false;
}
