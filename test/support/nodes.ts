import { createRequire } from "node:module";
import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";

/** A node in a running test flow. */
export interface TestNode {
  receive(msg: NodeMessage | Record<string, unknown>): void;
  on(event: "input", heard: (msg: Record<string, unknown>) => void): void;
  readonly status: { readonly args: readonly unknown[][] };
  readonly error: { readonly args: readonly unknown[][] };
}

type NodeModule = (RED: NodeAPI) => void;

/** The part of node-red-node-test-helper (which has no types) that the tests use. */
interface Helper {
  init(runtime: string, settings: Record<string, unknown>): void;
  load(nodes: readonly NodeModule[], flow: readonly object[], credentials?: object): Promise<void>;
  unload(): Promise<void>;
  setFlows(flow: readonly object[], type: string): Promise<void>;
  getNode(id: string): TestNode | null;
}

const require = createRequire(import.meta.url);
const helper = require("node-red-node-test-helper") as Helper;

/** What `helper` nodes of a flow are here: the test helper's own lose what comes before the test listens. */
const LISTENER = "test-listener";

/** A node that keeps what it receives until somebody listens for the first time. */
function listenerNode(RED: NodeAPI): void {
  RED.nodes.registerType(LISTENER, function listener(this: Node, definition: NodeDef) {
    RED.nodes.createNode(this, definition);
    let kept: NodeMessage[] | undefined = [];
    const hear = this.on.bind(this) as (event: string, heard: (msg: NodeMessage) => void) => Node;
    hear("input", (msg) => void kept?.push(msg));
    this.on = ((event: string, heard: (msg: NodeMessage) => void) => {
      if (event === "input") {
        kept?.forEach(heard);
        kept = undefined;
      }
      return hear(event, heard);
    }) as Node["on"];
  });
}

function withListeners(flow: readonly object[]): object[] {
  return flow.map((node) => ("type" in node && node.type === "helper" ? { ...node, type: LISTENER } : node));
}

/**
 * Runs a flow of our nodes in a Node-RED runtime; `user` is its user directory.
 * Give it nodes of the type `helper` to hear what comes out.
 */
export async function loadFlow(
  user: string,
  nodes: readonly NodeModule[],
  flow: readonly object[],
  credentials: object = {},
): Promise<(id: string) => TestNode> {
  helper.init(require.resolve("node-red"), { userDir: user });
  await helper.load([listenerNode, ...nodes], withListeners(flow), credentials);
  return (id) => {
    const node = helper.getNode(id);
    if (node === null) throw new Error(`the flow has no node ${id}`);
    return node;
  };
}

/** Deploys another flow in place of the one that runs, as the editor's button does. */
export async function redeploy(flow: readonly object[], type: "full" | "nodes" | "flows" = "full"): Promise<void> {
  try {
    await helper.setFlows(withListeners(flow), type);
  } catch (error) {
    // The helper waits 300 ms for flows that have mostly started before it begins to wait.
    if (!String(error).includes("timeout waiting event")) throw error;
  }
}

/** Stops the flow as a redeploy without nodes would. */
export async function unloadFlow(): Promise<void> {
  await helper.unload();
}

/** The next message that a helper node hears. */
export function nextMessage(node: TestNode): Promise<Record<string, unknown>> {
  return new Promise((resolve) => node.on("input", resolve));
}
