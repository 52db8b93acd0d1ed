import type { NodeAPI } from "node-red";
import type { LifecycleEvent } from "../../lib/sparkplug/index.ts";
import type { HostService } from "../fplus-sparkplug-host/service.ts";
import { amount, defineNode, liveStatus, type Message, messagesOf, type OutputShape, Rate } from "../frame/index.ts";

interface SparkplugInConfig {
  readonly name: string;
  readonly host: string;
  readonly output: OutputShape;
}

/** What a Sparkplug host application receives: samples on the first output, births and deaths on the second. */
export default function (RED: NodeAPI): void {
  defineNode<SparkplugInConfig>(RED, "fplus-sparkplug-in", (node) => {
    const service = node.service<HostService>(node.config.host, "host");
    const rate = new Rate();
    const shape = node.config.output || "batch";
    const stopListening = service.listen({
      onBatch(batch, topic) {
        rate.add(batch.length);
        node.send([messagesOf(batch, shape, topic), null]);
      },
      onEvent: (event) => node.send([null, { topic: eventTopic(event), payload: event } as unknown as Message]),
      onError: (error) => node.report(error),
    });
    const stopStatus = liveStatus(node, () => {
      const { gauges, detail } = service.host.health();
      if (!service.host.connected) return ["down", detail];
      const devices = gauges["devicesOnline"] ?? 0;
      return ["up", `${devices} ${devices === 1 ? "device" : "devices"} · ${amount(rate.perSecond())}/s`];
    });
    return {
      close() {
        stopStatus();
        stopListening();
      },
    };
  });
}

function eventTopic(event: LifecycleEvent): string {
  return event.device === undefined ? event.node : `${event.node}/${event.device}`;
}
