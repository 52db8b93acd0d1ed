import type { InfluxQlValue } from "./answer.ts";
import type { Source } from "./ast.ts";

/** The samples of one field of a series, in order of time. */
export interface FieldColumn {
  readonly length: number;
  /** Whole milliseconds since the epoch. */
  readonly ms: Float64Array;
  /** Nanoseconds within the millisecond; left out where all are 0. */
  readonly ns: Uint32Array | undefined;
  /** Undefined where the sample has no value for this field. */
  value(i: number): Exclude<InfluxQlValue, null> | undefined;
}

/** One series as InfluxQL sees it. */
export interface PointSeries {
  readonly measurement: string;
  /** Without empty ones. */
  readonly tags: Readonly<Record<string, string>>;
  /** Fields that it may have, with the type that SHOW FIELD KEYS says. */
  readonly fields: ReadonlyMap<string, "float" | "integer" | "string" | "boolean">;
  /** The samples of a field at from ≤ time ≤ to, in milliseconds. */
  read(field: string, fromMs: number, toMs: number): FieldColumn | undefined;
}

/** What questions are asked of. */
export interface PointSource {
  readonly database: string;
  series(): readonly PointSeries[];
}

/** The measurements that a statement names, in order, with their series in order of their tags. */
export function measurementsOf(source: PointSource, wanted: readonly Source[]): [string, PointSeries[]][] {
  const byName = new Map<string, PointSeries[]>();
  for (const series of source.series()) {
    const { measurement } = series;
    const named = wanted.some((one) => ("name" in one ? one.name === measurement : one.regex.test(measurement)));
    if (!named && wanted.length > 0) continue;
    const list = byName.get(measurement);
    if (list === undefined) byName.set(measurement, [series]);
    else list.push(series);
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1));
}
