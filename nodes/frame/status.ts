import type { Node, NodeStatus } from "node-red";
import { withoutSecrets } from "../../lib/errors/index.ts";

/** How a node is doing: works, on its way, works with a flaw, does not work, has nothing to do. */
export type StatusState = "up" | "busy" | "warning" | "down" | "idle";

const LOOK: Record<StatusState, NodeStatus> = {
  up: { fill: "green", shape: "dot" },
  busy: { fill: "blue", shape: "ring" },
  warning: { fill: "yellow", shape: "dot" },
  down: { fill: "red", shape: "ring" },
  idle: { fill: "grey", shape: "ring" },
};

/** The editor receives every status of every node, so a node speaks at most this often. */
const INTERVAL_MS = 1000;
const MAX_TEXT = 40;

/** The status under a node: repeated texts are dropped, quick changes are joined, the last one always arrives. */
export class StatusLine {
  readonly #node: Node;
  #shown = "";
  #shownAt = 0;
  #pending: { state: StatusState; text: string } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(node: Node) {
    this.#node = node;
  }

  set(state: StatusState, text: string): void {
    this.#pending = { state, text };
    if (this.#timer !== undefined) return;
    const wait = this.#shownAt + INTERVAL_MS - Date.now();
    if (wait <= 0) this.#show();
    else this.#timer = setTimeout(() => this.#show(), wait).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #show(): void {
    this.#timer = undefined;
    const next = this.#pending;
    if (next === undefined) return;
    const key = `${next.state} ${next.text}`;
    if (key === this.#shown) return;
    this.#shown = key;
    this.#shownAt = Date.now();
    this.#node.status({ ...LOOK[next.state], text: withoutSecrets(next.text).slice(0, MAX_TEXT) });
  }
}
