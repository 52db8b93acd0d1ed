import type { NodeAPI } from "node-red";
import type { EdgeNode } from "../../lib/sparkplug/index.ts";
import { valueTypeName } from "../../lib/sample/index.ts";
import { checkId, ReportByException } from "../../lib/sparkplug/index.ts";
import type { EdgeService } from "../fplus-sparkplug-edge/service.ts";
import { amount, batchOf, defineNode, liveStatus, type Message, numberOf, Rate } from "../frame/index.ts";

interface DeviceConfig {
  readonly name: string;
  readonly edge: string;
  readonly device: string;
  readonly publish: "all" | "changes";
  readonly deadband: string | number;
  readonly deadbandUnit: "absolute" | "percent";
  readonly maxSilenceSeconds: string | number;
}

/** Publishes samples as the metrics of Sparkplug devices, and hands on what hosts write to them. */
export default function (RED: NodeAPI): void {
  defineNode<DeviceConfig>(RED, "fplus-sparkplug-device", (node) => {
    const service = node.service<EdgeService>(node.config.edge, "edge");
    const device = node.config.device === "" ? "" : checkId(node.config.device, "device");
    const exception = exceptionOf(node.config);
    const rate = new Rate();
    let edge: EdgeNode | undefined;
    service.edge().then(
      (open) => (edge = open),
      (error: unknown) => node.report(error),
    );
    const stopCommands = service.onCommand((command) => {
      if (device !== "" && command.device !== device) return;
      const { metric, value } = command;
      const topic = command.device === "" ? metric : `${command.device}/${metric}`;
      const type = valueTypeName(command.type);
      node.send({ topic, payload: value, device: command.device, metric, type } as unknown as Message);
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
        if (typeof msg["death"] === "boolean") {
          // A device that is back says so with its next samples.
          if (!msg["death"]) return;
          const gone = device || (typeof msg.topic === "string" ? msg.topic : "");
          (await service.edge()).deviceOffline(checkId(gone, "topic"));
          return;
        }
        const all = batchOf(msg);
        edge = await service.edge();
        const batch = exception === undefined ? all : exception.changed(all);
        edge.accept(batch, device);
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

function exceptionOf(config: DeviceConfig): ReportByException | undefined {
  if (config.publish !== "changes") return undefined;
  const deadband = numberOf(config, "deadband", { usual: 0, least: 0 });
  const silence = numberOf(config, "maxSilenceSeconds", { usual: 0, least: 0 });
  return new ReportByException({ deadband, percent: config.deadbandUnit === "percent", maxSilenceMs: silence * 1000 });
}
