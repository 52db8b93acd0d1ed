import type { SampleValue } from "../../sample/index.ts";
import { arithmeticOf, type SyntaxNode } from "./arithmetic.ts";

/** The values a formula is made of, by name. */
export type Scope = Readonly<Record<string, SampleValue>>;

/** A formula, ready to be evaluated. */
export interface Formula {
  /** Names that it is made of. */
  readonly inputs: readonly string[];
  /** Undefined where it has no value. Throws, or rejects, what is wrong with these values. */
  evaluate(scope: Scope): unknown;
}

/** Makes a formula of its text; throws what is wrong with it. */
export type FormulaCompiler = (text: string) => Formula;

/** What this file uses of a JSONata expression. */
export interface JsonataExpression {
  ast(): unknown;
  evaluate(input: unknown): Promise<unknown>;
}

/**
 * A formula from a JSONata expression. Arithmetic and comparisons of numbers are calculated at once; all else, and all that is
 * not about numbers, is given to JSONata, which takes a promise and about a hundred times as long.
 */
export function formulaOf(expression: JsonataExpression): Formula {
  const tree = expression.ast() as SyntaxNode;
  const inputs = [...inputsOf(tree)];
  const arithmetic = arithmeticOf(tree);
  if (arithmetic === undefined) return { inputs, evaluate: (scope) => expression.evaluate(scope) };
  return {
    inputs,
    evaluate(scope) {
      for (const name of inputs) if (typeof scope[name] !== "number") return expression.evaluate(scope);
      try {
        return arithmetic(scope as Readonly<Record<string, number>>);
      } catch {
        // JSONata says what is wrong with it.
        return expression.evaluate(scope);
      }
    },
  };
}

/** The names at the beginning of paths: those within a path belong to what the path has led to. */
function inputsOf(tree: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(tree)) for (const part of tree) inputsOf(part, found);
  else if (typeof tree === "object" && tree !== null) {
    const node = tree as SyntaxNode;
    if (node.type === "path") {
      const first = node.steps?.[0];
      if (first?.type === "name") found.add(String(first.value));
      else inputsOf(first, found);
    } else if (node.type === "name") found.add(String(node.value));
    else for (const part of Object.values(node)) inputsOf(part, found);
  }
  return found;
}
