import { doublesOf, numberAt } from "../points.ts";
import type { ChunkInfo } from "./chunks.ts";
import { Column } from "./column.ts";

/** A sample that a display must show: where it lies, once its chunk has been read. */
interface Extreme {
  value: number;
  readonly chunk: ChunkInfo | undefined;
  readonly column: Column | undefined;
  readonly index: number;
}

/** Of every bucket the least and the greatest number. */
class Buckets {
  readonly #from: number;
  readonly #width: number;
  readonly low: (Extreme | undefined)[] = [];
  readonly high: (Extreme | undefined)[] = [];

  constructor(from: number, width: number) {
    this.#from = from;
    this.#width = width;
  }

  of(ms: number): number {
    return Math.floor((ms - this.#from) / this.#width);
  }

  take(bucket: number, low: Extreme, high: Extreme): void {
    if (low.value < (this.low[bucket]?.value ?? Number.POSITIVE_INFINITY)) this.low[bucket] = low;
    if (high.value > (this.high[bucket]?.value ?? Number.NEGATIVE_INFINITY)) this.high[bucket] = high;
  }
}

/**
 * The minimum and the maximum of every bucket of a long range, with their own times and status. A chunk that lies in one bucket
 * tells by its statistics whether it matters: of a year, some thousand chunks are read and not all.
 * @param rest samples that lie in no chunk
 * @param range of it all, and from when samples of chunks count
 */
export function extremesOf(
  chunks: readonly ChunkInfo[],
  read: (chunk: ChunkInfo) => Column,
  rest: Column,
  range: { readonly from: number; readonly to: number; readonly keptFrom: number },
  maxPoints: number,
): Column {
  const count = Math.max(1, Math.floor(maxPoints / 2));
  const buckets = new Buckets(range.from, (range.to - range.from) / count);
  const takeColumn = (column: Column): void => {
    const doubles = doublesOf(column.bits);
    for (let i = 0; i < column.length; i++) {
      const ms = column.ms[i]!;
      if (ms < range.from || ms >= range.to) continue;
      const value = numberAt(column.typeAt(i), column.bits, doubles, i);
      if (Number.isNaN(value)) continue;
      const one = { value, chunk: undefined, column, index: i };
      buckets.take(buckets.of(ms), one, one);
    }
  };
  for (const chunk of chunks) {
    const inside = chunk.t0 >= range.keptFrom && chunk.t1 < range.to;
    if (inside && buckets.of(chunk.t0) === buckets.of(chunk.t1)) {
      if (chunk.count === 0) continue;
      const at = { chunk, column: undefined, index: -1 };
      buckets.take(buckets.of(chunk.t0), { ...at, value: chunk.min }, { ...at, value: chunk.max });
    } else takeColumn(read(chunk));
  }
  takeColumn(rest);
  const shown = new Column(maxPoints + 2);
  const columns = new Map<ChunkInfo, Column>();
  for (let bucket = 0; bucket <= count; bucket++) {
    for (const extreme of [buckets.low[bucket], buckets.high[bucket]]) {
      if (extreme !== undefined) put(shown, extreme, columns, read);
    }
    columns.clear();
  }
  return shown;
}

function put(
  shown: Column,
  extreme: Extreme,
  columns: Map<ChunkInfo, Column>,
  read: (chunk: ChunkInfo) => Column,
): void {
  const { chunk } = extreme;
  if (chunk === undefined) {
    shown.putFrom(extreme.column!, extreme.index);
    return;
  }
  let column = columns.get(chunk);
  if (column === undefined) columns.set(chunk, (column = read(chunk)));
  const doubles = doublesOf(column.bits);
  for (let i = 0; i < column.length; i++) {
    if (numberAt(column.typeAt(i), column.bits, doubles, i) !== extreme.value) continue;
    shown.putFrom(column, i);
    return;
  }
}
