import type { NodeAPI } from "node-red";
import { FplusError, messageOf } from "../../lib/errors/index.ts";
import type { HostService } from "../fplus-sparkplug-host/service.ts";
import { defineNode } from "../frame/index.ts";

interface CommandConfig {
  readonly name: string;
  readonly host: string;
  readonly metric: string;
  readonly timeoutSeconds: string | number;
}

const REBIRTH = "Node Control/Rebirth";

/** Writes to a metric of an edge node or device, and says so when the device shows the value. */
export default function (RED: NodeAPI): void {
  defineNode<CommandConfig>(RED, "fplus-sparkplug-command", (node) => {
    const { config } = node;
    const { host } = node.service<HostService>(config.host, "host");
    const timeoutMs = timeoutOf(config.timeoutSeconds);
    node.status("idle", "ready");
    return {
      async input(msg, send) {
        const path = config.metric || (typeof msg.topic === "string" ? msg.topic : "");
        if (path === "") {
          throw new FplusError("sparkplug.command", "no metric to write to", {
            field: "topic",
            hint: "Set msg.topic to group/edge node/device/metric, or choose the metric in the node.",
          });
        }
        node.status("busy", "waiting for the device");
        try {
          const [group = "", edgeNode = "", ...rest] = path.split("/");
          if (rest.join("/") === REBIRTH) {
            await host.requestRebirth(group, edgeNode);
            send({ ...msg, confirmed: false });
            node.status("up", "rebirth asked for");
            return;
          }
          const result = await host.write(host.targetOf(path), msg.payload, timeoutMs);
          if (result === undefined) send({ ...msg, confirmed: false });
          else
            send({
              ...msg,
              payload: result.value,
              timestamp: result.timestamp,
              elapsed: result.elapsed,
              confirmed: true,
            });
          node.status("up", result === undefined ? "sent" : `confirmed after ${result.elapsed} ms`);
        } catch (error) {
          node.status("warning", messageOf(error instanceof FplusError ? error.message : error));
          throw error;
        }
      },
    };
  });
}

function timeoutOf(value: string | number): number {
  const seconds = value === "" || value === undefined ? 5 : Number(value);
  if (seconds >= 0 && seconds <= 3600) return seconds * 1000;
  throw new FplusError("config.invalid", "not a number of seconds from 0 to 3600", { field: "confirmation" });
}
