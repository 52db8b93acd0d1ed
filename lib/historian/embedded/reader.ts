import { doublesOf, numberAt } from "../points.ts";
import type { CheckedQuery } from "../query.ts";
import { minMaxIndices } from "../reduce.ts";
import type { HistorianSeries } from "../types.ts";
import { WindowGatherer } from "../window.ts";
import type { ChunkInfo } from "./chunks.ts";
import { Column } from "./column.ts";
import type { Engine } from "./engine.ts";
import type { Series } from "./series.ts";

type Range = Pick<CheckedQuery, "from" | "to" | "limit">;

/** Answers for one series; undefined when it holds nothing of the range. */
export function readSeries(engine: Engine, series: Series, query: CheckedQuery): HistorianSeries | undefined {
  if (series.id === 0) return undefined;
  const head = engine.headOf(series);
  const chunks = engine.chunks.range(series.id, query.from, query.to);
  if (query.aggregate !== "raw") return aggregate(engine, series, head, chunks, query);
  const part = collect(engine, series, head, chunks, query);
  return part.length === 0 ? undefined : rawAnswer(series, part, query);
}

/** All samples of a series within from … to (exclusive), in milliseconds, as one column. */
export function readColumn(engine: Engine, series: Series, from: number, to: number): Column {
  const head = engine.headOf(series);
  const range = { from, to, limit: undefined };
  return collect(engine, series, head, engine.chunks.range(series.id, from, to), range);
}

/** All samples of the range; with a limit, no more chunks than it needs. */
function collect(engine: Engine, series: Series, head: Column, chunks: ChunkInfo[], query: Range): Column {
  const columns = [within(head, query)];
  let missing = (series.late === undefined ? query.limit : undefined) ?? Number.POSITIVE_INFINITY;
  missing -= columns[0]!.length;
  for (let i = chunks.length - 1; i >= 0 && missing > 0; i--) {
    const part = within(engine.chunks.read(chunks[i]!.id), query);
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

/** Windows of numbers; a chunk that lies in one window, and in the range, gives its statistics unread. */
function aggregate(
  engine: Engine,
  series: Series,
  head: Column,
  chunks: ChunkInfo[],
  query: CheckedQuery,
): HistorianSeries | undefined {
  const windows = new WindowGatherer(query.aggregate, query.windowMs);
  const gather = (column: Column): void => {
    const doubles = doublesOf(column.bits);
    for (let i = 0; i < column.length; i++) {
      windows.add(column.ms[i]!, numberAt(column.typeAt(i), column.bits, doubles, i));
    }
  };
  if (series.late === undefined) {
    for (const chunk of chunks) {
      const inside = chunk.t0 >= query.from && chunk.t1 + 1 <= query.to;
      if (inside && windows.startOf(chunk.t0) === windows.startOf(chunk.t1)) windows.addAll(chunk.t0, chunk);
      else gather(within(engine.chunks.read(chunk.id), query));
    }
    gather(within(head, query));
  } else {
    gather(collect(engine, series, head, chunks, query));
  }
  const answer = windows.finish();
  return answer.time.length === 0 ? undefined : { path: series.path, unit: series.unit, ...answer };
}
