import { types } from "node:util";
import { FplusError } from "../../lib/errors/index.ts";
import type { Aggregate, Fill, HistorianQuery } from "../../lib/historian/index.ts";
import { momentOf } from "../frame/index.ts";

/** The properties of the dialog. */
export interface QueryConfig {
  readonly name: string;
  readonly historian: string;
  /** How the question is put: by the fields below, or as text. */
  readonly language: "" | "builder" | "influxql" | "flux";
  /** The text of a question in InfluxQL or Flux. */
  readonly query: string;
  /** One path or pattern a line. */
  readonly signals: string;
  /** `name=text or pattern`, separated by commas; blank = all. */
  readonly tags: string;
  readonly range: "last" | "between";
  readonly minutes: string | number;
  readonly from: string;
  readonly to: string;
  readonly aggregate: Aggregate;
  readonly fill: Fill | "";
  /** Seconds. */
  readonly window: string | number;
  /** Samples a signal at most; blank = all. */
  readonly limit: string | number;
  readonly output: "arrays" | "rows" | "series";
}

/** What a message may set in the place of the dialog, as properties of `payload`. */
interface Overrides {
  readonly signals?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly minutes?: unknown;
  readonly aggregate?: unknown;
  readonly windowMs?: unknown;
  readonly limit?: unknown;
  readonly maxPoints?: unknown;
  readonly tags?: unknown;
  readonly fill?: unknown;
}

/** What blank fields of the dialog mean. */
const USUAL_MINUTES = 60;
const USUAL_WINDOW_S = 60;

/**
 * The query of a message: the dialog's, with what the message sets in its payload.
 * @throws FplusError `historian.query` naming the field
 */
export function requestOf(config: QueryConfig, payload: unknown, now: number): HistorianQuery {
  const asked: Overrides = typeof payload === "object" && payload !== null ? payload : {};
  const signals = signalsOf(asked.signals ?? config.signals);
  const minutes = asked.minutes ?? (config.range === "between" ? undefined : config.minutes || USUAL_MINUTES);
  const isLast = asked.from === undefined && minutes !== undefined;
  const to = timeOf("to", asked.to ?? (config.range === "between" && !isLast ? config.to : ""), now, now);
  const from = isLast ? to - numberOf("minutes", minutes) * 60_000 : timeOf("from", asked.from ?? config.from, now);
  const aggregate = (asked.aggregate ?? (config.aggregate || "raw")) as Aggregate;
  const limit = asked.limit ?? config.limit;
  return {
    signals,
    from,
    to,
    aggregate,
    ...(aggregate === "raw"
      ? {}
      : {
          windowMs:
            asked.windowMs === undefined
              ? numberOf("window", config.window || USUAL_WINDOW_S) * 1000
              : numberOf("windowMs", asked.windowMs),
          fill: (asked.fill ?? (config.fill || "none")) as Fill,
        }),
    ...tagsOf(asked.tags ?? config.tags),
    ...(limit === undefined || limit === "" ? {} : { limit: numberOf("limit", limit) }),
    ...(asked.maxPoints === undefined ? {} : { maxPoints: numberOf("maxPoints", asked.maxPoints) }),
  };
}

/**
 * The text of a question in InfluxQL or Flux: `msg.query`, or the dialog's.
 * @throws FplusError `historian.query` when there is none
 */
export function textOf(config: QueryConfig, asked: unknown): string {
  const text = typeof asked === "string" && asked.trim() !== "" ? asked : config.query;
  if (text?.trim()) return text;
  throw new FplusError("historian.query", "there is no question", {
    field: "query",
    hint: "Write it in the node, or send it as msg.query.",
  });
}

function signalsOf(value: unknown): string[] {
  const list: unknown[] = typeof value === "string" ? value.split("\n") : Array.isArray(value) ? value : [];
  const names = list.map((name) => (typeof name === "string" ? name.trim() : "")).filter((name) => name !== "");
  if (names.length > 0) return names;
  throw new FplusError("historian.query", "no signal is named", {
    field: "signals",
    hint: "Write one path a line in the node, or send payload.signals; * and ** stand for any names.",
  });
}

/** Tags as an object, or as text; anything else is left to the historian to refuse. */
function tagsOf(value: unknown): { tags?: Record<string, string> } {
  if (value === undefined || value === null || value === "") return {};
  if (typeof value !== "string") return { tags: value as Record<string, string> };
  const pairs = value.split(",").map((part) => /^\s*([^=]+?)\s*=\s*(.*?)\s*$/.exec(part));
  const fault = pairs.findIndex((pair) => pair === null);
  if (fault >= 0) {
    const hint = "Write tags like site=Leeds, device=Press*.";
    throw new FplusError("historian.query", `not a tag: ${value.split(",")[fault]!.trim()}`, { field: "tags", hint });
  }
  return { tags: Object.fromEntries(pairs.map((pair) => [pair![1]!, pair![2]!])) };
}

function timeOf(field: string, value: unknown, now: number, otherwise?: number): number {
  if ((value === undefined || value === "") && otherwise !== undefined) return otherwise;
  const numeric = typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value.trim());
  const time =
    typeof value === "number" || numeric
      ? Number(value)
      : typeof value === "string"
        ? (momentOf(value, now) ?? new Date(value).getTime())
        : types.isDate(value)
          ? value.getTime()
          : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new FplusError("historian.query", `${field} is not a time`, {
    field,
    hint: "Write now-1d, a date like 2026-01-31T12:00:00Z, or milliseconds.",
  });
}

function numberOf(field: string, value: unknown): number {
  const isNumber = typeof value === "number" || (typeof value === "string" && value.trim() !== "");
  const number = isNumber ? Number(value) : Number.NaN;
  if (Number.isFinite(number)) return number;
  throw new FplusError("historian.query", `${field} is not a number`, { field });
}
