import { FplusError } from "../errors/index.ts";
import { ATOMS, type Atom, PREFIXES } from "./atoms.ts";

/** A unit in base units: `base = value × factor + offset`. */
export interface Unit {
  readonly factor: number;
  readonly offset: number;
  readonly dimension: Readonly<Record<string, number>>;
}

const LONGEST_CODE = 100;
const NONE: Unit = { factor: 1, offset: 0, dimension: {} };
/** An atom with its prefix: letters, signs, and what stands in square brackets. */
const SIMPLE = /(?:10[*^]|(?:\[[^\]]*\]|[^\s[\]{}()./\d+-])+)/y;
const EXPONENT = /[+-]?\d+/y;
const NUMBER = /\d+/y;
const ANNOTATION = /\{[^{}]*\}/y;

/**
 * Reads a UCUM code, case sensitive (The Unified Code for Units of Measure 2.1, section 2.2): `kW.h`, `m3/h`, `/min`, `[psi]`.
 * @throws FplusError `units.unknown` with the code as its field
 */
export function parseUnit(code: string): Unit {
  if (code.length > LONGEST_CODE)
    throw new FplusError("units.unknown", "the unit is too long", { field: code.slice(0, 20) });
  return new UnitReader(code).read();
}

class UnitReader {
  readonly #code: string;
  #at = 0;
  #parts = 0;

  constructor(code: string) {
    this.#code = code;
  }

  read(): Unit {
    if (this.#code === "") return NONE;
    const unit = this.#term(0);
    if (this.#at < this.#code.length) throw this.#error();
    // A zero of its own has a degree only by itself: in Cel/min it is a difference.
    return this.#parts === 1 ? unit : { ...unit, offset: 0 };
  }

  #term(depth: number): Unit {
    if (depth > 8) throw this.#error();
    let unit = this.#take("/") ? power(this.#component(depth), -1) : this.#component(depth);
    for (;;) {
      if (this.#take(".")) unit = product(unit, this.#component(depth));
      else if (this.#take("/")) unit = product(unit, power(this.#component(depth), -1));
      else return unit;
    }
  }

  #component(depth: number): Unit {
    this.#parts += 1;
    if (this.#take("(")) {
      const inner = this.#term(depth + 1);
      if (!this.#take(")")) throw this.#error();
      return inner;
    }
    if (this.#match(ANNOTATION) !== undefined) return NONE;
    const simple = this.#match(SIMPLE);
    if (simple === undefined) {
      const number = this.#match(NUMBER);
      if (number === undefined) throw this.#error();
      return { ...NONE, factor: Number(number) };
    }
    const atom = atomOf(simple);
    if (atom === undefined) throw this.#error();
    const exponent = this.#match(EXPONENT);
    this.#match(ANNOTATION);
    return exponent === undefined ? atom : power(atom, Number(exponent));
  }

  #take(sign: string): boolean {
    if (this.#code[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#code)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #error(): FplusError {
    return new FplusError("units.unknown", `${this.#code} is no UCUM unit`, {
      field: this.#code,
      hint: "Write it like Cel, bar, kW.h, m3/h or /min; what is counted stands in braces: {parts}.",
    });
  }
}

function atomOf(text: string): Atom | undefined {
  const whole = ATOMS.get(text);
  if (whole !== undefined) return whole;
  for (const length of [1, 2]) {
    const factor = PREFIXES[text.slice(0, length)];
    const atom = ATOMS.get(text.slice(length));
    if (factor === undefined || atom === undefined || !atom.metric || !Object.hasOwn(PREFIXES, text.slice(0, length)))
      continue;
    return { ...atom, factor: atom.factor * factor };
  }
  return undefined;
}

function product(a: Unit, b: Unit): Unit {
  const dimension = { ...a.dimension };
  for (const [base, exponent] of Object.entries(b.dimension)) {
    const sum = (dimension[base] ?? 0) + exponent;
    if (sum === 0) delete dimension[base];
    else dimension[base] = sum;
  }
  return { factor: a.factor * b.factor, offset: 0, dimension };
}

function power(unit: Unit, exponent: number): Unit {
  if (exponent === 1) return unit;
  return {
    factor: unit.factor ** exponent,
    offset: 0,
    dimension: Object.fromEntries(
      Object.entries(unit.dimension).flatMap(([base, of]) => (of * exponent === 0 ? [] : [[base, of * exponent]])),
    ),
  };
}
