import { FplusError } from "../../errors/index.ts";
import { type Signal, ValueType, valueTypeOf } from "../../sample/index.ts";
import { conversion, unitCode } from "../../units/index.ts";
import type { Formula, FormulaCompiler } from "./formula.ts";
import type { MapRule } from "./rule.ts";
import { filledIn, Wildcard } from "./wildcard.ts";

/** How often a rule was used, and how often a value broke which part of it. */
export interface RuleCounts {
  /** Good values given. */
  mapped: number;
  range: number;
  allowed: number;
  rate: number;
  stale: number;
  /** Values that do not fit the type, or are no numbers where one is needed. */
  type: number;
  /** Values whose unit cannot become the rule's. */
  unit: number;
  formula: number;
}

/** A number's way through a rule: `y = x × factor + offset`, cut to the range. */
export interface Line {
  readonly factor: number;
  readonly offset: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Counters at zero. */
export function noCounts(): RuleCounts {
  return { mapped: 0, range: 0, allowed: 0, rate: 0, stale: 0, type: 0, unit: 0, formula: 0 };
}

/** A checked rule (see `checkRules`), with all that is constant calculated once. */
export class CompiledRule {
  readonly row: number;
  readonly rule: MapRule;
  readonly counts = noCounts();
  readonly formula: Formula | undefined;
  /** `Unknown` where the value keeps its own. */
  readonly type: ValueType;
  readonly allowed: ReadonlySet<string> | undefined;
  readonly min: number;
  readonly max: number;
  readonly hasLimits: boolean;
  readonly maxRate: number;
  /** Infinity where silence is no fault. */
  readonly staleMs: number;
  /** Whether numbers need nothing but a line and limits. */
  readonly isPlain: boolean;
  readonly hierarchy: readonly string[] | undefined;
  readonly #device: Wildcard;
  readonly #tag: Wildcard;

  constructor(row: number, rule: MapRule, compile: FormulaCompiler) {
    this.row = row;
    this.rule = rule;
    this.formula = rule.formula === undefined ? undefined : compile(rule.formula);
    this.type = rule.type === undefined ? ValueType.Unknown : valueTypeOf(rule.type);
    this.allowed =
      rule.allowed === undefined ? undefined : new Set(rule.allowed.split(",").map((value) => value.trim()));
    this.min = rule.min ?? Number.NEGATIVE_INFINITY;
    this.max = rule.max ?? Number.POSITIVE_INFINITY;
    this.hasLimits = rule.min !== undefined || rule.max !== undefined;
    this.maxRate = rule.maxRate ?? Number.POSITIVE_INFINITY;
    this.staleMs = (rule.staleSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    this.hierarchy = rule.path?.split("/").map((level) => level.trim());
    this.isPlain =
      this.formula === undefined &&
      this.allowed === undefined &&
      (this.type === ValueType.Unknown || this.type === ValueType.Double || this.type === ValueType.Float);
    this.#device = new Wildcard(rule.device ?? "*");
    this.#tag = new Wildcard(rule.tag ?? "");
  }

  /** A rule without wildcards is found by this key; undefined where it has any. */
  get exactKey(): string | undefined {
    const { device, tag } = this.rule;
    return device === undefined || tag === undefined || device.includes("*") || tag.includes("*")
      ? undefined
      : exactKeyOf(device, tag);
  }

  /** Whether it makes a metric of others. */
  get isDerived(): boolean {
    return this.rule.tag === undefined;
  }

  /** Whether a value has to be a number for this rule. */
  get needsNumber(): boolean {
    const { rawLow, fromUnit } = this.rule;
    return rawLow !== undefined || fromUnit !== undefined || this.hasLimits || this.maxRate < Number.POSITIVE_INFINITY;
  }

  /** The device and metric that a raw tag becomes; undefined where it is none of this rule's. */
  target({ device, metric }: Pick<Signal, "device" | "metric">): { device: string; metric: string } | undefined {
    const devices = this.#device.match(device);
    const tags = devices === undefined ? undefined : this.#tag.match(metric);
    if (devices === undefined || tags === undefined) return undefined;
    const { name, toDevice } = this.rule;
    return {
      device: toDevice === undefined ? device : filledIn(toDevice, devices),
      metric: name === undefined ? metric : filledIn(name, tags),
    };
  }

  /** The name of a derived metric's device; undefined where that device is none of this rule's. */
  derivedDevice(device: string): string | undefined {
    const captured = this.#device.match(device);
    if (captured === undefined) return undefined;
    return this.rule.toDevice === undefined ? device : filledIn(this.rule.toDevice, captured);
  }

  /**
   * The scale and the conversion of the unit as one line, for a tag of that unit.
   * @throws FplusError `units.unknown` or `units.mismatch`
   */
  lineFrom(rawUnit: string): Line {
    const { rawLow, rawHigh, low, high, clamp, fromUnit, unit } = this.rule;
    const isScaled = rawLow !== undefined && rawHigh !== undefined && low !== undefined && high !== undefined;
    // The ends of a scale are in the raw unit where the rule names one, else in the unit it gives.
    const from = fromUnit ?? (isScaled ? "" : rawUnit);
    const { factor, offset } =
      unit === undefined || from === "" ? { factor: 1, offset: 0 } : convertible(from, unit, fromUnit === undefined);
    if (!isScaled) return { factor, offset, lowest: Number.NEGATIVE_INFINITY, highest: Number.POSITIVE_INFINITY };
    const slope = (high - low) / (rawHigh - rawLow);
    const ends = [low * factor + offset, high * factor + offset] as const;
    return {
      factor: slope * factor,
      offset: (low - rawLow * slope) * factor + offset,
      lowest: clamp === true ? Math.min(...ends) : Number.NEGATIVE_INFINITY,
      highest: clamp === true ? Math.max(...ends) : Number.POSITIVE_INFINITY,
    };
  }

  /** UCUM code of the values given. */
  unitFrom(rawUnit: string): string {
    return this.rule.unit === undefined ? rawUnit : unitCode(this.rule.unit);
  }
}

/** The key of a device and a tag, whatever characters they have. */
export function exactKeyOf(device: string, tag: string): string {
  return `${device}\0${tag}`;
}

function convertible(from: string, unit: string, ofSource: boolean): { factor: number; offset: number } {
  try {
    return conversion(from, unit);
  } catch (error) {
    if (!ofSource || !(error instanceof FplusError)) throw error;
    throw new FplusError(error.code, `the source's unit ${from} cannot become ${unit}`, {
      field: unit,
      hint: "Give the raw unit in the rule.",
    });
  }
}
