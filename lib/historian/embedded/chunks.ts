import type { DatabaseSync, StatementSync } from "node:sqlite";
import { doublesOf, numberAt } from "../points.ts";
import { noStatistics, type Statistics } from "../window.ts";
import { decodeColumn, encodeColumn } from "./codec.ts";
import { Column } from "./column.ts";
import { type Damage, type DamagedBlock, sealOf } from "./damage.ts";

/** Samples of a full chunk: until it is full it lies in memory, one a series; a larger one would be packed little better. */
export const CHUNK_SAMPLES = 512;

/** A closed chunk without its samples. */
export interface ChunkInfo extends Statistics {
  readonly id: number;
  readonly t0: number;
  readonly t1: number;
  readonly samples: number;
}

type Nine = [number, number, number, number, number, number, number, number, number];

interface ChunkRow extends ChunkInfo {
  readonly series: number;
  readonly seal: number | null;
}

/** The `chunk` table: the only place that knows its statements. Closed chunks of a series never overlap in time. */
export class ChunkTable {
  readonly #insert: StatementSync;
  readonly #deleteOpen: StatementSync;
  readonly #deleteOne: StatementSync;
  readonly #data: StatementSync;
  readonly #open: StatementSync;
  readonly #closedMs: StatementSync;
  readonly #range: StatementSync;
  readonly #at: StatementSync;
  readonly #after: StatementSync;
  readonly #expire: StatementSync;
  readonly #first: StatementSync;
  readonly #oldest: StatementSync;
  readonly #newest: StatementSync;

  readonly #damage: Damage;
  readonly #correct: StatementSync;

  constructor(database: DatabaseSync, damage: Damage) {
    this.#damage = damage;
    const prepare = (sql: string): StatementSync => database.prepare(sql);
    const columns = "id, series, t0, t1, samples, count, sum, min, max, first, last, seal";
    this.#insert = prepare(
      "insert into chunk(series, open, t0, t1, samples, count, sum, min, max, first, last, data, seal) values(?,?,?,?,?,?,?,?,?,?,?,?,?)",
    );
    this.#deleteOpen = prepare("delete from chunk where series = ? and open = 1");
    this.#deleteOne = prepare("delete from chunk where id = ?");
    this.#data = prepare("select data from chunk where id = ?");
    this.#correct = prepare(
      "update chunk set t0 = ?, t1 = ?, samples = ?, count = ?, sum = ?, min = ?, max = ?, first = ?, last = ?, seal = ? where id = ?",
    );
    this.#open = prepare("select id, data from chunk where series = ? and open = 1");
    this.#closedMs = prepare("select max(t1) as t1 from chunk where series = ? and open = 0");
    this.#range = prepare(
      `select ${columns} from chunk where series = ? and open = 0 and t1 >= ? and t0 < ? order by t0`,
    );
    this.#at = prepare(
      `select ${columns} from chunk where series = ? and open = 0 and t0 <= ? order by t0 desc limit 1`,
    );
    this.#after = prepare(`select ${columns} from chunk where series = ? and open = 0 and t0 > ? order by t0 limit 1`);
    this.#first = prepare(
      "select min(t0) as t0 from (select min(t0) as t0 from chunk where series = ? and open = 0 union all select min(t0) from chunk where series = ? and open = 1)",
    );
    this.#oldest = prepare("select min(t0) as t0 from chunk");
    this.#newest = prepare("select max(t1) as t1 from chunk");
    this.#expire = prepare("delete from chunk where id in (select id from chunk where t1 < ? and open = 0 limit ?)");
  }

  insert(series: number, open: boolean, column: Column): void {
    const row = rowOf(column);
    this.#insert.run(series, open ? 1 : 0, ...row, encodeColumn(column), sealOf(series, ...row));
  }

  /** Puts the open end of a series in the place of the former one; an empty one just leaves. */
  replaceOpen(series: number, column: Column): void {
    this.#deleteOpen.run(series);
    if (column.length > 0) this.insert(series, true, column);
  }

  delete(id: number): void {
    this.#deleteOne.run(id);
  }

  /** The samples of a closed chunk; none where it is damaged. */
  read({ id, t0, t1, samples }: ChunkInfo, series: number): Column {
    const { data } = this.#data.get(id) as { data: Uint8Array };
    return this.#decoded(id, { series, t0, t1, samples, data });
  }

  readOpen(series: number): Column {
    const row = this.#open.get(series) as { id: number; data: Uint8Array } | undefined;
    if (row === undefined) return new Column();
    return this.#decoded(row.id, { series, t0: 0, t1: 0, samples: 0, data: row.data });
  }

  /** Newest closed time of a series; -Infinity when none is closed. */
  closedMs(series: number): number {
    return (this.#closedMs.get(series) as { t1: number | null }).t1 ?? Number.NEGATIVE_INFINITY;
  }

  /** Closed chunks that hold anything of from … to, oldest first. */
  range(series: number, from: number, to: number): ChunkInfo[] {
    const rows = this.#range.all(series, Math.floor(from), to) as unknown as ChunkRow[];
    return rows.every(isSound) ? rows : rows.flatMap((row) => this.#sound(row) ?? []);
  }

  /** The closed chunk into which a late sample belongs. */
  holding(series: number, ms: number): ChunkInfo | undefined {
    const row = (this.#at.get(series, ms) ?? this.#after.get(series, ms)) as ChunkRow | undefined;
    return row === undefined ? undefined : (this.#sound(row) ?? this.holding(series, ms));
  }

  /** The closed chunk after a time. */
  following(series: number, ms: number): ChunkInfo | undefined {
    const row = this.#after.get(series, ms) as ChunkRow | undefined;
    return row === undefined ? undefined : (this.#sound(row) ?? this.following(series, ms));
  }

  /** Time of the oldest sample in a series' chunks. */
  firstMs(series: number): number | undefined {
    return (this.#first.get(series, series) as { t0: number | null }).t0 ?? undefined;
  }

  /** Time of the oldest sample in any chunk; Infinity when there is none. */
  oldestMs(): number {
    return (this.#oldest.get() as { t0: number | null }).t0 ?? Number.POSITIVE_INFINITY;
  }

  /** Time of the newest sample in any chunk; -Infinity when there is none. */
  newestMs(): number {
    return (this.#newest.get() as { t1: number | null }).t1 ?? Number.NEGATIVE_INFINITY;
  }

  /** Deletes up to `count` chunks that ended before a time; how many went. */
  expire(before: number, count: number): number {
    return Number(this.#expire.run(before, count).changes);
  }

  /** A row as it is, or as its samples say that it was; undefined where those are damaged, too. */
  #sound(row: ChunkRow): ChunkInfo | undefined {
    if (isSound(row)) return row;
    const column = this.read(row, row.series);
    if (column.length === 0) return undefined;
    const made = rowOf(column);
    this.#correct.run(...made, sealOf(row.series, ...made), row.id);
    const [t0, t1, samples, count, sum, min, max, first, last] = made;
    return { id: row.id, t0, t1, samples, count, sum, min, max, first, last };
  }

  #decoded(id: number, block: DamagedBlock): Column {
    try {
      return decodeColumn(block.data);
    } catch {
      this.#damage.setAside(block, () => this.delete(id));
      return new Column();
    }
  }
}

/** The numbers of a chunk's row but the seal, in the order of its columns. */
function rowOf(column: Column): Nine {
  const last = column.length - 1;
  const of = statisticsOf(column);
  const [min, max] = of.count === 0 ? [0, 0] : [of.min, of.max];
  return [column.ms[0]!, column.ms[last]!, column.length, of.count, of.sum, min, max, of.first, of.last];
}

function isSound({ seal, series, t0, t1, samples, count, sum, min, max, first, last }: ChunkRow): boolean {
  return seal === null || seal === sealOf(series, t0, t1, samples, count, sum, min, max, first, last);
}

/** Statistics of the numbers of a column. */
export function statisticsOf(column: Column): Statistics {
  const of = noStatistics();
  const doubles = doublesOf(column.bits);
  for (let i = 0; i < column.length; i++) {
    const value = numberAt(column.typeAt(i), column.bits, doubles, i);
    if (Number.isNaN(value)) continue;
    if (of.count++ === 0) of.first = value;
    of.sum += value;
    if (value < of.min) of.min = value;
    if (value > of.max) of.max = value;
    of.last = value;
  }
  return of;
}

/** Where to cut a column into full chunks: ends of the pieces. Samples of one millisecond stay together, the rest is not listed. */
export function cuts(column: Column): number[] {
  const ends: number[] = [];
  for (let from = 0; column.length - from >= CHUNK_SAMPLES;) {
    let end = from + CHUNK_SAMPLES;
    while (end > from && end < column.length && column.ms[end] === column.ms[end - 1]) end--;
    if (end === column.length) while (end > from && column.ms[end - 1] === column.ms[column.length - 1]) end--;
    if (end === from) {
      // More than a whole chunk within one millisecond: it stays whole, however large.
      end = from + 1;
      while (end < column.length && column.ms[end] === column.ms[from]) end++;
      if (end === column.length) break;
    }
    ends.push(end);
    from = end;
  }
  return ends;
}
