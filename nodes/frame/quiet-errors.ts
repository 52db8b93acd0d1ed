import type { Node } from "node-red";

interface FlowOfNode {
  handleError?(node: Node, error: unknown, msg: unknown): boolean;
}

/**
 * Lets an error reach the Catch nodes of a flow without the log: for those already said and only counted now.
 * Node-RED logs what no Catch node takes; that is its `node.error`, so it is here that the log is left out.
 */
export class QuietErrors {
  readonly #quiet = new WeakSet<object>();

  constructor(node: Node) {
    const loud = node.error.bind(node);
    node.error = (error: unknown, msg?: unknown): void => {
      if (typeof error !== "object" || error === null || !this.#quiet.has(error)) {
        loud(error as string, msg as Parameters<Node["error"]>[1]);
      } else {
        // oxlint-disable-next-line no-underscore-dangle -- Node-RED's name for the flow a node is in
        (node as Node & { _flow?: FlowOfNode })._flow?.handleError?.(node, error, msg);
      }
    };
  }

  /** The next time the node raises this error, the log does not hear of it. */
  add(error: Error): Error {
    this.#quiet.add(error);
    return error;
  }
}
