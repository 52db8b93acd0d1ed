import { FplusError } from "../../errors/index.ts";
import type { Expression } from "./ast.ts";

/** From inclusive, to exclusive, in nanoseconds; undefined where the question sets none. */
export interface TimeRange {
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
}

/** The times InfluxDB holds. */
const MIN_NS = -9_223_372_036_854_775_806n;
const MAX_NS = 9_223_372_036_854_775_806n;

/** A time as InfluxDB writes it: RFC 3339, with as many digits of the second as it needs. */
export function rfc3339(ms: number, ns: number): string {
  const text = new Date(ms).toISOString();
  const fraction = `${text.slice(20, 23)}${String(ns).padStart(6, "0")}`.replace(/0+$/, "");
  return fraction === "" ? `${text.slice(0, 19)}Z` : `${text.slice(0, 19)}.${fraction}Z`;
}

/** Takes the conditions on time out of a WHERE: the range that they make, and what is left. */
export function splitTime(
  where: Expression | undefined,
  nowMs: number,
): { range: TimeRange; rest: Expression | undefined } {
  let from: bigint | undefined;
  let to: bigint | undefined;
  const walk = (expression: Expression): Expression | undefined => {
    if (expression.kind !== "binary") return expression;
    if (expression.op === "AND") {
      const left = walk(expression.left);
      const right = walk(expression.right);
      return left === undefined ? right : right === undefined ? left : { ...expression, left, right };
    }
    const { left, right, op } = expression;
    const mirrored = isTime(right);
    if (!isTime(left) && !mirrored) {
      if (mentionsTime(expression)) throw new FplusError("historian.query", "cannot use OR with time");
      return expression;
    }
    const at = timeOf(mirrored ? left : right, nowMs);
    switch (mirrored ? (MIRROR[op] ?? op) : op) {
      case ">":
        from = later(from, at + 1n);
        break;
      case ">=":
        from = later(from, at);
        break;
      case "<":
        to = earlier(to, at);
        break;
      case "<=":
        to = earlier(to, at + 1n);
        break;
      case "=":
        from = later(from, at);
        to = earlier(to, at + 1n);
        break;
      default:
        throw new FplusError("historian.query", `invalid time comparison operator: ${op}`);
    }
    return undefined;
  };
  const rest = where === undefined ? undefined : walk(where);
  return { range: { from, to }, rest };
}

const MIRROR: Readonly<Record<string, string>> = { ">": "<", ">=": "<=", "<": ">", "<=": ">=" };
const later = (a: bigint | undefined, b: bigint): bigint => (a === undefined || b > a ? b : a);
const earlier = (a: bigint | undefined, b: bigint): bigint => (a === undefined || b < a ? b : a);

function isTime(expression: Expression): boolean {
  return expression.kind === "name" && expression.name.toLowerCase() === "time";
}

function mentionsTime(expression: Expression): boolean {
  if (isTime(expression)) return true;
  return expression.kind === "binary" && (mentionsTime(expression.left) || mentionsTime(expression.right));
}

/** Nanoseconds of `now() - 1h`, a date, or a number of nanoseconds. */
function timeOf(expression: Expression, nowMs: number): bigint {
  const value = valueOf(expression, nowMs);
  return value < MIN_NS ? MIN_NS : value > MAX_NS ? MAX_NS : value;
}

function valueOf(expression: Expression, nowMs: number): bigint {
  switch (expression.kind) {
    case "number":
      return BigInt(/^\d+$/.test(expression.text) ? expression.text : Math.round(expression.value));
    case "duration":
      return BigInt(Math.round(expression.ms * 1e6));
    case "string":
      return dateOf(expression.value);
    case "call":
      if (expression.name === "now") return BigInt(nowMs) * 1_000_000n;
      break;
    case "binary": {
      const left = valueOf(expression.left, nowMs);
      const right = valueOf(expression.right, nowMs);
      if (expression.op === "+") return left + right;
      if (expression.op === "-") return left - right;
      if (expression.op === "*") return left * right;
      break;
    }
    default:
  }
  throw new FplusError("historian.query", "a time is compared with something that is no time");
}

function dateOf(text: string): bigint {
  const [, date, clock = "00:00:00", fraction = "", zone = "Z"] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[-+]\d{2}:\d{2})?)?$/.exec(text) ?? [];
  const ms = Date.parse(`${date ?? ""}T${clock}${zone}`);
  if (Number.isNaN(ms)) throw new FplusError("historian.query", `invalid time: ${text}`);
  return BigInt(ms) * 1_000_000n + BigInt(fraction.slice(1).padEnd(9, "0"));
}
