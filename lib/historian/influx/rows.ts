import type { CheckedQuery } from "../query.ts";
import { minMaxIndices } from "../reduce.ts";
import type { HistorianSeries } from "../types.ts";

/** Rows of one path and unit; `time` in nanoseconds, other columns as the server gave them. */
export interface RowSet {
  readonly path: string;
  readonly unit: string;
  /** Index of a column by its name; -1 when it is absent. */
  readonly column: (name: string) => number;
  readonly rows: readonly (readonly unknown[])[];
}

/** One sample of an answer, in any order. */
export interface AnswerSample {
  /** Milliseconds, with fraction. */
  time: number;
  value: number;
  text: string | null;
  status: number;
}

/** Samples by path, in the making: a path whose unit changed is several series on the server and one here. */
export class AnswerBuilder {
  readonly #series = new Map<string, { unit: string; samples: AnswerSample[] }>();

  add(path: string, unit: string, sample: AnswerSample): void {
    let one = this.#series.get(path);
    if (one === undefined) this.#series.set(path, (one = { unit, samples: [] }));
    if (unit !== "") one.unit = unit;
    one.samples.push(sample);
  }

  /** The answers, ordered by path, their samples by time. */
  finish(query: CheckedQuery): HistorianSeries[] {
    const paths = [...this.#series.keys()].sort();
    return paths.map((path) => {
      const { unit, samples } = this.#series.get(path)!;
      samples.sort((a, b) => a.time - b.time);
      const kept = query.limit === undefined ? samples : samples.slice(-query.limit);
      return seriesOf(path, unit, kept, query);
    });
  }
}

function seriesOf(path: string, unit: string, all: AnswerSample[], query: CheckedQuery): HistorianSeries {
  let samples = all;
  if (query.maxPoints !== undefined) {
    const time = Float64Array.from(samples, (sample) => sample.time);
    const value = Float64Array.from(samples, (sample) => sample.value);
    // Of many samples the server has made one minimum and one maximum a bucket: about so many points, and none to leave out.
    const kept =
      samples.length <= query.maxPoints * 1.5
        ? null
        : minMaxIndices(time, value, query.from, query.to, query.maxPoints);
    if (kept !== null) samples = Array.from(kept, (i) => all[i]!);
  }
  return {
    path,
    unit,
    time: Float64Array.from(samples, (sample) => sample.time),
    value: Float64Array.from(samples, (sample) => sample.value),
    ...(samples.some((sample) => sample.text !== null) ? { text: samples.map((sample) => sample.text) } : {}),
    ...(samples.some((sample) => sample.status !== 0)
      ? { status: Uint32Array.from(samples, (sample) => sample.status) }
      : {}),
  };
}
