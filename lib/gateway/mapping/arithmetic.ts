/** A node of JSONata's syntax tree, as far as arithmetic goes. */
export interface SyntaxNode {
  readonly type?: string;
  readonly value?: unknown;
  readonly steps?: readonly SyntaxNode[];
  readonly lhs?: SyntaxNode;
  readonly rhs?: SyntaxNode;
  readonly expression?: SyntaxNode;
  readonly expressions?: readonly SyntaxNode[];
  readonly condition?: SyntaxNode;
  readonly then?: SyntaxNode;
  readonly else?: SyntaxNode;
  readonly procedure?: SyntaxNode;
  readonly arguments?: readonly SyntaxNode[];
  readonly predicate?: unknown;
  readonly stages?: unknown;
  readonly group?: unknown;
}

/** A calculation over numbers by name. */
export type Calculation = (scope: Numbers) => number | boolean | undefined;

type Numbers = Readonly<Record<string, number>>;
/** What is known of a part before it runs: numbers and truth values never mix. */
type Part =
  | { readonly kind: "number"; readonly run: (scope: Numbers) => number }
  | { readonly kind: "boolean"; readonly run: (scope: Numbers) => boolean };
type Operator<Result> = (a: number, b: number) => Result;

const ARITHMETIC: Readonly<Record<string, Operator<number>>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};
const COMPARISON: Readonly<Record<string, Operator<boolean>>> = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};
const FUNCTIONS: Readonly<Record<string, (a: number) => number>> = {
  abs: Math.abs,
  floor: Math.floor,
  ceil: Math.ceil,
  sqrt: Math.sqrt,
};

/**
 * The calculation that a syntax tree is, as closures; undefined where it is more than arithmetic, comparison and choice of
 * numbers. Given numbers only, it gives what JSONata gives; it throws a RangeError where JSONata may give an error.
 */
export function arithmeticOf(tree: SyntaxNode): Calculation | undefined {
  if (tree.type !== "condition" || tree.else !== undefined) return partOf(tree)?.run;
  // A choice without its other half has no value there.
  const [condition, value] = [partOf(tree.condition), partOf(tree.then)];
  if (condition?.kind !== "boolean" || value === undefined) return undefined;
  const { run } = condition;
  return (scope) => (run(scope) ? value.run(scope) : undefined);
}

function partOf(node: SyntaxNode | undefined): Part | undefined {
  switch (node?.type) {
    case "number":
      return constant(node.value);
    case "path":
      return nameOf(node);
    case "unary": {
      const inner = node.value === "-" ? numberOf(node.expression) : undefined;
      return inner && { kind: "number", run: (scope) => -finite(inner(scope)) };
    }
    case "block":
      return node.expressions?.length === 1 ? partOf(node.expressions[0]) : undefined;
    case "binary":
      return binary(node);
    case "condition":
      return choice(node);
    case "function": {
      const run = node.procedure?.type === "variable" ? own(FUNCTIONS, node.procedure.value) : undefined;
      const argument = node.arguments?.length === 1 ? numberOf(node.arguments[0]) : undefined;
      return run && argument && { kind: "number", run: (scope) => finite(run(argument(scope))) };
    }
    default:
      return undefined;
  }
}

function constant(value: unknown): Part | undefined {
  return typeof value === "number" ? { kind: "number", run: () => value } : undefined;
}

/** A path of one name, without filters. */
function nameOf({ steps, group }: SyntaxNode): Part | undefined {
  const step = steps?.length === 1 ? steps[0] : undefined;
  if (step?.type !== "name" || step.stages !== undefined || step.predicate !== undefined || group !== undefined)
    return undefined;
  const name = String(step.value);
  return { kind: "number", run: (scope) => scope[name]! };
}

function binary(node: SyntaxNode): Part | undefined {
  const [a, b] = [partOf(node.lhs), partOf(node.rhs)];
  if (a === undefined || b === undefined) return undefined;
  if (a.kind === "boolean" && b.kind === "boolean") {
    const [left, right] = [a.run, b.run];
    if (node.value === "and") return { kind: "boolean", run: (scope) => left(scope) && right(scope) };
    if (node.value === "or") return { kind: "boolean", run: (scope) => left(scope) || right(scope) };
  }
  if (a.kind !== "number" || b.kind !== "number") return undefined;
  const [left, right] = [a.run, b.run];
  const arithmetic = own(ARITHMETIC, node.value);
  if (arithmetic) return { kind: "number", run: (scope) => arithmetic(finite(left(scope)), finite(right(scope))) };
  const comparison = own(COMPARISON, node.value);
  return comparison && { kind: "boolean", run: (scope) => comparison(left(scope), right(scope)) };
}

function choice(node: SyntaxNode): Part | undefined {
  const condition = partOf(node.condition);
  const [yes, no] = [partOf(node.then), partOf(node.else)];
  if (condition?.kind !== "boolean") return undefined;
  const decide = condition.run;
  if (yes?.kind === "number" && no?.kind === "number") {
    const [a, b] = [yes.run, no.run];
    return { kind: "number", run: (scope) => (decide(scope) ? a(scope) : b(scope)) };
  }
  if (yes?.kind === "boolean" && no?.kind === "boolean") {
    const [a, b] = [yes.run, no.run];
    return { kind: "boolean", run: (scope) => (decide(scope) ? a(scope) : b(scope)) };
  }
  return undefined;
}

function numberOf(node: SyntaxNode | undefined): ((scope: Numbers) => number) | undefined {
  const part = partOf(node);
  return part?.kind === "number" ? part.run : undefined;
}

/** JSONata does not go on with a number that is none. */
function finite(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError("not finite");
  return value;
}

function own<V>(table: Readonly<Record<string, V>>, key: unknown): V | undefined {
  return typeof key === "string" && Object.hasOwn(table, key) ? table[key] : undefined;
}
