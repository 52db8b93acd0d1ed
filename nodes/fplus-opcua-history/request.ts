import { types } from "node:util";
import { FplusError } from "../../lib/errors/index.ts";
import type { HistoryQuestion } from "../../lib/opcua/index.ts";
import { durationOf, momentOf, type OutputShape } from "../frame/index.ts";

/** The properties of the dialog. */
export interface HistoryConfig {
  readonly name: string;
  readonly endpoint: string;
  /** One NodeId, browse path or `device/metric` a line. */
  readonly targets: string;
  readonly read: "raw" | "processed" | "at";
  readonly from: string;
  readonly to: string;
  readonly order: "oldest" | "newest";
  /** Values a variable at most; blank = all. */
  readonly limit: string | number;
  readonly bounds: boolean;
  readonly aggregate: string;
  /** Width of an interval, `1m`; blank = the whole range. */
  readonly every: string;
  /** One time a line. */
  readonly times: string;
  readonly pageSize: string | number;
  readonly enums: "text" | "number";
  readonly output: OutputShape;
}

/** What is asked: of which variables, and what. */
export interface HistoryAsked {
  readonly targets: string[];
  readonly question: HistoryQuestion;
  readonly pageSize: number;
}

type Given = Readonly<Record<string, unknown>>;

const HINT_TIME = "Write now, now-1h, a date like 2026-01-31T12:00:00Z, or milliseconds.";
const USUAL_PAGE = 10_000;

/**
 * What a message asks: the dialog's question, with what the message sets in its payload; `topic` where nothing names a variable.
 * @throws FplusError `opcua.history` naming the field
 */
export function askedBy(config: HistoryConfig, msg: Given, now: number): HistoryAsked {
  const { payload, topic } = msg;
  const given: Given =
    typeof payload === "object" && payload !== null && !Array.isArray(payload) ? (payload as Given) : {};
  const read = given["read"] ?? (given["times"] === undefined ? config.read || "raw" : "at");
  const pageSize = numberOf("pageSize", given["pageSize"] ?? config.pageSize) ?? USUAL_PAGE;
  return {
    targets: targetsOf(given["targets"] ?? given["nodeId"] ?? config.targets, topic),
    question: questionOf(read, config, given, now),
    pageSize: Math.min(100_000, Math.max(1, pageSize)),
  };
}

function questionOf(read: unknown, config: HistoryConfig, given: Given, now: number): HistoryQuestion {
  if (read === "at") return { kind: "at", times: timesOf(given["times"] ?? config.times, now) };
  const from = timeOf("from", given["from"] ?? config.from, now);
  const to = timeOf("to", given["to"] ?? config.to, now);
  if (read === "processed") {
    return {
      kind: "processed",
      from: required("from", from),
      to: to ?? now,
      aggregate: String(given["aggregate"] ?? (config.aggregate || "Average")),
      everyMs: durationFrom(given["every"] ?? config.every),
    };
  }
  if (read !== "raw") throw fault("read", `${String(read)} is none of raw, processed, at`);
  const limit = numberOf("limit", given["limit"] ?? config.limit);
  const newest = (given["order"] ?? config.order) === "newest";
  return { kind: "raw", ...rangeOf(from, to, limit, newest, now), bounds: Boolean(given["bounds"] ?? config.bounds) };
}

/** A server returns values in the order of the two times, and without one end goes from the other (OPC 10000-11 6.5.3). */
function rangeOf(
  from: number | undefined,
  to: number | undefined,
  limit: number | undefined,
  newest: boolean,
  now: number,
) {
  const most = limit === undefined ? {} : { limit };
  if (from === undefined) {
    if (limit === undefined) throw fault("from", "there is no begin and no limit");
    return { to: to ?? now, ...most };
  }
  const end = to ?? now;
  const [early, late] = from <= end ? [from, end] : [end, from];
  return newest || from > end ? { from: late, to: early, ...most } : { from: early, to: late, ...most };
}

function targetsOf(value: unknown, topic: unknown): string[] {
  const list: unknown[] = typeof value === "string" ? value.split("\n") : Array.isArray(value) ? value : [];
  const named = list.map((one) => (typeof one === "string" ? one.trim() : "")).filter((one) => one !== "");
  if (named.length > 0) return named;
  if (typeof topic === "string" && topic.trim() !== "") return [topic.trim()];
  throw fault("targets", "no variable is named", "Write one NodeId or device/metric a line, or send msg.topic.");
}

function timesOf(value: unknown, now: number): number[] {
  const list: unknown[] = typeof value === "string" ? value.split("\n") : Array.isArray(value) ? value : [value];
  const given = list.filter((one) => typeof one !== "string" || one.trim() !== "");
  return given.map((one) => required("times", timeOf("times", one, now)));
}

function timeOf(field: string, value: unknown, now: number): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  // What a function node makes belongs to another realm.
  const time = types.isDate(value) ? value.getTime() : typeof value === "string" ? momentOf(value, now) : undefined;
  if (time === undefined || !Number.isFinite(time))
    throw fault(field, `${String(value).slice(0, 60)} is no time`, HINT_TIME);
  return time;
}

function durationFrom(value: unknown): number {
  if (value === undefined || value === "") return 0;
  const found = typeof value === "number" ? value : durationOf(String(value));
  if (found === undefined || !(found >= 0))
    throw fault("every", `${String(value).slice(0, 60)} is no length of time`, "Write it like 10s, 1m or 1h.");
  return found;
}

function numberOf(field: string, value: unknown): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const found = Number(value);
  if (Number.isInteger(found) && found >= 1) return found;
  throw fault(field, `${String(value).slice(0, 60)} is no number from 1 on`);
}

function required(field: string, value: number | undefined): number {
  if (value === undefined) throw fault(field, "a time is missing", HINT_TIME);
  return value;
}

function fault(field: string, message: string, hint?: string): FplusError {
  return new FplusError("opcua.history", message, { field, ...(hint === undefined ? {} : { hint }) });
}
