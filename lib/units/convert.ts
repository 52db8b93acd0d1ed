import { FplusError } from "../errors/index.ts";
import { parseUnit, type Unit } from "./parse.ts";
import { unitCode } from "./spelling.ts";

/** `y = x × factor + offset`. */
export interface Linear {
  readonly factor: number;
  readonly offset: number;
}

/**
 * How a value in one unit becomes one in another; both as `unitCode` reads them.
 * @throws FplusError `units.unknown`; `units.mismatch` where they measure different things
 */
export function conversion(from: string, to: string): Linear {
  const [source, target] = [unitCode(from), unitCode(to)];
  const [a, b] = [parseUnit(source), parseUnit(target)];
  if (!sameDimension(a, b)) {
    throw new FplusError("units.mismatch", `${from || "a number"} cannot become ${to || "a number"}`, {
      field: to,
      hint: hintFor(source, target),
    });
  }
  return { factor: undusted(a.factor / b.factor), offset: undusted((a.offset - b.offset) / b.factor) };
}

/** A value converted; see `conversion`. */
export function convert(value: number, from: string, to: string): number {
  const { factor, offset } = conversion(from, to);
  return value * factor + offset;
}

function sameDimension({ dimension: a }: Unit, { dimension: b }: Unit): boolean {
  const bases = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...bases].every((base) => (a[base] ?? 0) === (b[base] ?? 0));
}

function hintFor(from: string, to: string): string {
  const degrees = [from, to].find((code) => code === "C" || code === "F");
  if (degrees === undefined) return "Choose units of the same kind.";
  const [means, degree] = degrees === "C" ? ["coulomb", "°C"] : ["farad", "°F"];
  return `${degrees} means ${means}; write ${degree} for the temperature.`;
}

/** A short number that the arithmetic of doubles left a dust on, without it: 100 °C are 212 °F. */
function undusted(value: number): number {
  const short = Number(value.toPrecision(12));
  return String(short).length <= 10 ? short : value;
}
