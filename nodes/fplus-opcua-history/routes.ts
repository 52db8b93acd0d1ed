import type { NodeAPI } from "node-red";
import { messageOf } from "../../lib/errors/index.ts";
import { historyAggregates, historyError, readHistory } from "../../lib/opcua/index.ts";
import { plainSample } from "../../lib/sample/index.ts";
import type { EndpointService } from "../fplus-opcua-endpoint/service.ts";
import { serviceOf } from "../frame/index.ts";
import { askedBy, type HistoryConfig } from "./request.ts";

/** Rows that a dialog shows. */
const TRIED_ROWS = 12;

/**
 * What the dialog asks: `POST /fplus/opcua/history/:endpoint` reads the first rows of its values,
 * `GET /fplus/opcua/aggregates/:endpoint` lists the aggregates of a deployed endpoint's server.
 */
export function serveHistoryRoutes(RED: NodeAPI): void {
  const mayRead = RED.auth.needsPermission("fplus-opcua.read");
  RED.httpAdmin.get("/fplus/opcua/aggregates/:id", mayRead, (request, response) => {
    Promise.resolve()
      .then(() => historyAggregates(endpointOf(RED, request.params["id"])))
      .then(
        (names) => response.json(names),
        (error: unknown) => response.status(409).json({ text: messageOf(error) }),
      );
  });
  RED.httpAdmin.post("/fplus/opcua/history/:id", mayRead, (request, response) => {
    Promise.resolve()
      .then(() => tried(RED, request.params["id"], request.body as HistoryConfig))
      .then(
        (answer) => response.json(answer),
        (error: unknown) => response.status(409).json({ text: messageOf(error) }),
      );
  });
}

function endpointOf(RED: NodeAPI, id: unknown) {
  return serviceOf<EndpointService>(RED, String(id ?? ""), "endpoint").endpoint;
}

async function tried(RED: NodeAPI, id: unknown, values: HistoryConfig): Promise<{ rows: unknown[]; text: string }> {
  const { targets, question } = askedBy(values, {}, Date.now());
  const pageSize = TRIED_ROWS * targets.length;
  for await (const { batch, failed, complete } of readHistory(endpointOf(RED, id), targets, question, { pageSize })) {
    if (batch.length === 0 && failed.length > 0) throw historyError(failed);
    if (batch.length === 0 && !complete) continue;
    const rows = Array.from({ length: Math.min(batch.length, TRIED_ROWS) }, (_, i) => {
      const { name, value, timestamp, quality, status } = plainSample(batch, i);
      return { name, value: typeof value === "bigint" ? String(value) : value, timestamp, quality: status ?? quality };
    });
    const amount = complete ? String(batch.length) : `more than ${batch.length}`;
    const flaw = failed.length > 0 ? ` ${failed.length} of ${targets.length} variables failed.` : "";
    return { rows, text: batch.length === 0 ? `Nothing in this range.${flaw}` : `${amount} values.${flaw}` };
  }
  return { rows: [], text: "Nothing in this range." };
}
