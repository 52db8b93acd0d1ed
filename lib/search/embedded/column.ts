import type { Comparison } from "../filter.ts";
import type { Found, Scalar } from "./attributes.ts";

const EXISTS = 1;
const IS_NULL = 2;
const IS_EMPTY = 4;
const MAX_FACET_VALUES = 100;

/**
 * One attribute of all documents of an index, each different value kept once: a filter is asked once a value, not once a document.
 */
export class Column {
  readonly #codes = new Map<string, number>();
  readonly #values: Exclude<Scalar, null>[] = [];
  /** Codes of each document. */
  readonly #held: (readonly number[])[] = [];
  readonly #flags: number[] = [];

  add(document: number, { values, exists, empty }: Found): void {
    const codes = new Set<number>();
    let flags = (exists ? EXISTS : 0) | (empty ? IS_EMPTY : 0);
    for (const value of values) {
      if (value === null) flags |= IS_NULL;
      else codes.add(this.#code(value));
    }
    this.#held[document] = [...codes];
    this.#flags[document] = flags;
  }

  #code(value: Exclude<Scalar, null>): number {
    const key = `${typeof value === "string" ? "" : "#"}${String(value)}`;
    let code = this.#codes.get(key);
    if (code === undefined) {
      code = this.#values.push(value) - 1;
      this.#codes.set(key, code);
    }
    return code;
  }

  /** Whether a document has a value that passes. */
  matcher(passes: (value: Exclude<Scalar, null>) => boolean): (document: number) => boolean {
    const verdict = this.#values.map(passes);
    return (document) => this.#held[document]?.some((code) => verdict[code]) === true;
  }

  exists = (document: number): boolean => ((this.#flags[document] ?? 0) & EXISTS) !== 0;
  isNull = (document: number): boolean => ((this.#flags[document] ?? 0) & IS_NULL) !== 0;
  isEmpty = (document: number): boolean => ((this.#flags[document] ?? 0) & IS_EMPTY) !== 0;

  /** How many of the documents have each value, in the order of the values; and the range of the numbers. */
  facet(documents: Iterable<number>): { counts: Record<string, number>; stats?: { min: number; max: number } } {
    const byCode = new Uint32Array(this.#values.length);
    for (const document of documents) for (const code of this.#held[document] ?? []) byCode[code]! += 1;
    const counted: [string, number][] = [];
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (const [code, count] of byCode.entries()) {
      if (count === 0) continue;
      const value = this.#values[code]!;
      counted.push([String(value), count]);
      if (typeof value !== "number") continue;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    counted.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const counts = Object.fromEntries(counted.slice(0, MAX_FACET_VALUES));
    return max >= min ? { counts, stats: { min, max } } : { counts };
  }

  /** What a document is sorted by: its smallest number or text; undefined goes last. */
  sortValue(document: number): number | string | undefined {
    let least: number | string | undefined;
    for (const code of this.#held[document] ?? []) {
      const value = this.#values[code]!;
      const key = typeof value === "string" ? value.toLowerCase() : Number(value);
      if (least === undefined || compareSortValues(key, least) < 0) least = key;
    }
    return least;
  }
}

/** Numbers before texts, as MeiliSearch sorts. */
export function compareSortValues(a: number | string, b: number | string): number {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether a stored value stands in that relation to a value of a filter; texts are compared without regard to capitals. */
export function comparison(operator: Comparison, wanted: string): (value: Exclude<Scalar, null>) => boolean {
  const text = wanted.toLowerCase();
  const number = wanted.trim() === "" ? Number.NaN : Number(wanted);
  switch (operator) {
    case "=":
    case "!=":
      return (value) => String(value).toLowerCase() === text || (typeof value === "number" && value === number);
    case "contains":
      return (value) => typeof value === "string" && value.toLowerCase().includes(text);
    case "starts with":
      return (value) => typeof value === "string" && value.toLowerCase().startsWith(text);
    default: {
      const holds = ORDER[operator];
      return (value) => {
        if (typeof value === "number") return holds(value - number);
        if (typeof value !== "string" || !Number.isNaN(number)) return false;
        const own = value.toLowerCase();
        return holds(own < text ? -1 : own > text ? 1 : 0);
      };
    }
  }
}

const ORDER = {
  "<": (difference: number) => difference < 0,
  "<=": (difference: number) => difference <= 0,
  ">": (difference: number) => difference > 0,
  ">=": (difference: number) => difference >= 0,
} as const;
