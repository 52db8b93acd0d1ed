import { randomUUID } from "node:crypto";
import type { NodeAPI } from "node-red";
import type { BrokerService } from "../fplus-broker/fplus-broker.ts";
import { amount, batchOf, defineNode, liveStatus, Rate } from "../frame/index.ts";
import { TopicTree } from "./topic-tree.ts";

interface DeviceTopicsConfig {
  readonly name: string;
  readonly broker: string;
  readonly wills: string | number;
}

/** Publishes samples and device states as plain JSON in the tree `factory-plus/devices/…`, for whoever does not speak Sparkplug. */
export default function (RED: NodeAPI): void {
  defineNode<DeviceTopicsConfig>(RED, "fplus-device-topics", (node) => {
    const { config, plant } = node;
    const address = config.broker
      ? node.service<BrokerService>(config.broker, "broker").address()
      : plant.brokerAddress();
    const wills = Number(config.wills || 0);
    const lease = plant.leases.acquire(
      `device topics ${node.id}`,
      () => new TopicTree(address, `fplus-topics-${randomUUID().slice(0, 8)}`, wills),
      JSON.stringify([address, wills]),
    );
    const tree = lease.value;
    tree.onError = (error) => node.report(error);
    const rate = new Rate();
    let counted = tree.values.stats().published + tree.states.published;
    const stopStatus = liveStatus(node, () => {
      const { published, waiting } = tree.values.stats();
      const all = published + tree.states.published;
      rate.add(Math.max(0, all - counted));
      counted = all;
      if (!tree.connected) return ["down", `offline · ${amount(waiting + tree.states.waiting)} topics wait`];
      return ["up", `${amount(rate.perSecond())}/s`];
    });
    return {
      input(msg) {
        if (!tree.state(msg.payload)) tree.samples(batchOf(msg));
      },
      async close() {
        stopStatus();
        tree.onError = () => undefined;
        await lease.release();
      },
    };
  });
}
