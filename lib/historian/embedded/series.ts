import type { Column } from "./column.ts";

/** One series as the engine holds it. */
export interface Series {
  /** Row in the `series` table; 0 until it is committed. */
  id: number;
  readonly path: string;
  unit: string;
  /** The unit differs from the one on disk. */
  renamed: boolean;
  /** Samples after the closed chunks; undefined until the series is touched, and again once it was evicted. */
  head: Column | undefined;
  /** The head holds samples that no chunk holds yet. */
  dirty: boolean;
  /** Samples that belong into closed chunks and wait for the next maintenance. */
  late: Column | undefined;
  /** Time of the newest closed sample, in whole milliseconds. */
  closedMs: number;
  /** Tick of the last use, for eviction. */
  used: number;
}

/** A series without samples. */
export function makeSeries(id: number, path: string, unit: string): Series {
  return {
    id,
    path,
    unit,
    renamed: false,
    head: undefined,
    dirty: false,
    late: undefined,
    closedMs: Number.NEGATIVE_INFINITY,
    used: 0,
  };
}
