import { ValueType } from "../../sample/index.ts";
import type { StoredSignal } from "../types.ts";
import type { Column } from "./column.ts";

/** One series as the engine holds it. */
export interface Series {
  /** Row in the `series` table; 0 until it is committed. */
  id: number;
  readonly path: string;
  unit: string;
  /** All but path and unit of a StoredSignal, as JSON; empty for series of a former release. */
  about: string;
  /** `about` read, once. */
  known: StoredSignal | undefined;
  /** Unit or about differ from the one on disk. */
  renamed: boolean;
  /** Samples after the closed chunks; undefined until the series is touched, and again once it was evicted. */
  head: Column | undefined;
  /** The head holds samples that no chunk holds yet. */
  dirty: boolean;
  /** Samples that belong into closed chunks and wait for the next maintenance. */
  late: Column | undefined;
  /** Time of the newest closed sample, in whole milliseconds. */
  closedMs: number;
  /** Tick of the last use, for eviction. */
  used: number;
}

/** A series without samples. */
export function makeSeries(id: number, path: string, unit: string, about: string): Series {
  return {
    id,
    path,
    unit,
    about,
    known: undefined,
    renamed: false,
    head: undefined,
    dirty: false,
    late: undefined,
    closedMs: Number.NEGATIVE_INFINITY,
    used: 0,
  };
}

/** A signal's parts as the store keeps them beside path and unit. */
export function aboutText({ source, device, metric, type, schema, hierarchy }: StoredSignal): string {
  return JSON.stringify({ source, device, metric, type, schema, hierarchy });
}

/** What the store knows of a series. Without `about`, the last part of the path is the metric and the one before the device. */
export function signalOf(series: Series): StoredSignal {
  if (series.known?.unit === series.unit) return series.known;
  const { path, unit } = series;
  const parts = path.split("/");
  const metric = parts.pop() ?? path;
  const device = parts.pop() ?? "";
  const plain = { source: parts.join("/"), device, metric, type: ValueType.Unknown, schema: "", hierarchy: [] };
  series.known = { ...(aboutOf(series.about) ?? plain), path, unit };
  return series.known;
}

/** Undefined where there is none, or the disk has damaged it: the path is enough to read by. */
function aboutOf(text: string): Omit<StoredSignal, "path" | "unit"> | undefined {
  try {
    const about = JSON.parse(text || "null") as Partial<StoredSignal> | null;
    const isWhole =
      typeof about?.device === "string" && typeof about.metric === "string" && Array.isArray(about.hierarchy);
    return isWhole ? (about as StoredSignal) : undefined;
  } catch {
    return undefined;
  }
}
