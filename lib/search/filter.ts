import { FplusError } from "../errors/index.ts";

/** A filter, taken apart. Values are texts as written; a comparison tries them as numbers too. */
export type Filter =
  | { readonly kind: "and" | "or"; readonly parts: readonly Filter[] }
  | { readonly kind: "not"; readonly part: Filter }
  | { readonly kind: "compare"; readonly attribute: string; readonly operator: Comparison; readonly value: string }
  | { readonly kind: "between"; readonly attribute: string; readonly from: string; readonly to: string }
  | { readonly kind: "in"; readonly attribute: string; readonly values: readonly string[] }
  | { readonly kind: "exists" | "null" | "empty"; readonly attribute: string };

/** How an attribute is compared with one value. */
export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "starts with";

interface Token {
  readonly text: string;
  /** Quoted, so no keyword. */
  readonly quoted: boolean;
  readonly at: number;
}

const MAX_DEPTH = 100;
const MAX_TOKENS = 10_000;

/**
 * Reads a filter in MeiliSearch's grammar: `=`, `!=`, `<`, `<=`, `>`, `>=`, `a TO b`, `IN [..]`, `EXISTS`, `IS NULL`, `IS EMPTY`,
 * `CONTAINS`, `STARTS WITH`, with AND, OR, NOT and brackets; texts in single or double quotes.
 * @returns undefined for an empty filter
 * @throws FplusError `search.filter` with the place of the mistake
 */
export function parseFilter(text: string): Filter | undefined {
  if (text.trim() === "") return undefined;
  const reader = new Reader(tokensOf(text), text);
  const filter = reader.or(0);
  reader.end();
  return filter;
}

/** Every attribute that a filter names. */
export function attributesOf(filter: Filter): string[] {
  if ("parts" in filter) return filter.parts.flatMap(attributesOf);
  return "part" in filter ? attributesOf(filter.part) : [filter.attribute];
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #text: string;
  #at = 0;

  constructor(tokens: readonly Token[], text: string) {
    this.#tokens = tokens;
    this.#text = text;
  }

  or(depth: number): Filter {
    const parts = [this.#and(depth)];
    while (this.#takeWord("OR")) parts.push(this.#and(depth));
    return parts.length === 1 ? parts[0]! : { kind: "or", parts };
  }

  end(): void {
    const token = this.#tokens[this.#at];
    if (token !== undefined) throw this.#fault(`unexpected ${token.text}`);
  }

  #and(depth: number): Filter {
    const parts = [this.#not(depth)];
    while (this.#takeWord("AND")) parts.push(this.#not(depth));
    return parts.length === 1 ? parts[0]! : { kind: "and", parts };
  }

  #not(depth: number): Filter {
    if (depth > MAX_DEPTH) throw this.#fault("too many brackets");
    if (this.#takeWord("NOT")) return { kind: "not", part: this.#not(depth + 1) };
    if (this.#takeSign("(")) {
      const inner = this.or(depth + 1);
      if (!this.#takeSign(")")) throw this.#fault("a bracket is not closed");
      return inner;
    }
    return this.#condition();
  }

  #condition(): Filter {
    const attribute = this.#value("an attribute");
    for (const sign of ["<=", ">=", "!=", "=", "<", ">"] as const) {
      if (this.#takeSign(sign)) return { kind: "compare", attribute, operator: sign, value: this.#value("a value") };
    }
    if (this.#takeWord("EXISTS")) return { kind: "exists", attribute };
    if (this.#takeWord("IS")) {
      const negated = this.#takeWord("NOT");
      const kind = this.#takeWord("NULL") ? "null" : this.#takeWord("EMPTY") ? "empty" : undefined;
      if (kind === undefined) throw this.#fault("expected NULL or EMPTY");
      return negatedIf(negated, { kind, attribute });
    }
    const negated = this.#takeWord("NOT");
    if (negated && this.#takeWord("EXISTS")) return { kind: "not", part: { kind: "exists", attribute } };
    if (this.#takeWord("IN")) return negatedIf(negated, { kind: "in", attribute, values: this.#list() });
    if (this.#takeWord("CONTAINS"))
      return negatedIf(negated, { kind: "compare", attribute, operator: "contains", value: this.#value("a text") });
    if (this.#takeWord("STARTS")) {
      if (!this.#takeWord("WITH")) throw this.#fault("expected WITH");
      return negatedIf(negated, { kind: "compare", attribute, operator: "starts with", value: this.#value("a text") });
    }
    if (!negated && this.#tokens[this.#at] !== undefined) {
      const from = this.#value("a value");
      if (this.#takeWord("TO")) return { kind: "between", attribute, from, to: this.#value("a value") };
      this.#at -= 1;
    }
    throw this.#fault("expected one of =, !=, <, <=, >, >=, IN, EXISTS, IS, TO, CONTAINS, STARTS WITH");
  }

  #list(): string[] {
    if (!this.#takeSign("[")) throw this.#fault("expected [");
    const values: string[] = [];
    while (!this.#takeSign("]")) {
      values.push(this.#value("a value"));
      if (this.#takeSign(",")) continue;
      if (!this.#takeSign("]")) throw this.#fault("expected , or ]");
      break;
    }
    return values;
  }

  #value(what: string): string {
    const token = this.#tokens[this.#at];
    if (token === undefined || (!token.quoted && /^([()[\],]|[<>]=?|!?=)$/.test(token.text)))
      throw this.#fault(`expected ${what}`);
    if (!token.quoted && token.text.startsWith("_geo")) throw this.#fault("places on a map cannot be filtered here");
    this.#at += 1;
    return token.text;
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.quoted || token.text.toUpperCase() !== word) return false;
    this.#at += 1;
    return true;
  }

  #takeSign(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.quoted || token.text !== sign) return false;
    this.#at += 1;
    return true;
  }

  #fault(reason: string): FplusError {
    return filterFault(reason, this.#tokens[this.#at]?.at ?? this.#text.length, this.#text);
  }
}

function negatedIf(negated: boolean, part: Filter): Filter {
  return negated ? { kind: "not", part } : part;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(<=|>=|!=|[=<>()[\],])|([^\s"'=<>!()[\],]+))/suy;
  while (pattern.lastIndex < text.trimEnd().length) {
    const at = pattern.lastIndex;
    const found = pattern.exec(text);
    if (found === null) throw filterFault("a quote is not closed, or a sign is unknown", at, text);
    if (tokens.length === MAX_TOKENS) throw filterFault("the filter is too long", at, text);
    const [, double, single, sign, word] = found;
    const quoted = double ?? single;
    tokens.push({ text: quoted?.replaceAll(/\\(.)/gsu, "$1") ?? sign ?? word ?? "", quoted: quoted !== undefined, at });
  }
  return tokens;
}

function filterFault(reason: string, at: number, text: string): FplusError {
  const near = text.slice(Math.max(0, at - 15), at + 15).trim();
  return new FplusError("search.filter", `${reason} at character ${at + 1}, near: ${near || "the end"}`, {
    field: "filter",
    hint: "Write it like device_type = 'sensor' AND line IN [1, 2].",
  });
}
