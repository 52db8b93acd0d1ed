import { isInt64, isNumeric, ValueType } from "../../sample/index.ts";
import type { FieldColumn, PointSeries, PointSource } from "../influxql/source.ts";
import { pointOf, tagText } from "../point.ts";
import { doublesOf, NULL_BIT, numberAt } from "../points.ts";
import { tagsOf } from "../selection.ts";
import type { StoredSignal } from "../types.ts";
import type { Column } from "./column.ts";
import type { Engine } from "./engine.ts";
import { readColumn } from "./reader.ts";
import { type Series, signalOf } from "./series.ts";

/** The measurement of all signals of devices, as the usual layout in an InfluxDB has it. */
const MEASUREMENT = "sensors";
/** What InfluxQL says of where it is. */
const DATABASE = "factoryplus";

type FieldKind = "float" | "integer" | "string" | "boolean";

/** The engine's series as InfluxQL sees them: signals with field `value`, `text` and `status`, points with their own fields. */
export function pointSource(engine: Engine): PointSource {
  return { database: DATABASE, series: () => [...seriesOf(engine)] };
}

function* seriesOf(engine: Engine): Generator<PointSeries> {
  const points = new Map<string, { measurement: string; tags: Record<string, string>; fields: Map<string, Series> }>();
  for (const series of [...engine.series.values()].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (series.id === 0) continue;
    const signal = signalOf(series);
    const point = pointOf(signal);
    if (point === undefined) {
      yield deviceSeries(engine, series, signal);
      continue;
    }
    const key = `${point.measurement}\n${tagText(point.tags)}`;
    let one = points.get(key);
    if (one === undefined) {
      one = { measurement: point.measurement, tags: Object.fromEntries(point.tags), fields: new Map() };
      points.set(key, one);
    }
    one.fields.set(point.field, series);
  }
  for (const { measurement, tags, fields } of points.values()) yield pointSeries(engine, measurement, tags, fields);
}

function deviceSeries(engine: Engine, series: Series, signal: StoredSignal): PointSeries {
  const numeric = isNumeric(signal.type) || isInt64(signal.type);
  const fields = new Map<string, FieldKind>();
  if (numeric || signal.type === ValueType.Unknown) fields.set("value", "float");
  if (!numeric) fields.set("text", "string");
  fields.set("status", "integer");
  return {
    measurement: MEASUREMENT,
    tags: tagsOf(signal),
    fields,
    read: (field, from, to) => fieldColumn(readColumn(engine, series, from, to + 1), deviceValue(field)),
  };
}

function pointSeries(
  engine: Engine,
  measurement: string,
  tags: Readonly<Record<string, string>>,
  fields: ReadonlyMap<string, Series>,
): PointSeries {
  return {
    measurement,
    tags,
    fields: new Map([...fields].map(([name, series]) => [name, kindOf(signalOf(series).type)])),
    read(field, from, to) {
      const series = fields.get(field);
      return series === undefined ? undefined : fieldColumn(readColumn(engine, series, from, to + 1), pointValue);
    },
  };
}

function kindOf(type: number): FieldKind {
  if (type === ValueType.Boolean) return "boolean";
  if (isInt64(type) || (isNumeric(type) && type <= ValueType.UInt32)) return "integer";
  return isNumeric(type) || type === ValueType.Unknown ? "float" : "string";
}

type Reading = (column: Column, doubles: Float64Array, i: number) => number | string | boolean | undefined;

function fieldColumn(column: Column, read: Reading): FieldColumn {
  const doubles = doublesOf(column.bits);
  const { length, ms, ns } = column;
  return { length, ms, ns, value: (i) => read(column, doubles, i) };
}

function numberOf(column: Column, doubles: Float64Array, i: number): number | undefined {
  const value = numberAt(column.typeAt(i), column.bits, doubles, i);
  return Number.isNaN(value) ? undefined : value;
}

function deviceValue(field: string): Reading {
  if (field === "value") return numberOf;
  if (field === "text") return (column, _, i) => column.text?.[i];
  return (column, _, i) => {
    const status = column.status?.[i] ?? 0;
    return status !== 0 || (column.typeAt(i) & NULL_BIT) !== 0 ? status : undefined;
  };
}

const pointValue: Reading = (column, doubles, i) => {
  const value = numberOf(column, doubles, i);
  if (value === undefined) return column.text?.[i];
  return column.typeAt(i) === ValueType.Boolean ? value !== 0 : value;
};
