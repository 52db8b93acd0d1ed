import type { NodeAPI } from "node-red";
import { FplusError } from "../../lib/errors/index.ts";
import { type HistorianSeries, type HistorianStore, plainRows, plainSeries } from "../../lib/historian/index.ts";
import type { HistorianService } from "../fplus-historian/service.ts";
import { defineNode } from "../frame/index.ts";
import { type QueryConfig, requestOf, textOf } from "./request.ts";

/** Reads history at every message. */
export default function (RED: NodeAPI): void {
  defineNode<QueryConfig>(RED, "fplus-historian-query", (node) => {
    const { historian, output } = node.config;
    const lease = historian ? node.service<HistorianService>(historian, "historian").lease() : node.plant.historian();
    return {
      async input(msg, send) {
        const { language } = node.config;
        if (language === "influxql" || language === "flux") {
          const text = textOf(node.config, msg["query"]);
          await lease.ready;
          const answer =
            language === "flux" ? await lease.value.flux(text) : await askInfluxQl(lease.value, text, output);
          const what = output === "arrays" && language === "influxql" ? "table" : "row";
          node.status("up", `${answer.length} ${what}${answer.length === 1 ? "" : "s"}`);
          send({ ...msg, payload: answer, query: text });
          return;
        }
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

/** Answers to all statements: the tables as InfluxDB gives them, or one object a row with the table's tags in it. */
async function askInfluxQl(store: HistorianStore, text: string, output: QueryConfig["output"]): Promise<unknown[]> {
  const { results } = await store.influxQl(text);
  const fault = results.find(({ error }) => error !== undefined)?.error;
  if (fault !== undefined) throw new FplusError("historian.query", fault, { field: "query" });
  const tables = results.flatMap(({ series = [] }) => series);
  if (output === "arrays") return tables;
  return tables.flatMap(({ tags = {}, columns, values }) =>
    values.map((row) => ({ ...tags, ...Object.fromEntries(columns.map((column, i) => [column, row[i]])) })),
  );
}

function shaped(answers: HistorianSeries[], output: QueryConfig["output"]): unknown {
  if (output === "series") return answers;
  return output === "rows" ? plainRows(answers) : plainSeries(answers);
}
