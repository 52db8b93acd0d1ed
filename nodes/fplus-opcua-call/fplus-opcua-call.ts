import type { NodeAPI } from "node-red";
import { type CallArguments, callMethod, type MethodTarget } from "../../lib/opcua/index.ts";
import type { EndpointService } from "../fplus-opcua-endpoint/service.ts";
import { defineNode, liveStatus, type Message } from "../frame/index.ts";

interface CallConfig {
  readonly name: string;
  readonly endpoint: string;
  readonly object: string;
  readonly method: string;
  /** Arguments of the dialog by name; empty text for none. */
  readonly args: Readonly<Record<string, string>>;
}

/** Calls a method of an OPC UA object. */
export default function (RED: NodeAPI): void {
  defineNode<CallConfig>(RED, "fplus-opcua-call", (node) => {
    const { config } = node;
    const { endpoint } = node.service<EndpointService>(config.endpoint, "endpoint");
    let calls = 0;
    let failed = 0;
    const stopStatus = liveStatus(node, () => {
      if (endpoint.state !== "up")
        return [endpoint.state === "connecting" ? "busy" : "down", endpoint.reason || "connecting"];
      return [failed > 0 ? "warning" : "up", `${calls} called${failed > 0 ? ` · ${failed} failed` : ""}`];
    });
    return {
      async input(msg, send) {
        try {
          const { status, outputs } = await callMethod(endpoint, targetOf(msg, config), argumentsOf(msg, config));
          calls += 1;
          send({ ...msg, payload: outputs, status });
        } catch (error) {
          failed += 1;
          throw error;
        }
      },
      close: () => stopStatus(),
    };
  });
}

function targetOf(msg: Message, config: CallConfig): MethodTarget {
  const { object, method } = msg as { object?: unknown; method?: unknown };
  return {
    object: config.object || (typeof object === "string" ? object : ""),
    method: config.method || (typeof method === "string" ? method : ""),
  };
}

/** A list or an object of the message; where the dialog gives arguments, those of the message by name replace them. */
function argumentsOf({ payload }: Message, config: CallConfig): CallArguments {
  const preset = Object.fromEntries(Object.entries(config.args ?? {}).filter(([, value]) => value !== ""));
  if (Array.isArray(payload)) return payload as readonly unknown[];
  const names = Object.keys(config.args ?? {});
  if (typeof payload === "object" && payload !== null && !Buffer.isBuffer(payload)) {
    return { ...preset, ...(payload as Record<string, unknown>) };
  }
  // A trigger's time stamp is no argument where the dialog has given them all.
  if (names.length > 0 && Object.keys(preset).length === names.length) return preset;
  return names.length === 1 ? { [names[0]!]: payload } : preset;
}
