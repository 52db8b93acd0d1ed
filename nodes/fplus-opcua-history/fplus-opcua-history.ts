import type { NodeAPI } from "node-red";
import { FplusError } from "../../lib/errors/index.ts";
import { historyError, type HistoryFault, readHistory } from "../../lib/opcua/index.ts";
import { SampleBatch } from "../../lib/sample/index.ts";
import type { EndpointService } from "../fplus-opcua-endpoint/service.ts";
import { amount, defineNode, type Message, messagesOf, type NodeContext } from "../frame/index.ts";
import { askedBy, type HistoryConfig } from "./request.ts";
import { serveHistoryRoutes } from "./routes.ts";

/** Questions that may wait for the one that is answered. */
const WAITING = 100;

type Send = (message: Message) => void;

/** Reads the history that an OPC UA server keeps, page by page. */
export default function (RED: NodeAPI): void {
  defineNode<HistoryConfig>(
    RED,
    "fplus-opcua-history",
    (node) => {
      const { endpoint } = node.service<EndpointService>(node.config.endpoint, "endpoint");
      let work: Promise<void> = Promise.resolve();
      let waiting = 0;
      let closed = false;
      node.status("idle", "");
      return {
        input(msg, send) {
          if (waiting >= WAITING) throw new FplusError("opcua.history", `${WAITING} questions wait already`);
          waiting += 1;
          const answered = work.then(async () => {
            waiting -= 1;
            if (!closed) await answer(node, endpoint, msg, send, () => closed);
          });
          work = answered.catch(() => undefined);
          return answered;
        },
        async close() {
          closed = true;
          await work;
        },
      };
    },
    { once: serveHistoryRoutes },
  );
}

/** Sends every page when the next one is there, so that the last message is known to be the last. */
async function answer(
  node: NodeContext<HistoryConfig>,
  endpoint: EndpointService["endpoint"],
  msg: Message,
  send: Send,
  stopped: () => boolean,
): Promise<void> {
  const { config } = node;
  const began = performance.now();
  const shape = config.output || "batch";
  const { targets, question, pageSize } = askedBy(config, msg, Date.now());
  const failed: HistoryFault[] = [];
  let held: Message[] = [];
  let pages = 0;
  let values = 0;
  const flush = (complete: boolean): void => {
    held.forEach((message, i) => {
      send({ ...msg, ...message, page: pages, complete: complete && i === held.length - 1 });
    });
    held = [];
  };
  for await (const page of readHistory(endpoint, targets, question, {
    pageSize,
    enumTexts: config.enums !== "number",
  })) {
    failed.push(...page.failed);
    if (page.batch.length > 0) {
      flush(false);
      pages += 1;
      values += page.batch.length;
      held = messagesOf(page.batch, shape, endpoint.options.name);
      node.status("busy", `reading · ${amount(values)}`);
    }
    if (stopped()) return;
  }
  if (held.length === 0 && failed.length < targets.length) held = [nothing(shape, endpoint.options.name)];
  flush(true);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const flaw = failed.length > 0 ? ` · ${failed.length} failed` : "";
  node.status(failed.length > 0 ? "warning" : "up", `${amount(values)} values · ${seconds} s${flaw}`);
  if (failed.length > 0) throw historyError(failed);
}

/** The one message of an answer without values. */
function nothing(shape: HistoryConfig["output"], topic: string): Message {
  const payload = { batch: new SampleBatch(1), array: [], object: {}, value: null }[shape];
  return { topic, payload } as unknown as Message;
}
