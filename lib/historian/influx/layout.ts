import { isInt64, isNumeric, type Signal, ValueType } from "../../sample/index.ts";
import { type PointKey, pointOf } from "../point.ts";

/**
 * How signals lie in InfluxDB.
 *
 * `signals` (usual): one measurement for all signals, with tags `path` (the identity), `source`, `device`, `metric`, `unit`,
 * `schema` and the ISA-95 levels `enterprise`, `site`, `area`, `line`; field `value` (float) for every number and boolean, so
 * that no type can ever conflict and every function applies; field `text` (string) for text, bytes as base64 and structures as
 * JSON; field `exact` (string) beside `value` for 64-bit integers that a float cannot hold; field `status` (integer, OPC UA
 * StatusCode) where it is not Good. A sample without a value has only `status`.
 *
 * `devices`: a point a device and time, with a field a metric in the metric's own type; tags `source`, `device`, `schema` and
 * the levels; field `<metric>:status` where a status is not Good.
 *
 * `amrc`: the lines of the AMRC Factory+ historian: measurement `<last part of the name>:<i|u|d|b|s>`, tags `group`, `node`,
 * `device`, `path`, `unit`, and the objects around it as births name them (`topLevelInstance`, `usesSchemas` …); field `value`.
 * It has no place for a status.
 *
 * Signals that were points keep their own measurement, tags and field in every layout.
 */
export type InfluxLayout = "signals" | "devices" | "amrc";

/** How values are written: every number as a float, in their own types, or in those of the AMRC historian. */
export type ValueStyle = "float" | "typed" | "amrc";

/** Where the samples of a signal go, and how. */
export interface Placement extends PointKey {
  readonly style: ValueStyle;
}

/** Names of the ISA-95 levels as tags, outermost first. */
export const LEVELS = ["enterprise", "site", "area", "line"] as const;

/** Behind a field's name in the layout of devices: the status of that field. */
export const STATUS_SUFFIX = ":status";

/**
 * The place of a signal's samples of one type.
 * @param objects tags of the objects around it, in the AMRC layout
 */
export function placementOf(
  signal: Signal,
  type: number,
  layout: InfluxLayout,
  measurement: string,
  objects: Readonly<Record<string, string>>,
): Placement {
  const point = pointOf(signal);
  if (point !== undefined) return { ...point, style: "typed" };
  const { path, source, device, metric, unit, schema, hierarchy } = signal;
  const levels = Object.fromEntries(LEVELS.map((level, i) => [level, hierarchy[i] ?? ""]));
  switch (layout) {
    case "signals": {
      const tags = { path, source, device, metric, unit, schema, ...levels };
      return { measurement, tags: ordered(tags), field: "value", style: "float" };
    }
    case "devices":
      return { measurement, tags: ordered({ source, device, schema, ...levels }), field: metric, style: "typed" };
    case "amrc": {
      const cut = metric.lastIndexOf("/");
      const slash = source.indexOf("/");
      const [group, node] = slash < 0 ? [source, ""] : [source.slice(0, slash), source.slice(slash + 1)];
      const place = cut < 0 ? "" : metric.slice(0, cut);
      const tags = { group, node, device, path: place, unit, ...objects };
      const name = `${metric.slice(cut + 1)}:${amrcLetter(type)}`;
      return { measurement: name, tags: ordered(tags), field: "value", style: "amrc" };
    }
  }
}

/** The letter behind the name of an AMRC measurement. */
export function amrcLetter(type: number): "i" | "u" | "d" | "b" | "s" {
  if (type >= ValueType.Int8 && type <= ValueType.Int64) return "i";
  if (type >= ValueType.UInt8 && type <= ValueType.UInt64) return "u";
  if (type === ValueType.Float || type === ValueType.Double) return "d";
  return type === ValueType.Boolean ? "b" : "s";
}

/** True where a typed field is an integer. */
export function isInteger(type: number): boolean {
  return isInt64(type) || (isNumeric(type) && type <= ValueType.UInt32) || type === ValueType.DateTime;
}

function ordered(tags: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(tags)
    .filter(([, value]) => value !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
