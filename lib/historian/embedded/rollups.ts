import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type Damage, sealOf } from "./damage.ts";
import type { RollUp } from "../rollup.ts";
import type { Statistics } from "../window.ts";
import type { Series } from "./series.ts";
import { inTransaction } from "./transaction.ts";

/** One window of a roll-up. */
export interface RolledWindow extends Statistics {
  readonly t0: number;
}

/** Of what windows are made. */
export interface WindowSource {
  readonly series: ReadonlyMap<string, Series>;
  /** Time of the oldest sample; Infinity when there is none. */
  oldestMs(): number;
  /** Statistics of every window within from … to, oldest first; windows without a number are left out. */
  windows(series: Series, windowMs: number, from: number, to: number): [number, Statistics][];
}

interface RolledRow extends RolledWindow {
  readonly seal: number | null;
}

function sealOfWindow(series: number, width: number, t0: number, of: Statistics): number {
  return sealOf(series, width, t0, of.count, of.sum, of.min, of.max, of.first, of.last);
}

/** Windows made in one go, so that writes get their turn. */
const WINDOWS_A_STEP = 10_000;
/** A window is made this long after its end: samples are seldom later. */
const LAG_MS = 10_000;
const DAY_MS = 86_400_000;
/** In the place of a width: before when samples have been taken away. */
const REMOVED = 0;

/**
 * The roll-ups of the embedded engine. Windows are made once they have ended, again when a late sample changes them, and all that
 * a stop left out at the next start; to make one twice changes nothing. Windows whose samples have been deleted stay as they are.
 */
export class RollUpTable {
  readonly #database: DatabaseSync;
  readonly #damage: Damage;
  readonly #put: StatementSync;
  readonly #range: StatementSync;
  readonly #expire: StatementSync;
  readonly #mark: StatementSync;
  readonly #done = new Map<number, number>();
  #rollUps: readonly RollUp[] = [];
  #removed = Number.NEGATIVE_INFINITY;
  /** Before this the samples have been deleted. */
  #horizon = Number.NEGATIVE_INFINITY;

  constructor(database: DatabaseSync, damage: Damage) {
    this.#database = database;
    this.#damage = damage;
    this.#put = database.prepare("insert or replace into rollup values(?,?,?,?,?,?,?,?,?,?)");
    this.#range = database.prepare(
      "select t0, count, sum, min, max, first, last, seal from rollup where series = ? and width = ? and t0 >= ? and t0 < ? order by t0",
    );
    this.#expire = database.prepare("delete from rollup where width = ? and t0 < ?");
    this.#mark = database.prepare("insert or replace into rollup_mark values(?, ?)");
    for (const row of database.prepare("select width, done from rollup_mark").iterate()) {
      const { width, done } = row as { width: number; done: number };
      if (width === REMOVED) this.#removed = done;
      else this.#done.set(width, done);
    }
  }

  /** Sets what is made from now on, and before when samples are gone. Roll-ups that are no longer wanted stay readable. */
  configure(rollUps: readonly RollUp[], horizon: number): void {
    this.#rollUps = rollUps;
    this.#horizon = horizon;
  }

  /** Samples before this may change a window that was made; -Infinity where none was. */
  get doneMs(): number {
    return Math.max(Number.NEGATIVE_INFINITY, ...this.#done.values());
  }

  /** Samples before this have been taken away: windows of them stay as they are, over a restart too. */
  keepBefore(ms: number): void {
    const removed = Math.max(this.#removed, ms);
    this.#mark.run(REMOVED, removed);
    this.#removed = removed;
  }

  /** The widest roll-up of which windows of that width can be put together, and up to when it is made. */
  fitting(windowMs: number): { windowMs: number; done: number } | undefined {
    const fits = [...this.#done].filter(([width]) => windowMs % width === 0).sort(([a], [b]) => b - a);
    return fits[0] === undefined ? undefined : { windowMs: fits[0][0], done: fits[0][1] };
  }

  /** The finest roll-up that holds anything of a series in a range. */
  finest(series: number, from: number, to: number): { windowMs: number; windows: RolledWindow[] } | undefined {
    for (const width of [...this.#done.keys()].sort((a, b) => a - b)) {
      const windows = this.read(series, width, from, to);
      if (windows.length > 0) return { windowMs: width, windows };
    }
    return undefined;
  }

  /** Windows that begin at from … to (exclusive), oldest first. */
  read(series: number, width: number, from: number, to: number): RolledWindow[] {
    const rows = this.#range.all(series, width, Math.floor(from), Math.floor(to)) as unknown as RolledRow[];
    return rows.filter((row) => {
      const isSound = row.seal === null || row.seal === sealOfWindow(series, width, row.t0, row);
      if (!isSound) this.#damage.note(`a window of a roll-up at ${row.t0} cannot be read: the disk has damaged it`);
      return isSound;
    });
  }

  /** Makes some of the windows that have ended. Returns true when there are more. */
  step(source: WindowSource, nowMs: number): boolean {
    let more = false;
    for (const { windowMs } of this.#rollUps) {
      const target = Math.floor((nowMs - LAG_MS) / windowMs) * windowMs;
      const oldest = Math.max(source.oldestMs(), this.#horizon);
      const from = this.#done.get(windowMs) ?? Math.floor(oldest / windowMs) * windowMs;
      if (!Number.isFinite(from) || target <= from) continue;
      const series = [...source.series.values()].filter((one) => one.id !== 0);
      const count = Math.max(1, Math.floor(WINDOWS_A_STEP / Math.max(1, series.length)));
      const to = Math.min(target, from + count * windowMs);
      inTransaction(this.#database, () => {
        for (const one of series) this.#make(source, one, windowMs, from, to);
        this.#mark.run(windowMs, to);
      });
      this.#done.set(windowMs, to);
      more ||= to < target;
    }
    return more;
  }

  /** Makes the windows again that late samples of a series from … to (inclusive) have changed; within the caller's transaction. */
  redo(source: WindowSource, series: Series, from: number, to: number): void {
    for (const { windowMs } of this.#rollUps) {
      const done = this.#done.get(windowMs) ?? Number.NEGATIVE_INFINITY;
      const whole = Math.ceil(Math.max(this.#horizon, this.#removed) / windowMs) * windowMs;
      const start = Math.max(Math.floor(from / windowMs) * windowMs, whole);
      const end = Math.min((Math.floor(to / windowMs) + 1) * windowMs, done);
      if (start < end) this.#make(source, series, windowMs, start, end);
    }
  }

  /** Deletes windows that are too old. */
  expire(nowMs: number): void {
    for (const { windowMs, keepDays } of this.#rollUps) {
      if (keepDays > 0) this.#expire.run(windowMs, nowMs - keepDays * DAY_MS);
    }
  }

  #make(source: WindowSource, series: Series, width: number, from: number, to: number): void {
    for (const [t0, of] of source.windows(series, width, from, to)) {
      const seal = sealOfWindow(series.id, width, t0, of);
      this.#put.run(series.id, width, t0, of.count, of.sum, of.min, of.max, of.first, of.last, seal);
    }
  }
}
