import { FplusError } from "../../errors/index.ts";
import type { Expression, Field, SelectStatement } from "./ast.ts";
import { AGGREGATES, TRANSFORMS } from "./functions.ts";
import type { PointSeries } from "./source.ts";

/** One column of an answer. */
export interface Column {
  readonly name: string;
  readonly expression: Expression;
}

/** Fields and tags of a measurement: all that its series have. */
export interface Schema {
  readonly fields: ReadonlyMap<string, string>;
  readonly tags: readonly string[];
}

/** What the series of a measurement have, by name. */
export function schemaOf(series: readonly PointSeries[]): Schema {
  const fields = new Map<string, string>();
  const tags = new Set<string>();
  for (const one of series) {
    for (const [name, type] of one.fields) if (!fields.has(name)) fields.set(name, type);
    for (const name of Object.keys(one.tags)) tags.add(name);
  }
  return { fields: new Map([...fields].sort(([a], [b]) => (a < b ? -1 : 1))), tags: [...tags].sort() };
}

/** The columns of a SELECT over a measurement, with `*` and expressions over names written out. */
export function columnsOf({ fields, dimensions }: SelectStatement, schema: Schema): Column[] {
  const grouped = new Set(
    dimensions.flatMap((one) => (typeof one === "string" ? [one] : "all" in one ? schema.tags : [])),
  );
  const free = schema.tags.filter((tag) => !grouped.has(tag));
  const all = fields.flatMap((field) => written(field, schema, free));
  const seen = new Map<string, number>();
  return all.map(({ name, expression }) => {
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return { name: count === 0 ? name : `${name}_${count}`, expression };
  });
}

function written({ expression, alias }: Field, schema: Schema, tags: readonly string[]): Column[] {
  if (expression.kind === "wildcard") {
    return [...schema.fields.keys(), ...tags].sort().map((name) => ({ name, expression: { kind: "name", name } }));
  }
  if (expression.kind === "regex") {
    const names = [...schema.fields.keys(), ...tags].filter((name) => expression.expression.test(name)).sort();
    return names.map((name) => ({ name, expression: { kind: "name", name } }));
  }
  const inner = expression.kind === "call" ? expression.args[0] : undefined;
  if (expression.kind === "call" && (inner?.kind === "wildcard" || inner?.kind === "regex")) {
    const ordered = expression.name === "min" || expression.name === "max";
    const any = ["count", "first", "last", "mode"].includes(expression.name);
    return [...schema.fields]
      .filter(
        ([name, type]) =>
          (any || type === "float" || type === "integer" || (ordered && type === "boolean")) &&
          (inner.kind === "wildcard" || inner.expression.test(name)),
      )
      .map(([name]) => ({
        name: `${alias ?? expression.name}_${name}`,
        expression: { ...expression, args: [{ kind: "name", name }, ...expression.args.slice(1)] },
      }));
  }
  return [{ name: alias ?? nameOf(expression), expression }];
}

/** A column's name where none is given: of a function its own, of arithmetic those in it. */
function nameOf(expression: Expression): string {
  if (expression.kind === "name") return expression.name;
  if (expression.kind === "call") return expression.name;
  if (expression.kind === "binary") {
    return [expression.left, expression.right]
      .map(nameOf)
      .filter((name) => name !== "")
      .join("_");
  }
  return "";
}

/** All function calls in an expression, outermost first. */
export function callsIn(expression: Expression): Extract<Expression, { kind: "call" }>[] {
  if (expression.kind === "call") return [expression, ...expression.args.flatMap(callsIn)];
  return expression.kind === "binary" ? [...callsIn(expression.left), ...callsIn(expression.right)] : [];
}

/** All names in an expression. */
export function namesIn(expression: Expression | undefined): string[] {
  if (expression === undefined) return [];
  if (expression.kind === "name") return [expression.name];
  if (expression.kind === "call") return expression.args.flatMap(namesIn);
  return expression.kind === "binary" ? [...namesIn(expression.left), ...namesIn(expression.right)] : [];
}

/** @throws FplusError `historian.query` for functions that do not exist or take other parameters */
export function checkCalls(columns: readonly Column[]): void {
  for (const call of columns.flatMap(({ expression }) => callsIn(expression))) {
    const { name, args } = call;
    if (!AGGREGATES.has(name) && !TRANSFORMS.has(name)) throw fault(`undefined function ${name}()`);
    const parameters = name === "percentile" || name === "moving_average" ? 2 : 1;
    const most = name.endsWith("derivative") ? 2 : parameters;
    if (args.length < parameters || args.length > most) {
      throw fault(`invalid number of arguments for ${name}, expected ${parameters}, got ${args.length}`);
    }
    const [field] = args;
    if (field!.kind !== "name" && !(field!.kind === "call" && TRANSFORMS.has(name))) {
      throw fault(`expected field argument in ${name}()`);
    }
    if (name === "percentile" && args[1]!.kind !== "number") throw fault(`expected float argument in percentile()`);
    if (
      name === "moving_average" &&
      !(args[1]!.kind === "number" && Number.isInteger(args[1]!.value) && args[1]!.value > 1)
    ) {
      throw fault("moving_average window must be greater than 1");
    }
  }
}

function fault(message: string): FplusError {
  return new FplusError("historian.query", message, { field: "query" });
}
