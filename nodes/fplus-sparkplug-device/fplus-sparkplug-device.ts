import type { NodeAPI } from "node-red";
import type { EdgeNode } from "../../lib/sparkplug/index.ts";
import { checkId } from "../../lib/sparkplug/index.ts";
import type { EdgeService } from "../fplus-sparkplug-edge/service.ts";
import { amount, batchOf, defineNode, liveStatus, type Message, Rate } from "../frame/index.ts";

interface DeviceConfig {
  readonly name: string;
  readonly edge: string;
  readonly device: string;
}

/** Publishes samples as the metrics of Sparkplug devices, and hands on what hosts write to them. */
export default function (RED: NodeAPI): void {
  defineNode<DeviceConfig>(RED, "fplus-sparkplug-device", (node) => {
    const service = node.service<EdgeService>(node.config.edge, "edge node");
    const device = node.config.device === "" ? "" : checkId(node.config.device, "device");
    const rate = new Rate();
    let edge: EdgeNode | undefined;
    service.edge().then(
      (open) => (edge = open),
      (error: unknown) => node.report(error),
    );
    const stopCommands = service.onCommand((command) => {
      if (device !== "" && command.device !== device) return;
      node.send({ topic: `${command.device}/${command.metric}`, payload: command.value } as unknown as Message);
    });
    const stopStatus = liveStatus(node, () => {
      if (edge === undefined) return ["busy", "opening"];
      const { gauges, status } = edge.health();
      if (!edge.online) return ["down", `offline · ${amount(gauges["waiting"] ?? 0)} batches kept`];
      if (status === "degraded") return ["warning", `${amount(rate.perSecond())}/s, not kept on disk`];
      return ["up", `${amount(rate.perSecond())}/s`];
    });
    return {
      async input(msg) {
        const batch = batchOf(msg);
        (await service.edge()).accept(batch, device);
        rate.add(batch.length);
      },
      async close(removed) {
        stopStatus();
        stopCommands();
        if (removed && device !== "") edge?.removeDevice(device);
      },
    };
  });
}
