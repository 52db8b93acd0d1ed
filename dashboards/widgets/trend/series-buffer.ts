const START = 1024;
const MOST = 20_000;

/** One drawn signal: times and values in order, in typed arrays that grow and then slide. NaN is a gap. */
export class SeriesBuffer {
  length = 0;
  time = new Float64Array(START);
  value = new Float64Array(START);

  get lastTime(): number {
    return this.length === 0 ? Number.NEGATIVE_INFINITY : this.time[this.length - 1]!;
  }

  /** Adds a newer point; one that is not newer is passed over. */
  push(time: number, value: number): void {
    if (time <= this.lastTime) return;
    if (this.length === this.time.length) this.#room();
    this.time[this.length] = time;
    this.value[this.length] = value;
    this.length += 1;
  }

  /** Puts history in front of what came live meanwhile. */
  restart(time: Float64Array, value: Float64Array): void {
    const liveTime = this.time.slice(0, this.length);
    const liveValue = this.value.slice(0, this.length);
    this.length = 0;
    for (let i = 0; i < time.length; i++) this.push(time[i]!, value[i]!);
    for (let i = 0; i < liveTime.length; i++) this.push(liveTime[i]!, liveValue[i]!);
  }

  /** Forgets what is older, once that is a good part of all. */
  dropBefore(time: number): void {
    let first = 0;
    while (first < this.length && this.time[first]! < time) first += 1;
    if (first < this.length / 4) return;
    this.time.copyWithin(0, first, this.length);
    this.value.copyWithin(0, first, this.length);
    this.length -= first;
  }

  /** Newest value at or before a time; NaN where there is none. */
  at(time: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.time[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? Number.NaN : this.value[low - 1]!;
  }

  #room(): void {
    if (this.length >= MOST) {
      const keep = MOST >> 1;
      this.time.copyWithin(0, this.length - keep, this.length);
      this.value.copyWithin(0, this.length - keep, this.length);
      this.length = keep;
      return;
    }
    const time = new Float64Array(this.length * 2);
    time.set(this.time);
    const value = new Float64Array(this.length * 2);
    value.set(this.value);
    this.time = time;
    this.value = value;
  }
}

/** Lines as uPlot draws them: one common row of times, `undefined` where a line has no point, `null` at a gap. */
export type AlignedLines = [number[], ...(number | null | undefined)[][]];

/** Merges several lines into common rows, seconds since the epoch; one pass over all points. */
export function alignLines(lines: readonly SeriesBuffer[]): AlignedLines {
  const times: number[] = [];
  const values: (number | null | undefined)[][] = lines.map(() => []);
  const at = new Int32Array(lines.length);
  for (;;) {
    let next = Number.POSITIVE_INFINITY;
    for (let s = 0; s < lines.length; s++) {
      if (at[s]! < lines[s]!.length) next = Math.min(next, lines[s]!.time[at[s]!]!);
    }
    if (next === Number.POSITIVE_INFINITY) break;
    times.push(next / 1000);
    for (let s = 0; s < lines.length; s++) {
      const line = lines[s]!;
      if (at[s]! < line.length && line.time[at[s]!] === next) {
        const value = line.value[at[s]!]!;
        values[s]!.push(Number.isNaN(value) ? null : value);
        at[s] = at[s]! + 1;
      } else values[s]!.push(undefined);
    }
  }
  return [times, ...values];
}
