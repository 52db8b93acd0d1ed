import type { NodeAPI } from "node-red";
import { type HistorianSeries, plainRows, plainSeries } from "../../lib/historian/index.ts";
import type { HistorianService } from "../fplus-historian/service.ts";
import { defineNode } from "../frame/index.ts";
import { type QueryConfig, requestOf } from "./request.ts";

/** Reads history at every message. */
export default function (RED: NodeAPI): void {
  defineNode<QueryConfig>(RED, "fplus-historian-query", (node) => {
    const { historian, output } = node.config;
    const lease = historian ? node.service<HistorianService>(historian, "historian").lease() : node.plant.historian();
    return {
      async input(msg, send) {
        const request = requestOf(node.config, msg.payload, Date.now());
        await lease.ready;
        const answers = await lease.value.query(request);
        const samples = answers.reduce((sum, series) => sum + series.time.length, 0);
        node.status("up", `${answers.length} signals · ${samples} points`);
        send({ ...msg, payload: shaped(answers, output), query: request });
      },
      close: () => lease.release(),
    };
  });
}

function shaped(answers: HistorianSeries[], output: QueryConfig["output"]): unknown {
  if (output === "series") return answers;
  return output === "rows" ? plainRows(answers) : plainSeries(answers);
}
