import type { NodeAPI } from "node-red";
import { FplusError } from "../../lib/errors/index.ts";
import { cacheOf } from "../fplus-cache-store/service.ts";
import { amount, defineNode, liveStatus, type Message, type NodeContext } from "../frame/index.ts";
import { type CacheConfig, operate } from "./operations.ts";

/** Reads and writes a cache at every message: values, counters, locks, messages to others. */
export default function (RED: NodeAPI): void {
  defineNode<CacheConfig>(RED, "fplus-cache", (node) => {
    const lease = cacheOf(node);
    const { action } = node.config;
    let [first, second] = [0, 0];
    const stopStatus = liveStatus(node, () => {
      const { status, detail } = lease.value.health();
      if (status === "down") return ["down", detail];
      if (first + second === 0) return ["idle", ""];
      return action === "get"
        ? ["up", `${Math.round((100 * first) / (first + second))} % known`]
        : ["up", `${amount(first)} done`];
    });
    return {
      async input(msg, send) {
        const key = action === "unlock" ? "" : await keyOf(node, msg);
        await lease.ready;
        const outcome = await operate(lease.value, node.config, key, msg);
        if (outcome.output === 0) first += 1;
        else second += 1;
        send(outcome.output === 0 ? [outcome.msg, null] : ([null, outcome.msg] as (Message | null)[]));
      },
      async close() {
        stopStatus();
        await lease.release();
      },
    };
  });
}

/** @throws FplusError `cache.command` where it is no text */
async function keyOf({ RED, config, node }: NodeContext<CacheConfig>, msg: Message): Promise<string> {
  const value = await new Promise<unknown>((resolve, reject) => {
    RED.util.evaluateNodeProperty(config.key, config.keyType || "msg", node, msg, (error, found: unknown) =>
      error === null || error === undefined ? resolve(found) : reject(error),
    );
  });
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new FplusError("cache.command", "there is no key", {
    field: "key",
    hint: `Send it in msg.${config.key}, or write it in the node.`,
  });
}
