import type { Aggregate } from "./types.ts";

/** Statistics of some samples: what a chunk carries and a window gathers. Sums of no sample have count 0. */
export interface Statistics {
  count: number;
  sum: number;
  min: number;
  max: number;
  first: number;
  last: number;
}

/** Statistics of no samples, to which samples are added. */
export function noStatistics(): Statistics {
  return { count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, first: 0, last: 0 };
}

/** Gathers samples, given in order of time, into windows aligned to the epoch. Numbers only; others are passed over. */
export class WindowGatherer {
  readonly #width: number;
  readonly #aggregate: Aggregate;
  readonly #time: number[] = [];
  readonly #windows: Statistics[] = [];
  #start = Number.NaN;
  #now = noStatistics();

  constructor(aggregate: Aggregate, windowMs: number) {
    this.#aggregate = aggregate;
    this.#width = windowMs;
  }

  startOf(time: number): number {
    return Math.floor(time / this.#width) * this.#width;
  }

  add(time: number, value: number): void {
    if (Number.isNaN(value)) return;
    if (!(time >= this.#start && time < this.#start + this.#width)) this.#turn(time);
    const now = this.#now;
    if (now.count++ === 0) now.first = value;
    now.sum += value;
    if (value < now.min) now.min = value;
    if (value > now.max) now.max = value;
    now.last = value;
  }

  /** Adds samples that lie in one window as a whole. */
  addAll(time: number, part: Statistics): void {
    if (part.count === 0) return;
    if (!(time >= this.#start && time < this.#start + this.#width)) this.#turn(time);
    const now = this.#now;
    if (now.count === 0) now.first = part.first;
    now.count += part.count;
    now.sum += part.sum;
    now.min = Math.min(now.min, part.min);
    now.max = Math.max(now.max, part.max);
    now.last = part.last;
  }

  #turn(time: number): void {
    this.#emit();
    this.#start = this.startOf(time);
    this.#now = noStatistics();
  }

  #emit(): void {
    const now = this.#now;
    if (now.count === 0) return;
    this.#time.push(this.#start);
    this.#windows.push(now);
  }

  /** Window starts and values, oldest first; windows without a number are left out. */
  finish(): { time: Float64Array<ArrayBuffer>; value: Float64Array<ArrayBuffer> } {
    this.#emit();
    this.#now = noStatistics();
    return {
      time: Float64Array.from(this.#time),
      value: Float64Array.from(this.#windows, (window) => pick(window, this.#aggregate)),
    };
  }

  /** Window starts with all their statistics, oldest first. */
  statistics(): [number, Statistics][] {
    this.#emit();
    this.#now = noStatistics();
    return this.#windows.map((window, i) => [this.#time[i]!, window]);
  }
}

function pick(of: Statistics, aggregate: Aggregate): number {
  switch (aggregate) {
    case "mean":
      return of.sum / of.count;
    case "min":
      return of.min;
    case "max":
      return of.max;
    case "first":
      return of.first;
    case "last":
      return of.last;
    case "sum":
      return of.sum;
    default:
      return of.count;
  }
}
