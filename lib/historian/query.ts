import { FplusError, shown } from "../errors/index.ts";
import type { Aggregate, Fill, HistorianQuery } from "./types.ts";

const AGGREGATES: readonly Aggregate[] = ["raw", "mean", "min", "max", "first", "last", "count", "sum"];
/** Windows a series at most: a year of minutes fits, a second-wide window over years does not. */
const MAX_WINDOWS = 1_000_000;

const FILLS: ReadonlySet<unknown> = new Set<Fill>(["none", "null", "previous", "linear"]);

/** A query with its defaults filled in. */
export interface CheckedQuery {
  readonly signals: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly from: number;
  readonly to: number;
  readonly aggregate: Aggregate;
  /** 0 for raw. */
  readonly windowMs: number;
  readonly fill: Fill;
  readonly limit: number | undefined;
  readonly maxPoints: number | undefined;
}

/** @throws FplusError `historian.query` naming the field at fault */
export function checkQuery(query: HistorianQuery): CheckedQuery {
  const { signals, from, to, aggregate = "raw", limit, maxPoints, fill = "none", tags = {} } = query;
  if (!Array.isArray(signals) || signals.length === 0 || !signals.every((name) => typeof name === "string" && name)) {
    throw fault("signals", "signals must name at least one signal", "Give paths, or patterns with * and **.");
  }
  if (typeof from !== "number" || !Number.isFinite(from)) throw fault("from", "from is not a time in milliseconds");
  if (typeof to !== "number" || !Number.isFinite(to)) throw fault("to", "to is not a time in milliseconds");
  if (to < from) throw fault("to", "to lies before from");
  if (!AGGREGATES.includes(aggregate)) {
    throw fault("aggregate", `there is no aggregate ${shown(aggregate)}`, `Choose one of ${AGGREGATES.join(", ")}.`);
  }
  const windowMs = aggregate === "raw" ? 0 : Number(query.windowMs);
  if (aggregate !== "raw") {
    if (!Number.isInteger(windowMs) || windowMs < 1) {
      throw fault("windowMs", "an aggregate needs a window of whole milliseconds");
    }
    if ((to - from) / windowMs > MAX_WINDOWS) {
      throw fault("windowMs", `more than ${MAX_WINDOWS} windows`, "Choose a wider window or a shorter range.");
    }
  }
  if (!FILLS.has(fill) && !(typeof fill === "number" && Number.isFinite(fill))) {
    throw fault("fill", "fill is none, null, previous, linear or a number");
  }
  if (typeof tags !== "object" || tags === null || !Object.values(tags).every((value) => typeof value === "string")) {
    throw fault("tags", "tags must be texts by name", 'Write them like { "site": "Leeds", "device": "Press*" }.');
  }
  checkCount("limit", limit, 1);
  checkCount("maxPoints", maxPoints, 2);
  return { signals, tags: { ...tags }, from, to, aggregate, windowMs, fill, limit, maxPoints };
}

function checkCount(field: string, value: number | undefined, least: number): void {
  if (value !== undefined && (!Number.isInteger(value) || value < least)) {
    throw fault(field, `${field} must be a whole number from ${least} up`);
  }
}

function fault(field: string, message: string, hint?: string): FplusError {
  return new FplusError("historian.query", message, hint === undefined ? { field } : { field, hint });
}
