import type { CheckedQuery } from "./query.ts";
import { WindowGatherer } from "./window.ts";

/** One number at a time of an aggregate's answer. */
interface NumberSample {
  readonly time: number;
  readonly value: number;
  readonly text: null;
  readonly status: number;
}

/** Aggregates of samples in order of time, where the server cannot make them. */
export function numberAggregates(
  samples: readonly { readonly time: number; readonly value: number }[],
  query: CheckedQuery,
): NumberSample[] {
  const windows = new WindowGatherer(query.aggregate, query.windowMs);
  for (const { time, value } of samples) windows.add(time, value);
  const { time, value } = windows.finish();
  return Array.from(time, (at, i) => ({ time: at, value: value[i]!, text: null, status: 0 }));
}
