import { FplusError } from "../../errors/index.ts";
import type { SampleValue, Signal } from "../../sample/index.ts";
import type { CompiledRule, Line } from "./compiled-rule.ts";
import type { Feed } from "./derived.ts";
import type { Track } from "./judge.ts";

/** The way of one raw tag: found at its first sample, then only followed. */
export interface Route extends Track {
  readonly raw: Signal;
  /** The raw signal's unit when the way was found: another one is another way. */
  readonly rawUnit: string;
  /** Undefined for a tag that no rule is for. */
  readonly rule: CompiledRule | undefined;
  /** What the samples become; the raw signal itself where no rule is for it. */
  readonly out: Signal;
  readonly line: Line;
  readonly changesNumber: boolean;
  /** Numbers need nothing but the line and their limits. */
  readonly isPlain: boolean;
  /** Why its values cannot be used although a rule is for them; empty where they can. */
  readonly refusal: string;
  readonly feeds: readonly Feed[];
  /** Time of arrival of the newest sample, and whether its silence was told. */
  arrived: number;
  isSilent: boolean;
  count: number;
  /** The newest raw value, for previews: a number here, anything else beside it. */
  lastNumber: number;
  lastOther: SampleValue | undefined;
}

/** A number is a number: nothing is done to it. */
const STRAIGHT: Line = {
  factor: 1,
  offset: 0,
  lowest: Number.NEGATIVE_INFINITY,
  highest: Number.POSITIVE_INFINITY,
};

/** The way of a tag by a rule, before its first sample. */
export function newRoute(rule: CompiledRule | undefined, raw: Signal, out: Signal, feeds: readonly Feed[]): Route {
  const { line, refusal } = lineOf(rule, raw);
  return {
    raw,
    rawUnit: raw.unit,
    rule,
    out,
    line,
    changesNumber: line.factor !== 1 || line.offset !== 0 || line.lowest !== Number.NEGATIVE_INFINITY,
    isPlain: rule?.isPlain === true && refusal === "",
    refusal,
    feeds,
    goodValue: Number.NaN,
    goodTime: Number.NaN,
    arrived: 0,
    isSilent: false,
    count: 0,
    lastNumber: Number.NaN,
    lastOther: undefined,
  };
}

function lineOf(rule: CompiledRule | undefined, raw: Signal): { line: Line; refusal: string } {
  try {
    return { line: rule?.lineFrom(raw.unit) ?? STRAIGHT, refusal: "" };
  } catch (error) {
    return { line: STRAIGHT, refusal: error instanceof FplusError ? sentenceOf(error) : String(error) };
  }
}

function sentenceOf({ message, hint }: FplusError): string {
  return hint === undefined ? message : `${message}. ${hint}`;
}
