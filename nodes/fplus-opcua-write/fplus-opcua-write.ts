import type { NodeAPI } from "node-red";
import { FplusError } from "../../lib/errors/index.ts";
import { writeError, Writer, type WriteRequest } from "../../lib/opcua/index.ts";
import type { EndpointService } from "../fplus-opcua-endpoint/service.ts";
import { defineNode, liveStatus, type Message } from "../frame/index.ts";

interface WriteConfig {
  readonly name: string;
  readonly endpoint: string;
  readonly target: string;
}

/** Writes OPC UA variables, in the type that the server gives them. */
export default function (RED: NodeAPI): void {
  defineNode<WriteConfig>(RED, "fplus-opcua-write", (node) => {
    const { endpoint } = node.service<EndpointService>(node.config.endpoint, "endpoint");
    const writer = new Writer(endpoint);
    let written = 0;
    let failed = 0;
    const stopStatus = liveStatus(node, () => {
      if (endpoint.state !== "up")
        return [endpoint.state === "connecting" ? "busy" : "down", endpoint.reason || "connecting"];
      return [failed > 0 ? "warning" : "up", `${written} written${failed > 0 ? ` · ${failed} failed` : ""}`];
    });
    return {
      async input(msg, send) {
        const outcomes = await writer.write(requestsOf(msg, node.config.target));
        const bad = outcomes.filter(({ ok }) => !ok);
        written += outcomes.length - bad.length;
        failed += bad.length;
        // What was written is told although another write failed.
        if (bad.length < outcomes.length) send({ ...msg, results: outcomes });
        if (bad.length > 0) throw writeError(bad);
      },
      close: () => stopStatus(),
    };
  });
}

/**
 * One write for a value with its target, several for an object by target or a list of `{ target, value }`.
 * @throws FplusError `opcua.write`
 */
function requestsOf(msg: Message, configured: string): WriteRequest[] {
  const { payload, topic, range } = msg as { payload: unknown; topic?: unknown; range?: unknown };
  const target = configured || (typeof topic === "string" ? topic : "");
  if (target !== "") return [{ target, value: payload, ...rangeOf(range) }];
  if (Array.isArray(payload) && payload.length > 0 && payload.every(isRequest)) {
    return payload.map((row) => ({
      target: String(row.target ?? row.nodeId ?? row.name),
      value: row.value,
      ...rangeOf(row.range),
    }));
  }
  if (typeof payload === "object" && payload !== null && !Array.isArray(payload) && Object.keys(payload).length > 0) {
    return Object.entries(payload).map(([name, value]): WriteRequest => ({ target: name, value }));
  }
  throw new FplusError("opcua.write", "nothing says what to write to", {
    field: "topic",
    hint: "Set msg.topic to a NodeId or device/metric, or send an object of values by NodeId.",
  });
}

function rangeOf(range: unknown): { range?: string } {
  return typeof range === "string" && range !== ""
    ? { range }
    : typeof range === "number"
      ? { range: String(range) }
      : {};
}

interface Row {
  readonly target?: unknown;
  readonly nodeId?: unknown;
  readonly name?: unknown;
  readonly value: unknown;
  readonly range?: unknown;
}

function isRequest(row: unknown): row is Row {
  const { target, nodeId, name } = (row ?? {}) as { target?: unknown; nodeId?: unknown; name?: unknown };
  return typeof (target ?? nodeId ?? name) === "string" && Object.hasOwn(row as object, "value");
}
