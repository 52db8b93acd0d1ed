import type { CheckedQuery } from "./query.ts";
import type { HistorianSeries } from "./types.ts";

/** Answers with a value in every window of the range, as the query's `fill` says. Null is NaN. */
export function filled(answers: readonly HistorianSeries[], query: CheckedQuery): HistorianSeries[] {
  if (query.fill === "none" || query.aggregate === "raw") return [...answers];
  return answers.map((series) => filledSeries(series, query));
}

function filledSeries(series: HistorianSeries, { from, to, windowMs, fill }: CheckedQuery): HistorianSeries {
  const first = Math.floor(from / windowMs);
  const count = Math.max(0, Math.ceil(to / windowMs) - first);
  const time = Float64Array.from({ length: count }, (_, i) => (first + i) * windowMs);
  const value = new Float64Array(count).fill(typeof fill === "number" ? fill : Number.NaN);
  const known = Array.from(series.time, (at) => Math.round(at / windowMs) - first);
  known.forEach((index, i) => (value[index] = series.value[i]!));
  if (fill === "previous" || fill === "linear") {
    known.forEach((index, i) => {
      const next = known[i + 1] ?? (fill === "linear" ? index : count);
      const step = fill === "linear" && next > index ? (value[next]! - value[index]!) / (next - index) : 0;
      for (let gap = index + 1; gap < next; gap++) value[gap] = value[index]! + step * (gap - index);
    });
  }
  return { path: series.path, unit: series.unit, time, value };
}
