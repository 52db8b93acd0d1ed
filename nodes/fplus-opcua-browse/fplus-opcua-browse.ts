import type { NodeAPI } from "node-red";
import { type BrowseQuery, browseNodes, type NodeKind } from "../../lib/opcua/index.ts";
import type { EndpointService } from "../fplus-opcua-endpoint/service.ts";
import { defineNode, liveStatus, type Message, numberOf } from "../frame/index.ts";

interface BrowseConfig {
  readonly name: string;
  readonly endpoint: string;
  /** NodeId or browse path; blank = `msg.payload`, or the Objects folder. */
  readonly start: string;
  readonly what: "children" | "variables" | "all";
  readonly filter: string;
  readonly values: boolean;
  readonly depth: string | number;
  readonly limit: string | number;
}

const KINDS: Readonly<Record<BrowseConfig["what"], readonly NodeKind[]>> = {
  children: ["object", "variable", "method"],
  variables: ["variable"],
  all: ["object", "variable", "method"],
};
const USUAL_DEPTH = 20;
const USUAL_LIMIT = 1000;
const MOST = 100_000;

/** Lists what an OPC UA server has below a node. */
export default function (RED: NodeAPI): void {
  defineNode<BrowseConfig>(RED, "fplus-opcua-browse", (node) => {
    const { config } = node;
    const { endpoint } = node.service<EndpointService>(config.endpoint, "endpoint");
    let last = "ready";
    const stopStatus = liveStatus(node, () => {
      if (endpoint.state !== "up")
        return [endpoint.state === "connecting" ? "busy" : "down", endpoint.reason || "connecting"];
      return ["up", last];
    });
    return {
      async input(msg, send) {
        const { nodes, next } = await browseNodes(endpoint, queryOf(config, msg));
        last = `${nodes.length.toLocaleString("en")} nodes${next === undefined ? "" : ", more there"}`;
        const { offset: _offset, ...rest } = msg;
        send({ ...rest, payload: nodes, ...(next === undefined ? {} : { offset: next }) } as Message);
      },
      close: () => stopStatus(),
    };
  });
}

function queryOf(config: BrowseConfig, msg: Message): BrowseQuery {
  const { payload, filter, offset } = msg as { payload?: unknown; filter?: unknown; offset?: unknown };
  const what = config.what || "children";
  return {
    start: config.start || (typeof payload === "string" ? payload.trim() : ""),
    depth: what === "children" ? 1 : numberOf(config, "depth", { usual: USUAL_DEPTH, least: 1 }),
    kinds: KINDS[what],
    filter: config.filter || (typeof filter === "string" ? filter : ""),
    values: config.values === true,
    offset: numberOf({ offset }, "offset", { usual: 0, least: 0 }),
    limit: numberOf(config, "limit", { usual: USUAL_LIMIT, least: 1, most: MOST }),
  };
}
