import { FplusError, messageOf } from "../../errors/index.ts";
import type {
  Expression,
  Field,
  FillOption,
  Interval,
  Operator,
  SelectStatement,
  ShowStatement,
  Source,
  Statement,
} from "./ast.ts";
import { durationMs, Lexer, type Token } from "./lexer.ts";

/** Binding strength of the operators; higher binds tighter. */
const STRENGTH: Readonly<Record<string, number>> = {
  OR: 1,
  AND: 2,
  "=": 3,
  "!=": 3,
  "<": 3,
  "<=": 3,
  ">": 3,
  ">=": 3,
  "=~": 3,
  "!~": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
};

const RESERVED = new Set(
  "ALL AND ASC BY DESC FILL FROM GROUP IN INTO LIMIT OFFSET OR ORDER SELECT SHOW SLIMIT SOFFSET WHERE WITH KEY KEYS SERIES MEASUREMENTS VALUES".split(
    " ",
  ),
);
/** Deep enough for any question, shallow enough for the stack. */
const MAX_DEPTH = 200;
const MAX_STATEMENTS = 100;

/** Reads statements separated by semicolons. @throws FplusError `historian.query` with line and column */
export function parseInfluxQl(text: string): Statement[] {
  return new Parser(text).statements();
}

class Parser {
  readonly #lexer: Lexer;
  #depth = 0;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
  }

  statements(): Statement[] {
    const found: Statement[] = [];
    for (;;) {
      while (this.#sign(";"));
      if (this.#lexer.peek().kind === "end") break;
      if (found.length === MAX_STATEMENTS)
        throw new FplusError("historian.query", `more than ${MAX_STATEMENTS} statements`);
      found.push(this.#statement());
      const after = this.#lexer.peek();
      if (after.kind !== "end" && after.text !== ";") throw this.#found(after, ";, EOF");
    }
    if (found.length === 0) throw new FplusError("historian.query", "the query is empty", { field: "query" });
    return found;
  }

  #statement(): Statement {
    if (this.#word("SELECT")) return this.#select();
    if (this.#word("SHOW")) return this.#show();
    throw this.#found(this.#lexer.peek(), "SELECT, SHOW");
  }

  #select(): SelectStatement {
    const fields: Field[] = [];
    do {
      const expression = this.#expression(0);
      fields.push({ expression, alias: this.#word("AS") ? this.#identifier() : undefined });
    } while (this.#sign(","));
    if (!this.#word("FROM")) throw this.#found(this.#lexer.peek(), "FROM");
    const sources = this.#sources();
    const where = this.#word("WHERE") ? this.#expression(0) : undefined;
    const group = this.#groupBy();
    const fill = this.#fill();
    const counts = { limit: 0, offset: 0, slimit: 0, soffset: 0 };
    const descending = this.#order();
    for (const key of ["limit", "offset", "slimit", "soffset"] as const) {
      if (this.#word(key.toUpperCase())) counts[key] = this.#count();
    }
    return { kind: "select", fields, sources, where, ...group, fill, descending, ...counts };
  }

  #groupBy(): Pick<SelectStatement, "interval" | "dimensions"> {
    let interval: Interval | undefined;
    const dimensions: (string | RegExp | { readonly all: true })[] = [];
    if (!this.#word("GROUP")) return { interval, dimensions };
    if (!this.#word("BY")) throw this.#found(this.#lexer.peek(), "BY");
    do {
      const token = this.#lexer.peek(true);
      if (token.kind === "regex") dimensions.push(this.#regex());
      else if (token.text === "*" && token.kind === "sign") {
        this.#lexer.next();
        dimensions.push({ all: true });
      } else {
        const name = this.#identifier();
        if (token.kind === "word" && name.toLowerCase() === "time" && this.#sign("(")) {
          const ms = this.#duration();
          const offsetMs = this.#sign(",") ? this.#signedDuration() : 0;
          this.#expect(")");
          if (!Number.isInteger(ms) || ms < 1)
            throw new FplusError("historian.query", "time() takes whole milliseconds");
          interval = { ms, offsetMs };
        } else dimensions.push(name);
      }
    } while (this.#sign(","));
    return { interval, dimensions };
  }

  #fill(): FillOption {
    if (!this.#word("FILL")) return "null";
    this.#expect("(");
    const negative = this.#sign("-");
    const token = this.#lexer.next();
    this.#expect(")");
    if (token.kind === "number") return negative ? -Number(token.text) : Number(token.text);
    const option = token.text.toLowerCase();
    if (option === "null" || option === "none" || option === "previous" || option === "linear") return option;
    throw this.#lexer.fault(`found ${token.raw}, expected null, none, previous, linear or a number`, token.at);
  }

  #order(): boolean {
    if (!this.#word("ORDER")) return false;
    if (!this.#word("BY")) throw this.#found(this.#lexer.peek(), "BY");
    const token = this.#lexer.peek();
    if (this.#identifier().toLowerCase() !== "time") throw this.#lexer.fault("only ORDER BY time supported", token.at);
    if (this.#word("DESC")) return true;
    this.#word("ASC");
    return false;
  }

  #show(): ShowStatement {
    const what = this.#showWhat();
    const sources = this.#word("FROM") ? this.#sources() : [];
    const keys: string[] = [];
    if (what === "tag values") {
      if (!this.#word("WITH")) throw this.#found(this.#lexer.peek(), "WITH");
      if (!this.#word("KEY")) throw this.#found(this.#lexer.peek(), "KEY");
      if (this.#sign("=")) keys.push(this.#identifier());
      else {
        if (!this.#word("IN")) throw this.#found(this.#lexer.peek(), "=, IN");
        this.#expect("(");
        do keys.push(this.#identifier());
        while (this.#sign(","));
        this.#expect(")");
      }
    }
    return { kind: "show", what, sources, keys };
  }

  #showWhat(): ShowStatement["what"] {
    if (this.#word("MEASUREMENTS")) return "measurements";
    if (this.#word("DATABASES")) return "databases";
    if (this.#word("SERIES")) return "series";
    if (this.#word("FIELD") && this.#word("KEYS")) return "field keys";
    if (this.#word("TAG")) {
      if (this.#word("KEYS")) return "tag keys";
      if (this.#word("VALUES")) return "tag values";
    }
    throw this.#found(this.#lexer.peek(), "MEASUREMENTS, SERIES, TAG KEYS, TAG VALUES, FIELD KEYS, DATABASES");
  }

  /** `name`, `"policy"."name"`, `"database"."policy"."name"`, or a regular expression; policies are not told apart here. */
  #sources(): Source[] {
    const sources: Source[] = [];
    do {
      if (this.#lexer.peek(true).kind === "regex") sources.push({ regex: this.#regex() });
      else {
        let name = this.#identifier();
        while (this.#sign(".")) if (this.#lexer.peek().text !== ".") name = this.#identifier();
        sources.push({ name });
      }
    } while (this.#sign(","));
    return sources;
  }

  #expression(least: number): Expression {
    if (++this.#depth > MAX_DEPTH) throw new FplusError("historian.query", "the query is nested too deeply");
    let left = this.#operand();
    for (;;) {
      const token = this.#lexer.peek();
      const op = token.kind === "word" ? token.text.toUpperCase() : token.kind === "sign" ? token.text : "";
      const strength = STRENGTH[op];
      if (strength === undefined || strength <= least) break;
      this.#lexer.next();
      const right = op === "=~" || op === "!~" ? this.#regexOperand() : this.#expression(strength);
      left = { kind: "binary", op: op as Operator, left, right };
    }
    this.#depth--;
    return left;
  }

  #regexOperand(): Expression {
    return { kind: "regex", expression: this.#regex() };
  }

  #operand(): Expression {
    const token = this.#lexer.peek(true);
    if (token.kind === "regex") return { kind: "regex", expression: this.#regex() };
    if (token.kind === "sign") {
      this.#lexer.next();
      if (token.text === "(") {
        const inner = this.#expression(0);
        this.#expect(")");
        return inner;
      }
      if (token.text === "*") return { kind: "wildcard" };
      if (token.text === "-" || token.text === "+") {
        const minus: Expression = { kind: "number", value: token.text === "-" ? -1 : 1, text: `${token.text}1` };
        return { kind: "binary", op: "*", left: minus, right: this.#expression(STRENGTH["*"]!) };
      }
      throw this.#found(token, "identifier, string, number, bool");
    }
    if (token.kind === "end" || (token.kind === "word" && RESERVED.has(token.text.toUpperCase())))
      throw this.#found(token, "identifier, string, number, bool");
    this.#lexer.next();
    switch (token.kind) {
      case "number":
        return { kind: "number", value: Number(token.text), text: token.text };
      case "string":
        return { kind: "string", value: token.text };
      case "duration":
        return { kind: "duration", ms: durationMs(token.text) };
      case "word":
        if (/^(true|false)$/i.test(token.text)) return { kind: "boolean", value: /^true$/i.test(token.text) };
        if (this.#sign("(")) return this.#call(token.text.toLowerCase());
    }
    if (this.#sign("::")) this.#identifier();
    return { kind: "name", name: token.text };
  }

  #call(name: string): Expression {
    const args: Expression[] = [];
    if (!this.#sign(")")) {
      do args.push(this.#expression(0));
      while (this.#sign(","));
      this.#expect(")");
    }
    return { kind: "call", name, args };
  }

  #regex(): RegExp {
    const token = this.#lexer.next(true);
    if (token.kind !== "regex") throw this.#found(token, "regex");
    try {
      return new RegExp(token.text, "su");
    } catch (error) {
      throw this.#lexer.fault(messageOf(error), token.at);
    }
  }

  #identifier(): string {
    const token = this.#lexer.next();
    if (token.kind === "name" || (token.kind === "word" && !RESERVED.has(token.text.toUpperCase()))) return token.text;
    throw this.#found(token, "identifier");
  }

  #duration(): number {
    const token = this.#lexer.next();
    if (token.kind !== "duration") throw this.#found(token, "duration");
    return durationMs(token.text);
  }

  #signedDuration(): number {
    return this.#sign("-") ? -this.#duration() : this.#duration();
  }

  #count(): number {
    const token = this.#lexer.next();
    if (token.kind !== "number" || !/^\d+$/.test(token.text)) throw this.#found(token, "integer");
    return Number(token.text);
  }

  #expect(sign: string): void {
    if (!this.#sign(sign)) throw this.#found(this.#lexer.peek(), sign);
  }

  #sign(text: string): boolean {
    const token = this.#lexer.peek();
    if (token.kind !== "sign" || token.text !== text) return false;
    this.#lexer.next();
    return true;
  }

  #word(word: string): boolean {
    const token = this.#lexer.peek();
    if (token.kind !== "word" || token.text.toUpperCase() !== word) return false;
    this.#lexer.next();
    return true;
  }

  #found(token: Token, expected: string): FplusError {
    const raw =
      token.kind === "end"
        ? "EOF"
        : token.kind === "word" && RESERVED.has(token.text.toUpperCase())
          ? token.text.toUpperCase()
          : token.text;
    return this.#lexer.fault(`found ${raw}, expected ${expected}`, token.at);
  }
}
