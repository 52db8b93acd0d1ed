import { FplusError } from "../errors/index.ts";
import type { Parameters } from "./types.ts";
import { encodeValue } from "./values.ts";

/** A statement as the server takes it: `$1`, `$2` … with the values beside it. */
export interface BoundStatement {
  readonly text: string;
  readonly values: unknown[];
}

/**
 * One token a match: comments, quoted text and names, dollar-quoted text, `::` casts, then what may be a parameter.
 * A colon after a word or a bracket is a slice of an array, not a parameter.
 */
const TOKEN =
  /--[^\n]*|\/\*[^]*?\*\/|[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([A-Za-z_]\w*)?\$[^]*?\$\1\$|::|:=|(?<![\w\]$]):([A-Za-z_]\w*)|(?<![\w$])\$([A-Za-z_]\w*)|(?<![\w$])\$(\d+)/g;

const TEMPLATE = /\{\{\{?\s*&?[A-Za-z_][\w.[\]]*\s*\}?\}\}|\$\{[^}]*\}/;

/**
 * Puts parameters beside a statement, never into it. `$1` takes an array, `:name` (or `$name`) an object.
 * @throws FplusError `database.query` naming the parameter that is missing or the template that was found
 */
export function bind(sql: string, parameters: Parameters = []): BoundStatement {
  refuseTemplates(sql);
  if (Array.isArray(parameters)) return { text: sql, values: checkPositions(sql, parameters) };
  const given = parameters as Readonly<Record<string, unknown>>;
  const positions = new Map<string, number>();
  const values: unknown[] = [];
  const text = sql.replace(TOKEN, (token, _tag, colon?: string, dollar?: string, position?: string) => {
    if (position !== undefined) {
      throw new FplusError("database.query", `$${position} and parameters by name do not go together`, {
        field: "params",
        hint: "Send an array for $1, $2 …, or write :name.",
      });
    }
    const name = colon ?? dollar;
    if (name === undefined) return token;
    let at = positions.get(name);
    if (at === undefined) {
      if (!Object.hasOwn(given, name)) throw missing(name, Object.keys(given));
      values.push(encodeValue(given[name], name));
      positions.set(name, (at = values.length));
    }
    return `$${at}`;
  });
  return { text, values };
}

/** The parameters that a statement names, in the order of their first use. */
export function parameterNames(sql: string): string[] {
  const names = new Set<string>();
  for (const [, , colon, dollar, position] of sql.matchAll(TOKEN)) {
    const name = colon ?? dollar ?? position;
    if (name !== undefined) names.add(name);
  }
  return [...names];
}

function checkPositions(sql: string, given: readonly unknown[]): unknown[] {
  let highest = 0;
  for (const [, , colon, dollar, position] of sql.matchAll(TOKEN)) {
    const name = colon ?? dollar;
    if (name !== undefined) throw missing(name, []);
    highest = Math.max(highest, Number(position ?? 0));
  }
  if (highest > given.length) throw missing(String(highest), []);
  if (given.length > highest) {
    throw new FplusError("database.query", `${given.length} values for ${highest} parameters`, {
      field: "params",
      hint: "Write $1, $2 … where the values belong.",
    });
  }
  return given.map((value, i) => encodeValue(value, `$${i + 1}`));
}

function missing(name: string, given: readonly string[]): FplusError {
  const sign = /^\d/.test(name) ? `$${name}` : `:${name}`;
  const beside = given.length === 0 ? "" : ` It has ${given.slice(0, 10).join(", ")}.`;
  return new FplusError("database.query", `no value for the parameter ${sign}`, {
    field: name,
    hint: `Send it in msg.params.${beside}`,
  });
}

function refuseTemplates(sql: string): void {
  const found = TEMPLATE.exec(sql);
  if (found === null) return;
  throw new FplusError("database.query", `a template in SQL is refused: ${found[0]}`, {
    field: "query",
    hint: "Write :name in its place and send the value in msg.params.name: it can then never be taken for SQL.",
  });
}
