import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";

/** A stored block that cannot be read. */
export interface DamagedBlock {
  /** Series by its id; 0 for a batch of the journal, whose series stand in what is damaged. */
  readonly series: number;
  readonly t0: number;
  readonly t1: number;
  readonly samples: number;
  readonly data: Uint8Array;
}

/**
 * Blocks that a failing disk has damaged. They are moved out of the way as they are met, so that all the rest can be read and written,
 * and kept, so that somebody can still look at them.
 */
export class Damage {
  readonly #database: DatabaseSync;
  readonly #keep: StatementSync;
  readonly #pathOf: StatementSync;
  #count: number;
  #last = "";

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#keep = database.prepare("insert into damaged(series, t0, t1, samples, data) values(?,?,?,?,?)");
    this.#pathOf = database.prepare("select path from series where id = ?");
    this.#count = Number((database.prepare("select count(*) as n from damaged").get() as { n: number }).n);
  }

  /** Blocks that are set aside, over all times. */
  get count(): number {
    return this.#count;
  }

  /** What was found last since the start, as a sentence; empty where nothing was. */
  get last(): string {
    return this.#last;
  }

  /** Moves a block out of the way: `leave` deletes it where it stands. */
  setAside({ series, t0, t1, samples, data }: DamagedBlock, leave: () => void): void {
    const path = (this.#pathOf.get(series) as { path: string } | undefined)?.path;
    const whose =
      path === undefined ? "one batch" : `${samples} samples of ${path} from ${timeText(t0)} to ${timeText(t1)}`;
    this.note(`${whose} cannot be read: the disk has damaged them`);
    // Within a transaction or outside of one.
    this.#database.exec("savepoint aside");
    try {
      this.#keep.run(series, t0, t1, samples, data);
      leave();
      this.#database.exec("release aside");
    } catch {
      // A full disk: it stays where it is, and is passed over again.
      this.#database.exec("rollback to aside; release aside");
    }
  }

  /** Takes down damage of which nothing is left to be kept. */
  note(sentence: string): void {
    this.#count += 1;
    this.#last = sentence;
  }
}

const numbers = new Float64Array(10);
const bytes = new Uint8Array(numbers.buffer);

/** Checksum over the numbers of a row, at most ten: SQLite has none of its own. */
export function sealOf(...row: readonly number[]): number {
  numbers.fill(0);
  // Minus zero comes back from SQLite as zero.
  for (let i = 0; i < row.length; i++) numbers[i] = row[i]! + 0;
  return crc32(bytes);
}

function timeText(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}
