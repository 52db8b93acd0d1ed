import { FplusError } from "../../errors/index.ts";
import type { Expression } from "./ast.ts";
import { aggregate, type Aggregated, type Pick } from "./functions.ts";
import type { Row, RowReader } from "./rows.ts";

/** A function with its arguments. */
export type Call = Extract<Expression, { kind: "call" }>;

/** A function over the rows of one window; undefined where no row has its field. */
export function called({ name, args }: Call, rows: readonly Row[], reader: RowReader): Aggregated | undefined {
  const [field, parameter] = args;
  if (field?.kind !== "name") throw new FplusError("historian.query", `expected field argument in ${name}()`);
  if (!reader.isField(field.name)) return undefined;
  const picks: Pick[] = [];
  for (const row of rows) {
    const value = reader.lookup(row, field.name);
    if (value !== null) picks.push({ row, value });
  }
  if (picks.length === 0) return undefined;
  return aggregate(name, picks, parameter?.kind === "number" ? parameter.value : 0);
}
