import { FplusError } from "../../errors/index.ts";
import type { InfluxQlValue } from "./answer.ts";
import type { Expression, Operator } from "./ast.ts";

/** What a name stands for in a row; `undefined` where that is not known yet (the fields, before rows are read). */
export type Lookup = (name: string) => InfluxQlValue | undefined;

/** Whether a row, or a series of which only tags are known, can pass: true, false, or undefined for "depends on the fields". */
export function passes(condition: Expression | undefined, lookup: Lookup): boolean | undefined {
  if (condition === undefined) return true;
  if (condition.kind !== "binary") {
    const value = valueOf(condition, lookup);
    return value === undefined ? undefined : value === true;
  }
  const { op, left, right } = condition;
  if (op === "AND" || op === "OR") {
    const a = passes(left, lookup);
    const decisive = op === "OR";
    if (a === decisive) return decisive;
    const b = passes(right, lookup);
    if (b === decisive) return decisive;
    return a === undefined || b === undefined ? undefined : !decisive;
  }
  const a = valueOf(left, lookup);
  if (right.kind === "regex") {
    if (a === undefined) return undefined;
    const found = typeof a === "string" && right.expression.test(a);
    return op === "=~" ? found : op === "!~" ? typeof a === "string" && !found : false;
  }
  const b = valueOf(right, lookup);
  if (a === undefined || b === undefined) return undefined;
  return compared(op, a, b);
}

/** The value of an arithmetic expression; null where a part is missing, undefined where a part is not known. */
export function valueOf(expression: Expression, lookup: Lookup): InfluxQlValue | undefined {
  switch (expression.kind) {
    case "number":
    case "string":
    case "boolean":
      return expression.value;
    case "duration":
      return Math.round(expression.ms * 1e6);
    case "name":
      return lookup(expression.name);
    case "binary": {
      const left = valueOf(expression.left, lookup);
      const right = valueOf(expression.right, lookup);
      if (left === undefined || right === undefined) return undefined;
      return computed(expression.op, left, right);
    }
    default:
      throw new FplusError("historian.query", `${expression.kind} is not possible there`);
  }
}

/** A number of two; as InfluxDB has it, division by zero gives 0. */
export function computed(op: Operator, left: InfluxQlValue, right: InfluxQlValue): InfluxQlValue {
  if (typeof left !== "number" || typeof right !== "number") return null;
  switch (op) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return right === 0 ? 0 : left / right;
    case "%":
      return right === 0 ? 0 : left % right;
    default:
      return compared(op, left, right);
  }
}

function compared(op: Operator, left: InfluxQlValue, right: InfluxQlValue): boolean {
  if (left === null || right === null || typeof left !== typeof right) return false;
  if (op === "=") return left === right;
  if (op === "!=") return left !== right;
  if (typeof left !== "number" || typeof right !== "number") return false;
  if (op === "<") return left < right;
  if (op === "<=") return left <= right;
  if (op === ">") return left > right;
  return op === ">=" && left >= right;
}
