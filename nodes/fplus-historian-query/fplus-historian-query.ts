import type { NodeAPI } from "node-red";
import { type HistorianSeries, type HistorianStore, plainRows, plainSeries } from "../../lib/historian/index.ts";
import type { Lease } from "../../lib/plant/index.ts";
import type { HistorianService } from "../fplus-historian/service.ts";
import { amount, defineNode, type Message, type NodeBehaviour, type NodeContext } from "../frame/index.ts";
import { tableRows, tablesOf } from "./influxql-rows.ts";
import { type QueryConfig, requestOf, textOf } from "./request.ts";
import { serveQueryRoutes } from "./routes.ts";

/** Reads history at every message. */
export default function (RED: NodeAPI): void {
  const setUp = (node: NodeContext<QueryConfig>): NodeBehaviour => {
    const { historian } = node.config;
    const lease = historian ? node.service<HistorianService>(historian, "historian").lease() : node.plant.historian();
    return {
      async input(msg, send) {
        try {
          await answer(node, lease, msg, send);
        } catch (error) {
          node.status("down", "query failed");
          throw error;
        }
      },
      close: () => lease.release(),
    };
  };
  defineNode(RED, "fplus-historian-query", setUp, { once: serveQueryRoutes });
}

/** Asks what the dialog and the message say, and sends what came of it. */
async function answer(
  node: NodeContext<QueryConfig>,
  lease: Lease<HistorianStore>,
  msg: Message,
  send: (message: Message) => void,
): Promise<void> {
  const { config } = node;
  const { language, output } = config;
  if (language === "influxql" || language === "flux") {
    const text = textOf(config, msg["query"]);
    await lease.ready;
    const isTables = output === "arrays" && language === "influxql";
    const rows = language === "flux" ? () => lease.value.flux(text) : () => tableRows(lease.value, text);
    const payload = isTables ? await tablesOf(lease.value, text) : await rows();
    node.status("up", counted(payload.length, isTables ? "table" : "row"));
    send({ ...msg, payload, query: text });
    return;
  }
  const request = requestOf(config, msg.payload, Date.now());
  await lease.ready;
  const answers = await lease.value.query(request);
  const samples = answers.reduce((sum, series) => sum + series.time.length, 0);
  node.status("up", `${counted(answers.length, "signal")} · ${counted(samples, "point")}`);
  send({ ...msg, payload: shaped(answers, output), query: request });
}

function counted(count: number, what: string): string {
  return `${amount(count)} ${what}${count === 1 ? "" : "s"}`;
}

function shaped(answers: HistorianSeries[], output: QueryConfig["output"]): unknown {
  if (output === "series") return answers;
  return output === "rows" ? plainRows(answers) : plainSeries(answers);
}
