/** What happens to a new record when the spool is full. */
export type SpoolPolicy = "drop-oldest" | "refuse";

/** Where a spool is, how large it may be, and what it does when full. */
export interface SpoolOptions {
  /** Folder of its own; made when missing. */
  readonly directory: string;
  /** Bytes on disk at most. */
  readonly maxBytes: number;
  readonly policy: SpoolPolicy;
  /** Size of one segment file; default 8 MiB. */
  readonly segmentBytes?: number;
}

/** Totals since it was opened, and depth of now. */
export interface SpoolStats {
  /** Records appended, and not yet released. */
  readonly depth: number;
  readonly bytes: number;
  readonly appended: number;
  readonly released: number;
  /** Records given up for newer ones because the spool was full (policy drop-oldest). */
  readonly dropped: number;
  /** Appends that failed: the spool was full (policy refuse) or the disk did not take them. */
  readonly refused: number;
  /** Records that could not be read back after a crash (torn or damaged). */
  readonly corrupt: number;
}

/** A record read back. Positions rise by one per record and are never reused within a spool's life. */
export interface SpoolRecord {
  readonly position: number;
  /** Milliseconds since the epoch at which it was appended. */
  readonly appendedAt: number;
  readonly data: Uint8Array;
}

/**
 * An ordered, bounded log on disk: append at the end, read from any position that is still held, release from the front.
 * Survives `kill -9` and a torn last record; each record has a checksum.
 */
export interface Spool {
  /**
   * Appends one record; it is readable at once and in the page cache when this returns its position.
   * @throws FplusError `spool.full` under policy "refuse"; `spool.io` when the disk fails (counted as refused)
   */
  append(data: Uint8Array): number;
  /** Waits until everything appended so far is on disk (fsync); calls made meanwhile share one fsync. */
  flush(): Promise<void>;
  /** Up to `count` records from `position` on (or from the oldest one held, if that is later), oldest first. */
  read(position: number, count: number): SpoolRecord[];
  /** Everything before `position` may be forgotten. */
  release(position: number): void;
  /** Position of the oldest record held. */
  readonly first: number;
  /** Position the next record will get. */
  readonly next: number;
  stats(): SpoolStats;
  close(): Promise<void>;
}
