import type { NodeAPI } from "node-red";
import { FplusError, messageOf } from "../../lib/errors/index.ts";
import type { HostService } from "../fplus-sparkplug-host/service.ts";
import { defineNode, numberOf } from "../frame/index.ts";

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
    const timeoutMs = numberOf(config, "timeoutSeconds", { usual: 5, least: 0, most: 3600 }) * 1000;
    if (config.metric && config.metric.split("/").length < 3) {
      const hint = "Write group/edge node/device/metric, or leave it blank for msg.topic.";
      throw new FplusError("config.invalid", `no path of a metric: ${config.metric}`, { field: "metric", hint });
    }
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
