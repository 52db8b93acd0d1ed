import { FplusError } from "../../errors/index.ts";
import type { SelectStatement } from "./ast.ts";
import type { Row } from "./rows.ts";
import type { TimeRange } from "./time.ts";

/** A window of time and the rows in it; the only one, from the range's begin, where a question names no interval. */
export interface Window {
  readonly ms: number;
  readonly ns: number;
  readonly rows: readonly Row[];
}

/** Windows that one group of an answer may have. */
const MAX_WINDOWS = 1_000_000;
const MS = 1_000_000n;

/** The windows of the range, empty ones too, oldest first. `rows` are in order of time and at least one. */
export function windowsOf({ interval }: SelectStatement, rows: readonly Row[], { from, to }: TimeRange): Window[] {
  if (interval === undefined) {
    const start = from ?? 0n;
    const ms = start / MS - (start % MS < 0n ? 1n : 0n);
    return [{ ms: Number(ms), ns: Number(start - ms * MS), rows }];
  }
  const { ms: width, offsetMs } = interval;
  const startOf = (ms: number): number => Math.floor((ms - offsetMs) / width) * width + offsetMs;
  const first = startOf(from === undefined ? rows[0]!.ms : Number(from / MS));
  const end = to === undefined ? rows.at(-1)!.ms + 1 : Number((to + MS - 1n) / MS);
  const count = Math.ceil((end - first) / width);
  if (count > MAX_WINDOWS) throw new FplusError("historian.query", `more than ${MAX_WINDOWS} windows`);
  const windows: { ms: number; ns: number; rows: Row[] }[] = [];
  for (let i = 0; i < count; i++) windows.push({ ms: first + i * width, ns: 0, rows: [] });
  for (const row of rows) windows[Math.floor((row.ms - first) / width)]?.rows.push(row);
  return windows;
}
