import { FplusError, messageOf } from "../../errors/index.ts";
import { ValueType, valueTypeOf } from "../../sample/index.ts";
import { conversion, unitCode } from "../../units/index.ts";
import type { FormulaCompiler } from "./formula.ts";
import { wildcardMistake } from "./wildcard.ts";

/** One row of a map: from a raw tag to a metric of the plant's own. Fields left out or blank change nothing. */
export interface MapRule {
  /** Device whose tag it is; `*` stands for any text. Blank for every device. */
  readonly device?: string;
  /** Raw tag, `*` as above. Blank makes a derived metric: its formula names the metrics it is made of. */
  readonly tag?: string;
  /** Name of the metric; each `*` takes what the tag's stood for. Blank keeps the tag's own. */
  readonly name?: string;
  /** Name of the device, `*` likewise. Blank keeps it. */
  readonly toDevice?: string;
  /** Unit of the raw value, where the source does not say it or says it wrong. */
  readonly fromUnit?: string;
  /** Unit to give and to convert to. */
  readonly unit?: string;
  /** Raw range and the range it stands for: 0 … 27648 is 0 … 10 bar. All four, or none. */
  readonly rawLow?: number;
  readonly rawHigh?: number;
  readonly low?: number;
  readonly high?: number;
  /** Whether a value beyond the range is cut to its end. */
  readonly clamp?: boolean;
  /** Sparkplug datatype to give; blank keeps it, or Double where the value was calculated. */
  readonly type?: string;
  /** JSONata: of `value` and `raw` for a tag, of metrics of the device for a derived one. */
  readonly formula?: string;
  /** Limits of a good value. */
  readonly min?: number;
  readonly max?: number;
  /** Values that are good, commas between. */
  readonly allowed?: string;
  /** Fastest change of a good value, per second. */
  readonly maxRate?: number;
  /** A tag that is silent for longer is bad; so is a derived one whose inputs lie further apart. */
  readonly staleSeconds?: number;
  /** Where it stands by ISA-95, outermost first: `Acme/Berlin/Press shop/Line 1/Cell 2`. */
  readonly path?: string;
}

/** A row that cannot be used, and why. */
export interface RuleMistake {
  /** Index of the row. */
  readonly row: number;
  readonly field: keyof MapRule;
  readonly reason: string;
}

/** ISA-95 names enterprise, site, area, line and cell. */
const LEVELS = 5;
const LONGEST_TEXT = 1000;
const NUMBERS = ["rawLow", "rawHigh", "low", "high", "min", "max", "maxRate", "staleSeconds"] as const;
const TEXTS = ["device", "tag", "name", "toDevice", "fromUnit", "unit", "type", "formula", "allowed", "path"] as const;

/** Sorts rows into those that can be used, by their index, and mistakes: a map with a wrong row still has its good ones. */
export function checkRules(
  rows: readonly unknown[],
  compile: FormulaCompiler,
): { rules: Map<number, MapRule>; mistakes: RuleMistake[] } {
  const rules = new Map<number, MapRule>();
  const mistakes: RuleMistake[] = [];
  const seen = new Map<string, number>();
  rows.forEach((row, i) => {
    const rule = cleaned(row);
    const found = mistakeIn(rule, compile) ?? repeated(rule, seen, i);
    if (found === undefined) rules.set(i, rule);
    else mistakes.push({ row: i, ...found });
  });
  return { rules, mistakes };
}

/** All mistakes of a map as one error that names the first few. */
export function mapError(mistakes: readonly RuleMistake[]): FplusError {
  const first = mistakes.slice(0, 3).map(({ row, field, reason }) => `row ${row + 1}, ${field}: ${reason}`);
  const more = mistakes.length > first.length ? ` and ${mistakes.length - first.length} more` : "";
  const rows = `${mistakes.length} ${mistakes.length === 1 ? "row" : "rows"}`;
  return new FplusError("map.rules", `${rows} cannot be used: ${first.join("; ")}${more}`, {
    field: `rules[${mistakes[0]?.row ?? 0}].${mistakes[0]?.field ?? "tag"}`,
    hint: "The other rows are applied.",
  });
}

/** Numbers as numbers, texts trimmed, blanks left out; what came from a flow file may be anything. */
function cleaned(row: unknown): MapRule {
  const given = (typeof row === "object" && row !== null ? row : {}) as Record<string, unknown>;
  const rule: Record<string, unknown> = {};
  for (const field of TEXTS) {
    const text = given[field];
    if (typeof text === "string" && text.trim() !== "") rule[field] = text.trim();
  }
  for (const field of NUMBERS) {
    const value = given[field];
    if (value !== undefined && value !== null && value !== "") rule[field] = Number(value);
  }
  if (given["clamp"] === true || given["clamp"] === "true") rule["clamp"] = true;
  return rule;
}

function mistakeIn(rule: MapRule, compile: FormulaCompiler): Omit<RuleMistake, "row"> | undefined {
  for (const field of NUMBERS) {
    if (rule[field] !== undefined && !Number.isFinite(rule[field])) return { field, reason: "is no number" };
  }
  for (const field of TEXTS) {
    if ((rule[field]?.length ?? 0) > LONGEST_TEXT)
      return { field, reason: `is longer than ${LONGEST_TEXT} characters` };
  }
  return namesMistake(rule) ?? rangeMistake(rule) ?? unitMistake(rule) ?? formulaMistake(rule, compile);
}

function namesMistake({ device, tag, name, toDevice, type, path }: MapRule): Omit<RuleMistake, "row"> | undefined {
  if (tag === undefined && name === undefined) return { field: "tag", reason: "is blank, and so is the name" };
  for (const [field, pattern, into] of [
    ["tag", tag ?? "", name ?? ""],
    ["device", device ?? "*", toDevice ?? ""],
  ] as const) {
    const reason = wildcardMistake(pattern, into);
    if (reason !== undefined) return { field, reason };
  }
  if (toDevice !== undefined && /[/+#]/.test(toDevice)) return { field: "toDevice", reason: "has a /, + or #" };
  if (type !== undefined && (valueTypeOf(type) < ValueType.Int8 || valueTypeOf(type) > ValueType.Text))
    return { field: "type", reason: `${type} is none of Double, Float, Int32, Boolean, String, DateTime …` };
  const levels = path?.split("/") ?? [];
  if (levels.length > LEVELS || levels.some((level) => level.trim() === ""))
    return { field: "path", reason: "has an empty level, or more than enterprise/site/area/line/cell" };
  return undefined;
}

function rangeMistake(rule: MapRule): Omit<RuleMistake, "row"> | undefined {
  const { rawLow, rawHigh, low, high, min, max, maxRate, staleSeconds } = rule;
  const ends = [rawLow, rawHigh, low, high];
  const missing = (["rawLow", "rawHigh", "low", "high"] as const).find((end) => rule[end] === undefined);
  if (missing !== undefined && ends.some((end) => end !== undefined))
    return { field: missing, reason: "is blank: a scale needs both ends of both ranges" };
  if (rawLow !== undefined && rawLow === rawHigh) return { field: "rawHigh", reason: "is the same as the lower end" };
  if (rule.clamp === true && rawLow === undefined) return { field: "clamp", reason: "needs a range to cut to" };
  if (min !== undefined && max !== undefined && min > max) return { field: "max", reason: "is below the least value" };
  if (maxRate !== undefined && maxRate <= 0) return { field: "maxRate", reason: "is no number above 0" };
  if (staleSeconds !== undefined && staleSeconds <= 0) return { field: "staleSeconds", reason: "is no number above 0" };
  return undefined;
}

function unitMistake({ fromUnit, unit, tag }: MapRule): Omit<RuleMistake, "row"> | undefined {
  for (const [field, code] of [
    ["fromUnit", fromUnit],
    ["unit", unit],
  ] as const) {
    try {
      if (code !== undefined) unitCode(code);
    } catch (error) {
      return { field, reason: sentence(error) };
    }
  }
  if (fromUnit === undefined) return undefined;
  if (unit === undefined || tag === undefined)
    return { field: "fromUnit", reason: tag === undefined ? "has no raw tag" : "has no unit to become" };
  try {
    conversion(fromUnit, unit);
    return undefined;
  } catch (error) {
    return { field: "unit", reason: sentence(error) };
  }
}

function formulaMistake(
  { tag, name, formula }: MapRule,
  compile: FormulaCompiler,
): Omit<RuleMistake, "row"> | undefined {
  if (formula === undefined)
    return tag === undefined ? { field: "formula", reason: "is blank: a derived metric needs one" } : undefined;
  try {
    const { inputs } = compile(formula);
    if (tag === undefined) {
      if (inputs.length === 0) return { field: "formula", reason: "names no metric that it is made of" };
      return inputs.includes(name ?? "") ? { field: "formula", reason: "is made of itself" } : undefined;
    }
    const foreign = inputs.find((input) => input !== "value" && input !== "raw");
    return foreign === undefined
      ? undefined
      : { field: "formula", reason: `knows only value and raw, not ${foreign}; for other metrics leave the tag blank` };
  } catch (error) {
    return { field: "formula", reason: messageOf(error) };
  }
}

/** A second row for the same tags would never be reached. */
function repeated(rule: MapRule, seen: Map<string, number>, i: number): Omit<RuleMistake, "row"> | undefined {
  const key =
    rule.tag === undefined
      ? JSON.stringify([rule.device, "derived", rule.toDevice, rule.name])
      : JSON.stringify([rule.device, rule.tag]);
  const earlier = seen.get(key);
  if (earlier === undefined) {
    seen.set(key, i);
    return undefined;
  }
  return { field: rule.tag === undefined ? "name" : "tag", reason: `is that of row ${earlier + 1}` };
}

function sentence(error: unknown): string {
  return error instanceof FplusError ? `${error.message}. ${error.hint ?? ""}`.trim() : messageOf(error);
}
