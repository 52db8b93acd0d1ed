import type { Node, NodeAPI } from "node-red";
import { type FormulaCompiler, formulaOf, type JsonataExpression } from "../../lib/gateway/index.ts";

/** The part of Node-RED's utilities that is used here; its declarations want a message where any object will do. */
interface Jsonata {
  prepareJSONataExpression(text: string, node: Node | undefined): Pick<JsonataExpression, "ast">;
  evaluateJSONataExpression(
    expression: Pick<JsonataExpression, "ast">,
    input: unknown,
    done: (error: { readonly message?: string } | null, value: unknown) => void,
  ): void;
}

/** Formulas as this Node-RED evaluates JSONata, with its own functions ($env, $flowContext, $moment …); without a node, only to look at. */
export function compilerFor(RED: NodeAPI, node?: Node): FormulaCompiler {
  const util = RED.util as unknown as Jsonata;
  return (text) => {
    const expression = util.prepareJSONataExpression(text, node);
    return formulaOf({
      ast: () => expression.ast(),
      evaluate: (input) =>
        new Promise((resolve, reject) => {
          util.evaluateJSONataExpression(expression, input, (error, value) => {
            // JSONata's errors are plain objects.
            if (error) reject(error instanceof Error ? error : new Error(error.message ?? "cannot be evaluated"));
            else resolve(value);
          });
        }),
    });
  };
}
