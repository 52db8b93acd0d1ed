import { FplusError } from "../../errors/index.ts";

/** A word, sign or literal of the text. */
export interface Token {
  readonly kind: "word" | "name" | "string" | "number" | "duration" | "regex" | "sign" | "end";
  /** The token as a parser reads it: words as written, names and strings without quotes. */
  readonly text: string;
  /** As it stands in the text, for messages. */
  readonly raw: string;
  readonly at: number;
}

const SIGN = /(?:<=|>=|<>|!=|=~|!~|::|[-+*/%=<>(),;.])/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const DURATION = /(?:\d+(?:ns|u|µ|ms|s|m|h|d|w))+(?![A-Za-z0-9_])/y;
const NUMBER = /(?:\d+\.?\d*|\.\d+)/y;
const QUOTED = /"((?:[^"\\\n]|\\.)*)"/y;
const STRING = /'((?:[^'\\\n]|\\.)*)'/y;
const REGEX = /\/((?:[^/\\\n]|\\.)+)\//y;
const SPACE = /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)*/y;

/** Reads InfluxQL token by token; a regular expression only where the parser expects one, for `/` also divides. */
export class Lexer {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next token, left in place. */
  peek(regex = false): Token {
    const from = this.#at;
    const token = this.next(regex);
    this.#at = from;
    return token;
  }

  /** Takes the next token. @throws FplusError `historian.query` at a character that begins none */
  next(regex = false): Token {
    this.#match(SPACE);
    const at = this.#at;
    const made = (kind: Token["kind"], text: string): Token => ({
      kind,
      text,
      raw: this.#text.slice(at, this.#at),
      at,
    });
    if (at >= this.#text.length) return made("end", "");
    let found: RegExpExecArray | null;
    if (regex && (found = this.#match(REGEX)) !== null) return made("regex", found[1]!.replaceAll(String.raw`\/`, "/"));
    if ((found = this.#match(WORD)) !== null) return made("word", found[0]);
    if ((found = this.#match(DURATION)) !== null) return made("duration", found[0]);
    if ((found = this.#match(NUMBER)) !== null) return made("number", found[0]);
    if ((found = this.#match(QUOTED)) !== null) return made("name", unescaped(found[1]!));
    if ((found = this.#match(STRING)) !== null) return made("string", unescaped(found[1]!));
    if ((found = this.#match(SIGN)) !== null) return made("sign", found[0] === "<>" ? "!=" : found[0]);
    throw this.fault(`found ${this.#text[at]!}`, at);
  }

  /** An error in the server's own words, with line and column. */
  fault(message: string, at: number): FplusError {
    const before = this.#text.slice(0, at).split("\n");
    const place = `at line ${before.length}, char ${before.at(-1)!.length + 1}`;
    return new FplusError("historian.query", `error parsing query: ${message} ${place}`, { field: "query" });
  }

  #match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text);
    if (found !== null) this.#at = expression.lastIndex;
    return found;
  }
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  u: 1e-3,
  µ: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of a duration like `1h30m`. */
export function durationMs(text: string): number {
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ns|u|µ|ms|s|m|h|d|w)/g)) sum += Number(count) * UNITS[unit!]!;
  return sum;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/gs, (_, next: string) => (next === "n" ? "\n" : next));
}
