import { SampleBatch, SampleFlag, type SignalRegistry, ValueType } from "../sample/index.ts";
import { NULL_BIT, type Points } from "./points.ts";
import type { HistorianSeries, SamplesPart, StoredSignal } from "./types.ts";

/** The signal of a stored one in this process, with its type where the store tells it. */
export function internStored(registry: SignalRegistry, signal: StoredSignal): number {
  const { source, device, metric, type, unit, schema, hierarchy } = signal;
  const known = registry.find(signal.path);
  if (known !== undefined) return known.id;
  const identity = { source, device, metric, unit, schema, hierarchy };
  return registry.intern(type === ValueType.Unknown ? identity : { ...identity, type }).id;
}

/**
 * The newest part of a range, cut between two milliseconds so that the next part can begin there.
 * @param limit samples that were asked for: where there are fewer, the range is exhausted
 */
export function cutPart(
  batch: SampleBatch,
  range: { readonly from: number; readonly limit: number },
): { first: number; from: number } {
  if (batch.length < range.limit) return { first: 0, from: range.from };
  const oldest = Math.floor(batch.timeMs[0]!);
  let first = 0;
  while (first < batch.length && Math.floor(batch.timeMs[first]!) === oldest) first++;
  // More samples in one millisecond than a part holds: it goes as it is.
  if (first === batch.length) return { first: 0, from: oldest };
  return { first, from: oldest + 1 };
}

/** Samples of a query's answer, in the type that the store says or else as doubles and texts. */
export function partOf(
  series: HistorianSeries | undefined,
  signal: StoredSignal,
  registry: SignalRegistry,
  range: { readonly from: number; readonly limit: number },
): SamplesPart {
  const size = series?.time.length ?? 0;
  const batch = new SampleBatch(Math.max(1, size));
  const id = internStored(registry, signal);
  for (let i = 0; i < size; i++) {
    const time = series!.time[i]!;
    const value = series!.value[i]!;
    const text = series!.text?.[i] ?? null;
    const ms = Math.floor(time);
    const type = Number.isNaN(value) ? ValueType.String : ValueType.Double;
    const ns = Math.min(999_999, Math.round((time - ms) * 1e6));
    batch.addValue(id, type, Number.isNaN(value) ? text : value, ms, ns, series!.status?.[i] ?? 0);
  }
  const { first, from } = cutPart(batch, range);
  const kept = first === 0 ? batch : batch.pick(Array.from({ length: size - first }, (_, i) => first + i));
  return { batch: kept, from };
}

/** Points of the embedded engine as a part; everything comes back as it was, but bytes and structures as their text. */
export function pointsPart(
  points: Points,
  signal: StoredSignal,
  registry: SignalRegistry,
  range: { readonly from: number; readonly limit: number },
): SamplesPart {
  const id = internStored(registry, signal);
  const batch = new SampleBatch(Math.max(1, points.length));
  const { words } = batch;
  for (let i = 0; i < points.length; i++) {
    const type = points.type[i]! & ~NULL_BIT;
    batch.add(id, type, points.ms[i]!, points.ns[i]!, points.status[i]!);
    // Said to be late, so that a status is written in full beside it.
    batch.flags[i] = SampleFlag.Historical | ((points.type[i]! & NULL_BIT) === 0 ? 0 : SampleFlag.Null);
    words[i * 2] = points.bits[i * 2]!;
    words[i * 2 + 1] = points.bits[i * 2 + 1]!;
    if (points.text[i] !== undefined) batch.ref[i] = points.text[i];
  }
  const { first, from } = cutPart(batch, range);
  if (first === 0) return { batch, from };
  return { batch: batch.pick(Array.from({ length: points.length - first }, (_, i) => first + i)), from };
}
