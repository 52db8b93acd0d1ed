import { randomUUID } from "node:crypto";
import type { NodeAPI } from "node-red";
import { openLink } from "../../lib/broker/index.ts";
import type { LifecycleEvent } from "../../lib/sparkplug/index.ts";
import type { BrokerService } from "../fplus-broker/fplus-broker.ts";
import { amount, batchOf, defineNode, liveStatus, Rate } from "../frame/index.ts";
import { TopicPublisher } from "./topic-publisher.ts";

interface DeviceTopicsConfig {
  readonly name: string;
  readonly broker: string;
}

/** Publishes samples and device states as plain JSON in the tree `factory-plus/devices/…`, for whoever does not speak Sparkplug. */
export default function (RED: NodeAPI): void {
  defineNode<DeviceTopicsConfig>(RED, "fplus-device-topics", (node) => {
    const { config, plant } = node;
    const address = config.broker
      ? node.service<BrokerService>(config.broker, "broker").address()
      : plant.brokerAddress();
    const link = openLink({
      address,
      clientId: `fplus-topics-${randomUUID().slice(0, 8)}`,
      onConnect: () => publisher.resume(),
      onError: (error) => node.report(error),
    });
    const publisher = new TopicPublisher(link);
    link.start();
    const rate = new Rate();
    let counted = 0;
    const stopStatus = liveStatus(node, () => {
      const { published, waiting } = publisher.stats();
      rate.add(published - counted);
      counted = published;
      if (!link.connected) return ["down", `offline · ${amount(waiting)} topics wait`];
      return ["up", `${amount(rate.perSecond())}/s`];
    });
    return {
      input(msg) {
        if (isLifecycle(msg.payload)) publisher.event(msg.payload);
        else publisher.samples(batchOf(msg));
      },
      async close() {
        stopStatus();
        await link.end();
      },
    };
  });
}

function isLifecycle(payload: unknown): payload is LifecycleEvent {
  const event = payload as Partial<LifecycleEvent> | null;
  return typeof event === "object" && typeof event?.kind === "string" && typeof event.node === "string";
}
