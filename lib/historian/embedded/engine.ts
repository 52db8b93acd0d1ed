import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Points } from "../points.ts";
import type { RollUp } from "../rollup.ts";
import type { Statistics } from "../window.ts";
import { CHUNK_SAMPLES, ChunkTable, cuts } from "./chunks.ts";
import { Column } from "./column.ts";
import { Damage } from "./damage.ts";
import { encodeJournal, readJournal } from "./journal.ts";
import { type Held, windowStatistics } from "./reader.ts";
import { RollUpTable, type WindowSource } from "./rollups.ts";
import type { EngineFigures } from "./protocol.ts";
import { makeSeries, type Series } from "./series.ts";
import { inTransaction } from "./transaction.ts";

/** Limits of the memory the engine takes. */
export interface EngineLimits {
  /** Series whose head is in memory. */
  readonly heads: number;
  /** Samples in all heads. */
  readonly headSamples: number;
  /** Samples in the journal at which the heads are written out and it is emptied: the work after a crash. */
  readonly journalSamples: number;
}

/** Limits of an engine that was given none. */
export const DEFAULT_LIMITS: EngineLimits = { heads: 20_000, headSamples: 4_000_000, journalSamples: 250_000 };

/** Series whose roll-ups wait to be made again, at most. */
const MAX_STALE = 1000;

/** Pages given back at the end, at most: 128 MB, more than the longest journal takes and quickly done. */
const MAX_FREED_PAGES = 32_768;

/** Samples a late merge may wait for (a full disk) before writes are refused. */
const MAX_LATE = 1_000_000;

/**
 * The embedded engine, on the thread that calls it: journal, heads and chunks of all series.
 *
 * A write is one journal row, committed before it is acknowledged, and then goes to the heads in memory. Full heads become
 * chunks, late samples are merged into theirs, and now and then a checkpoint writes all heads and empties the journal.
 * Whatever a crash interrupts is made again from the journal: putting a sample twice changes nothing.
 */
export class Engine implements Held, WindowSource {
  readonly chunks: ChunkTable;
  readonly rollUps: RollUpTable;
  readonly damage: Damage;
  readonly #database: DatabaseSync;
  readonly #limits: EngineLimits;
  readonly #byPath = new Map<string, Series>();
  readonly #byId: (Series | undefined)[] = [];
  readonly #loaded = new Set<Series>();
  readonly #full = new Set<Series>();
  readonly #late = new Set<Series>();
  /** Times of samples that came after the windows of their roll-ups were made. */
  readonly #stale = new Map<Series, { from: number; to: number }>();
  readonly #insertSeries: StatementSync;
  readonly #renameSeries: StatementSync;
  readonly #insertJournal: StatementSync;
  #horizon = Number.NEGATIVE_INFINITY;
  #tick = 0;
  #nextId = 1;
  #headSamples = 0;
  #lateSamples = 0;
  #journalSamples = 0;
  #held = 0;

  constructor(database: DatabaseSync, limits: EngineLimits = DEFAULT_LIMITS) {
    this.#database = database;
    this.#limits = limits;
    this.damage = new Damage(database);
    this.chunks = new ChunkTable(database, this.damage);
    this.rollUps = new RollUpTable(database, this.damage);
    this.#insertSeries = database.prepare("insert into series(id, path, unit, about) values(?, ?, ?, ?)");
    this.#renameSeries = database.prepare("update series set unit = ?, about = ? where id = ?");
    this.#insertJournal = database.prepare("insert into journal(data) values(?)");
    for (const row of database.prepare("select id, path, unit, about from series").iterate()) {
      const { id, path, unit, about } = row as { id: number; path: string; unit: string; about: string };
      this.#register(makeSeries(id, path, unit, about));
    }
    const total = database.prepare("select coalesce(sum(samples), 0) as held from chunk").get() as { held: number };
    this.#held = total.held;
    this.#replay();
  }

  get series(): ReadonlyMap<string, Series> {
    return this.#byPath;
  }

  /** Figures for health. `held` counts samples on disk and in memory; a rewritten sample may count twice until a restart. */
  get figures(): EngineFigures {
    return {
      damaged: this.damage.count,
      damage: this.damage.last,
      held: this.#held,
      series: this.#byPath.size,
      headSamples: this.#headSamples,
      journalSamples: this.#journalSamples,
      late: this.#lateSamples,
    };
  }

  /** The series of a path, made when there is none; it reaches the disk with its first sample. */
  seriesOf(path: string, unit: string, about: string): Series {
    let series = this.#byPath.get(path);
    if (series === undefined) {
      series = makeSeries(0, path, unit, about);
      this.#byPath.set(path, series);
    } else if ((unit !== "" && series.unit !== unit) || series.about !== about) {
      if (unit !== "") series.unit = unit;
      series.about = about;
      series.known = undefined;
      series.renamed = true;
    }
    return series;
  }

  /**
   * Commits batches in one transaction; when this returns they are durable.
   * @param batches points and, at the same index, the series of each
   * @throws the error of SQLite; then nothing was taken
   */
  commit(batches: readonly { points: Points; series: readonly Series[] }[]): void {
    if (this.#lateSamples > MAX_LATE) this.maintain();
    const made: Series[] = [];
    const renamed: Series[] = [];
    try {
      inTransaction(this.#database, () => {
        for (const { points, series } of batches) {
          const ids = new Uint32Array(points.length);
          for (let i = 0; i < points.length; i++) {
            const one = series[i]!;
            if (one.id === 0) {
              one.id = this.#nextId++;
              made.push(one);
              this.#insertSeries.run(one.id, one.path, one.unit, one.about);
            } else if (one.renamed) {
              one.renamed = false;
              renamed.push(one);
              this.#renameSeries.run(one.unit, one.about, one.id);
            }
            ids[i] = one.id;
          }
          this.#insertJournal.run(encodeJournal(points, ids));
        }
      });
    } catch (error) {
      for (const one of made) one.id = 0;
      for (const one of renamed) one.renamed = true;
      throw error;
    }
    for (const one of made) this.#byId[one.id] = one;
    this.#tick++;
    for (const { points, series } of batches) {
      this.#journalSamples += points.length;
      this.#apply(points, series);
    }
  }

  /** The head of a series, read from disk when it is not in memory. */
  headOf(series: Series): Column {
    series.used = this.#tick;
    if (series.head === undefined) {
      series.closedMs = this.chunks.closedMs(series.id);
      series.head = this.chunks.readOpen(series.id);
      this.#headSamples += series.head.length;
      this.#loaded.add(series);
    }
    return series.head;
  }

  /** Whether samples came after the windows of their roll-ups were made; the next maintenance makes those again. */
  get isStale(): boolean {
    return this.#stale.size > 0;
  }

  /** Whether maintenance has anything to do. */
  get due(): boolean {
    return (
      this.#full.size > 0 ||
      this.#late.size > 0 ||
      this.#stale.size > MAX_STALE ||
      this.#journalSamples >= this.#journalLimit() ||
      this.#loaded.size > this.#limits.heads ||
      this.#headSamples > this.#limits.headSamples
    );
  }

  /** Closes full heads, merges late samples, and checkpoints when the journal is long. @throws the error of SQLite; nothing is lost */
  maintain(checkpoint = this.#journalSamples >= this.#journalLimit()): void {
    const done: (() => void)[] = [];
    const evicted = this.#toEvict();
    inTransaction(this.#database, () => {
      // Before the journal goes: what it holds would make the windows stale again after a crash.
      for (const [series, { from, to }] of this.#stale) this.rollUps.redo(this, series, from, to);
      for (const series of this.#late) this.#mergeLate(series, done);
      for (const series of this.#full) this.#closeFull(series, done);
      for (const series of checkpoint ? this.#loaded : evicted) {
        if (series.dirty && !this.#full.has(series)) this.chunks.replaceOpen(series.id, series.head!);
      }
      if (checkpoint) this.#database.exec("delete from journal");
    });
    for (const apply of done) apply();
    this.#full.clear();
    this.#late.clear();
    this.#stale.clear();
    this.#lateSamples = 0;
    if (checkpoint) {
      for (const series of this.#loaded) series.dirty = false;
      this.#journalSamples = 0;
    }
    for (const series of evicted) this.#forget(series);
  }

  /** Time of the oldest sample, on disk or in memory; Infinity when there is none. */
  oldestMs(): number {
    let oldest = this.chunks.oldestMs();
    for (const { head } of this.#loaded)
      if (head !== undefined && head.length > 0) oldest = Math.min(oldest, head.ms[0]!);
    return oldest;
  }

  /** Time of the newest sample; -Infinity when there is none. */
  newestMs(): number {
    let newest = this.chunks.newestMs();
    for (const { head } of this.#loaded)
      if (head !== undefined && head.length > 0) newest = Math.max(newest, head.ms[head.length - 1]!);
    return newest;
  }

  windows(series: Series, windowMs: number, from: number, to: number): [number, Statistics][] {
    return windowStatistics(this, series, windowMs, from, to);
  }

  /** Whether samples of that time have been deleted for their age. */
  isGone(ms: number): boolean {
    return ms < this.#horizon;
  }

  /** Samples before this time are beyond what is kept, in milliseconds; some still lie in a chunk beside newer ones. */
  get horizon(): number {
    return this.#horizon;
  }

  /** Sets the roll-ups, and before when samples are deleted. */
  retain(rollUps: readonly RollUp[], horizon: number): void {
    this.#horizon = horizon;
    this.rollUps.configure(rollUps, horizon);
  }

  /** Deletes closed chunks that ended before a time, a bounded number at once. Returns true when there may be more. */
  expire(before: number): boolean {
    const count = this.chunks.expire(before, 200);
    if (count > 0) {
      this.#held = Math.max(0, this.#held - count * CHUNK_SAMPLES);
      this.#database.exec("pragma incremental_vacuum(256)");
    }
    return count === 200;
  }

  /** Deletes the samples of all series at from ≤ time < to. */
  remove(from: number, to: number): void {
    // The journal is empty then: a crash cannot bring back what goes.
    this.maintain(true);
    inTransaction(this.#database, () => {
      for (const series of this.#byPath.values()) if (series.id !== 0) this.#removeFrom(series, from, to);
      this.rollUps.keepBefore(to);
    });
  }

  #removeFrom(series: Series, from: number, to: number): void {
    for (const chunk of this.chunks.range(series.id, from, to)) {
      const column = this.chunks.read(chunk, series.id);
      this.chunks.delete(chunk.id);
      const [first, end] = [column.lowerBound(from, 0), column.lowerBound(to, 0)];
      for (const rest of [column.view(0, first), column.view(end, column.length)]) {
        if (rest.length > 0) this.chunks.insert(series.id, false, rest);
      }
      this.#held -= end - first;
    }
    const head = this.headOf(series);
    const [first, end] = [head.lowerBound(from, 0), head.lowerBound(to, 0)];
    if (first === end) return;
    const rest = head.slice(0, first);
    for (let i = end; i < head.length; i++) rest.putFrom(head, i);
    this.chunks.replaceOpen(series.id, rest);
    series.head = rest;
    this.#headSamples -= end - first;
    this.#held -= end - first;
  }

  /** Writes everything out, gives back the room that the journal took, and closes the file. */
  close(): void {
    try {
      this.maintain(true);
      this.#database.exec(`pragma incremental_vacuum(${MAX_FREED_PAGES})`);
    } finally {
      this.#database.close();
    }
  }

  #register(series: Series): void {
    this.#byPath.set(series.path, series);
    this.#byId[series.id] = series;
    this.#nextId = Math.max(this.#nextId, series.id + 1);
  }

  #replay(): void {
    for (const { points, series } of readJournal(this.#database, this.#byId, this.damage)) {
      this.#journalSamples += points.length;
      this.#apply(points, series);
    }
  }

  #apply(points: Points, series: readonly Series[]): void {
    const { ms, ns, status, type, bits, text } = points;
    const { doneMs } = this.rollUps;
    for (let i = 0; i < points.length; i++) {
      const one = series[i]!;
      const head = this.headOf(one);
      if (ms[i]! < doneMs) this.#noteStale(one, ms[i]!);
      const isLate = ms[i]! <= one.closedMs;
      const column = isLate ? (one.late ??= new Column()) : head;
      const grew = column.put(ms[i]!, ns[i]!, status[i]!, type[i]!, bits[i * 2]!, bits[i * 2 + 1]!, text[i]);
      if (isLate) {
        this.#late.add(one);
        if (grew) this.#lateSamples++;
        continue;
      }
      one.dirty = true;
      if (!grew) continue;
      this.#headSamples++;
      this.#held++;
      if (head.length > CHUNK_SAMPLES) this.#full.add(one);
    }
  }

  #noteStale(series: Series, ms: number): void {
    const known = this.#stale.get(series);
    if (known === undefined) this.#stale.set(series, { from: ms, to: ms });
    else {
      known.from = Math.min(known.from, ms);
      known.to = Math.max(known.to, ms);
    }
  }

  /** In place of a fixed number: with many series a checkpoint writes many heads, so it comes once half a chunk's worth each. */
  #journalLimit(): number {
    return Math.min(4_000_000, Math.max(this.#limits.journalSamples, this.#loaded.size * 256));
  }

  #closeFull(series: Series, done: (() => void)[]): void {
    const head = series.head!;
    let from = 0;
    for (const end of cuts(head)) {
      this.chunks.insert(series.id, false, head.view(from, end));
      from = end;
    }
    if (from === 0) return;
    // Its samples may be those of the former open chunk, no longer in the journal.
    this.chunks.replaceOpen(series.id, head.view(from, head.length));
    done.push(() => {
      series.closedMs = head.ms[from - 1]!;
      head.dropFirst(from);
      this.#headSamples -= from;
    });
  }

  #mergeLate(series: Series, done: (() => void)[]): void {
    const late = series.late!;
    for (let i = 0; i < late.length;) {
      const info = this.chunks.holding(series.id, late.ms[i]!);
      const column = info === undefined ? new Column() : this.chunks.read(info, series.id);
      const next =
        this.chunks.following(series.id, Math.max(info?.t0 ?? 0, late.ms[i]!))?.t0 ?? Number.POSITIVE_INFINITY;
      const before = column.length;
      do {
        column.putFrom(late, i++);
      } while (i < late.length && late.ms[i]! < next);
      if (info !== undefined) this.chunks.delete(info.id);
      let from = 0;
      const ends = column.length > 4 * CHUNK_SAMPLES ? cuts(column) : [];
      if (ends.at(-1) !== column.length) ends.push(column.length);
      for (const end of ends) {
        this.chunks.insert(series.id, false, column.view(from, end));
        from = end;
      }
      const grown = column.length - before;
      done.push(() => void (this.#held += grown));
    }
    done.push(() => void (series.late = undefined));
  }

  #toEvict(): Series[] {
    if (this.#loaded.size <= this.#limits.heads && this.#headSamples <= this.#limits.headSamples) return [];
    const oldest = [...this.#loaded].sort((a, b) => a.used - b.used);
    return oldest.slice(0, Math.ceil(oldest.length / 4)).filter((series) => !this.#full.has(series));
  }

  #forget(series: Series): void {
    this.#headSamples -= series.head?.length ?? 0;
    series.head = undefined;
    series.dirty = false;
    this.#loaded.delete(series);
  }
}
