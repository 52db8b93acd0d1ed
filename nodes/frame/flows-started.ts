import type { NodeAPI } from "node-red";

/** A deploy that does not say that it is through must not hold a node up for ever. */
const PATIENCE_MS = 3000;

const waiting = new Set<() => void>();
const heard = new WeakSet<object>();

/**
 * Calls back when all nodes of the deploy that makes this one are there: a message sent earlier finds nobody on its wire.
 * @returns what takes the call back
 */
export function onFlowsStarted(RED: NodeAPI, begin: () => void): () => void {
  if (!heard.has(RED.events)) {
    heard.add(RED.events);
    RED.events.on("flows:started", () => {
      for (const one of waiting) one();
    });
  }
  const once = (): void => {
    if (!waiting.delete(once)) return;
    clearTimeout(timer);
    begin();
  };
  waiting.add(once);
  const timer = setTimeout(once, PATIENCE_MS);
  return () => {
    waiting.delete(once);
    clearTimeout(timer);
  };
}
