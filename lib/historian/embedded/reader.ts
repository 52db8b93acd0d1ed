import { ValueType } from "../../sample/index.ts";
import { doublesOf, numberAt } from "../points.ts";
import type { CheckedQuery } from "../query.ts";
import { minMaxIndices } from "../reduce.ts";
import type { HistorianSeries } from "../types.ts";
import { type Statistics, WindowGatherer } from "../window.ts";
import type { ChunkInfo, ChunkTable } from "./chunks.ts";
import { Column } from "./column.ts";
import { extremesOf } from "./display.ts";
import type { RollUpTable } from "./rollups.ts";
import type { Series } from "./series.ts";

/** Where samples lie: chunks and roll-ups on disk, heads in memory. */
export interface Held {
  readonly chunks: ChunkTable;
  readonly rollUps: RollUpTable;
  /** Samples before this time, in milliseconds, are beyond what is kept. */
  readonly horizon: number;
  isGone(ms: number): boolean;
  headOf(series: Series): Column;
}

type Range = Pick<CheckedQuery, "from" | "to" | "limit">;

/** A range of so many rolled-up windows is read from them, and not from samples. */
const LONG_WINDOWS = 2000;
/** From so many samples a point on, a display reads only the chunks that hold an extreme. */
const MANY_SAMPLES_A_POINT = 50;

/** Answers for one series; undefined when it holds nothing of the range. */
export function readSeries(held: Held, series: Series, query: CheckedQuery): HistorianSeries | undefined {
  if (series.id === 0) return undefined;
  if (query.aggregate !== "raw") return aggregate(held, series, query);
  const { maxPoints, limit } = query;
  const shown = maxPoints === undefined || limit !== undefined ? undefined : display(held, series, query, maxPoints);
  const part = shown ?? readColumn(held, series, query.from, query.to, limit);
  return part.length === 0 ? undefined : rawAnswer(series, part, query);
}

/** All samples of a series within from … to (exclusive), in milliseconds, as one column; none that is older than what is kept. */
export function readColumn(held: Held, series: Series, first: number, to: number, limit?: number): Column {
  const head = held.headOf(series);
  const range = keptOf(held, { from: first, to, limit });
  return collect(held, series, head, held.chunks.range(series.id, range.from, to), range);
}

/** The part of a range that is not older than what is kept: a chunk that is still there may hold samples that are. */
function keptOf<R extends Range>(held: Held, range: R): R {
  return { ...range, from: Math.min(range.to, Math.max(range.from, held.horizon)) };
}

/** All samples of the range; with a limit, no more chunks than it needs. */
function collect(held: Held, series: Series, head: Column, chunks: ChunkInfo[], query: Range): Column {
  const columns = [within(head, query)];
  let missing = (series.late === undefined ? query.limit : undefined) ?? Number.POSITIVE_INFINITY;
  missing -= columns[0]!.length;
  for (let i = chunks.length - 1; i >= 0 && missing > 0; i--) {
    const part = within(held.chunks.read(chunks[i]!, series.id), query);
    columns.push(part);
    missing -= part.length;
  }
  const all = concatenated(columns.reverse());
  if (series.late !== undefined) {
    const late = within(series.late, query);
    for (let i = 0; i < late.length; i++) all.putFrom(late, i);
  }
  const { limit } = query;
  return limit !== undefined && all.length > limit ? all.slice(all.length - limit, all.length) : all;
}

function within(column: Column, query: Range): Column {
  const from = column.lowerBound(Math.floor(query.from), Math.round((query.from - Math.floor(query.from)) * 1e6));
  const to = column.lowerBound(Math.floor(query.to), Math.round((query.to - Math.floor(query.to)) * 1e6));
  return from === 0 && to === column.length ? column : column.slice(from, to);
}

/** Columns that follow each other in time as one. */
function concatenated(columns: readonly Column[]): Column {
  const size = columns.reduce((sum, column) => sum + column.length, 0);
  const all = new Column(Math.max(1, size));
  const uniform = columns.find((column) => column.length > 0)?.uniform ?? 0;
  const parts = columns.filter((column) => column.length > 0);
  const mixed = parts.some((column) => column.type !== undefined || column.uniform !== uniform);
  if (parts.some((column) => column.ns !== undefined)) all.ns = new Uint32Array(all.ms.length);
  if (parts.some((column) => column.status !== undefined)) all.status = new Uint32Array(all.ms.length);
  if (mixed) all.type = new Uint8Array(all.ms.length);
  if (parts.some((column) => column.text !== undefined)) all.text = [];
  all.uniform = uniform;
  for (const part of parts) {
    const at = all.length;
    const count = part.length;
    all.ms.set(part.ms.subarray(0, count), at);
    all.bits.set(part.bits.subarray(0, count * 2), at * 2);
    if (part.ns !== undefined) all.ns?.set(part.ns.subarray(0, count), at);
    if (part.status !== undefined) all.status?.set(part.status.subarray(0, count), at);
    if (part.type !== undefined) all.type?.set(part.type.subarray(0, count), at);
    else all.type?.fill(part.uniform, at, at + count);
    if (part.text !== undefined) for (let i = 0; i < count; i++) all.text![at + i] = part.text[i];
    all.length += count;
  }
  return all;
}

function rawAnswer(series: Series, part: Column, query: CheckedQuery): HistorianSeries {
  const size = part.length;
  const time = new Float64Array(size);
  const value = new Float64Array(size);
  const doubles = doublesOf(part.bits);
  for (let i = 0; i < size; i++) {
    time[i] = part.ms[i]! + (part.ns?.[i] ?? 0) / 1e6;
    value[i] = numberAt(part.typeAt(i), part.bits, doubles, i);
  }
  const kept = query.maxPoints === undefined ? null : minMaxIndices(time, value, query.from, query.to, query.maxPoints);
  const hasText = part.text?.some((text) => text !== undefined) ?? false;
  const hasStatus = part.status?.subarray(0, size).some((status) => status !== 0) ?? false;
  const pick = <L extends Float64Array | Uint32Array>(lane: L, make: (length: number) => L): L => {
    const out = make(kept === null ? size : kept.length);
    for (let i = 0; i < out.length; i++) out[i] = lane[kept === null ? i : kept[i]!]!;
    return out;
  };
  const answer = {
    path: series.path,
    unit: series.unit,
    time: kept === null ? time : pick(time, (length) => new Float64Array(length)),
    value: kept === null ? value : pick(value, (length) => new Float64Array(length)),
  };
  const text = hasText
    ? Array.from(answer.time, (_, i) => part.text![kept === null ? i : kept[i]!] ?? null)
    : undefined;
  const status = hasStatus ? pick(part.status!, (length) => new Uint32Array(length)) : undefined;
  return { ...answer, ...(text === undefined ? {} : { text }), ...(status === undefined ? {} : { status }) };
}

/** Statistics of every window of a series within from … to, oldest first; windows without a number are left out. */
export function windowStatistics(
  held: Held,
  series: Series,
  windowMs: number,
  from: number,
  to: number,
): [number, Statistics][] {
  const windows = new WindowGatherer("count", windowMs);
  gatherRaw(held, series, windows, { from, to, limit: undefined });
  return windows.statistics();
}

/** Adds the samples of a range; a chunk that lies in one window, and in the range, gives its statistics unread. */
function gatherRaw(held: Held, series: Series, windows: WindowGatherer, range: Range): void {
  if (!(range.from < range.to)) return;
  const head = held.headOf(series);
  const chunks = held.chunks.range(series.id, range.from, range.to);
  const gather = (column: Column): void => {
    const doubles = doublesOf(column.bits);
    for (let i = 0; i < column.length; i++) {
      windows.add(column.ms[i]!, numberAt(column.typeAt(i), column.bits, doubles, i));
    }
  };
  if (series.late !== undefined) return gather(collect(held, series, head, chunks, range));
  for (const chunk of chunks) {
    const inside = chunk.t0 >= range.from && chunk.t1 + 1 <= range.to;
    if (inside && windows.startOf(chunk.t0) === windows.startOf(chunk.t1)) windows.addAll(chunk.t0, chunk);
    else gather(within(held.chunks.read(chunk, series.id), range));
  }
  gather(within(head, range));
}

/** Windows of numbers; of a long range, or where the samples are gone, from a roll-up, and its ends from samples that are kept. */
function aggregate(held: Held, series: Series, query: CheckedQuery): HistorianSeries | undefined {
  const { from, to, windowMs } = query;
  const windows = new WindowGatherer(query.aggregate, windowMs);
  const rolled = held.rollUps.fitting(windowMs);
  const range = { from, to, limit: undefined };
  const start = rolled === undefined ? to : Math.ceil(from / rolled.windowMs) * rolled.windowMs;
  const end = rolled === undefined ? from : Math.min(Math.floor(to / rolled.windowMs) * rolled.windowMs, rolled.done);
  if (rolled !== undefined && start < end && (to - from >= LONG_WINDOWS * rolled.windowMs || held.isGone(from))) {
    gatherRaw(held, series, windows, keptOf(held, { ...range, to: Math.min(start, to) }));
    for (const window of held.rollUps.read(series.id, rolled.windowMs, start, end)) windows.addAll(window.t0, window);
    gatherRaw(held, series, windows, keptOf(held, { ...range, from: end }));
  } else gatherRaw(held, series, windows, keptOf(held, range));
  const answer = windows.finish();
  return answer.time.length === 0 ? undefined : { path: series.path, unit: series.unit, ...answer };
}

/** What a display of so many points shows, where the samples are many or gone; undefined where they can be read as they are. */
function display(held: Held, series: Series, query: CheckedQuery, maxPoints: number): Column | undefined {
  const kept = keptOf(held, query);
  const chunks = held.chunks.range(series.id, kept.from, kept.to);
  const samples = chunks.reduce((sum, chunk) => sum + chunk.samples, 0);
  const gone = held.isGone(query.from) ? goneColumn(held, series, query) : undefined;
  if (gone === undefined && samples < MANY_SAMPLES_A_POINT * maxPoints) return undefined;
  const rest = concatenated([gone ?? new Column(1), within(held.headOf(series), kept)]);
  if (series.late !== undefined) {
    const late = within(series.late, kept);
    for (let i = 0; i < late.length; i++) rest.putFrom(late, i);
  }
  const range = { from: query.from, to: query.to, keptFrom: kept.from };
  return extremesOf(chunks, (chunk) => within(held.chunks.read(chunk, series.id), kept), rest, range, maxPoints);
}

/** Minimum and maximum of every rolled-up window before the first sample that is left. */
function goneColumn(held: Held, series: Series, query: CheckedQuery): Column | undefined {
  const first = Math.max(held.horizon, held.chunks.firstMs(series.id) ?? query.to);
  const found = held.rollUps.finest(series.id, query.from, Math.min(first, query.to));
  if (found === undefined) return undefined;
  const column = new Column(found.windows.length * 2);
  const value = new Float64Array(1);
  const bits = new Uint32Array(value.buffer);
  for (const { t0, min, max } of found.windows) {
    for (const [at, extreme] of [
      [t0, min],
      [t0 + Math.floor(found.windowMs / 2), max],
    ] as const) {
      value[0] = extreme;
      if (at < query.to) column.put(at, 0, 0, ValueType.Double, bits[0]!, bits[1]!, undefined);
    }
  }
  return column;
}
