import { type SampleValue, Status } from "../../sample/index.ts";
import type { CompiledRule, RuleCounts } from "./compiled-rule.ts";

/** Why a value is bad. */
export interface Fault {
  readonly kind: Exclude<keyof RuleCounts, "mapped">;
  /** OPC UA StatusCode. */
  readonly status: number;
  readonly reason: string;
}

/** What is remembered of an output signal to judge its next value. */
export interface Track {
  /** The newest good number and its time; NaN before the first. */
  goodValue: number;
  goodTime: number;
}

/** Range and rate of change of a number; undefined where it is good. A good number becomes the one that the next is compared with. */
export function judgeNumber(rule: CompiledRule, track: Track, value: number, time: number): Fault | undefined {
  if (value < rule.min || value > rule.max || !Number.isFinite(value)) {
    const limit = value < rule.min ? `below ${rule.min}` : value > rule.max ? `above ${rule.max}` : "not finite";
    return {
      kind: "range",
      status: Status.BadOutOfRange,
      reason: Number.isNaN(value) ? "not a number" : `${short(value)} is ${limit}`,
    };
  }
  if (rule.maxRate < Number.POSITIVE_INFINITY) {
    // Compared with the last good one: a single spike is one bad value, a real step is accepted as time passes.
    const seconds = (time - track.goodTime) / 1000;
    const rate = Math.abs(value - track.goodValue) / seconds;
    if (seconds > 0 && rate > rule.maxRate)
      return {
        kind: "rate",
        status: Status.BadSensorFailure,
        reason: `changed by ${short(rate)} a second, more than ${rule.maxRate}`,
      };
  }
  track.goodValue = value;
  track.goodTime = time;
  return undefined;
}

/** Any value: whether it is one of those allowed, and where it is a number its range and rate. */
export function judge(rule: CompiledRule, track: Track, value: SampleValue, time: number): Fault | undefined {
  const text = String(value as string | number | bigint | boolean);
  if (rule.allowed?.has(text) === false)
    return { kind: "allowed", status: Status.BadOutOfRange, reason: `${text.slice(0, 40)} is not allowed` };
  const isNumber = typeof value === "number" || typeof value === "bigint";
  return isNumber ? judgeNumber(rule, track, Number(value), time) : undefined;
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** A value that is no number, or does not fit the type of that name. */
export function notFitting(value: unknown, type: string | undefined): Fault {
  const shown = (typeof value === "object" ? JSON.stringify(value) : String(value)).slice(0, 40);
  const reason =
    type === undefined ? `${shown || "a blank"} is no number` : `${shown || "a blank"} does not fit ${type}`;
  return { kind: "type", status: Status.BadTypeMismatch, reason };
}
