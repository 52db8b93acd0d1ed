import { randomUUID } from "node:crypto";
import type { NodeAPI } from "node-red";
import type { BrokerService } from "../fplus-broker/fplus-broker.ts";
import type { CommandReply, DeviceCommand } from "../../lib/gateway/index.ts";
import { amount, batchOf, defineNode, liveStatus, type Message, numberOf, Rate } from "../frame/index.ts";
import { TopicTree } from "./topic-tree.ts";

interface DeviceTopicsConfig {
  readonly name: string;
  readonly broker: string;
  readonly wills: string | number;
  readonly commands: boolean;
}

/** Publishes samples and device states as plain JSON in the tree `factory-plus/devices/…`, for whoever does not speak Sparkplug. */
export default function (RED: NodeAPI): void {
  defineNode<DeviceTopicsConfig>(RED, "fplus-device-topics", (node) => {
    const { config, plant } = node;
    const address = config.broker
      ? node.service<BrokerService>(config.broker, "broker").address()
      : plant.brokerAddress();
    const wills = numberOf(config, "wills", { usual: 100, least: 0, most: 1000 });
    const lease = plant.leases.acquire(
      `device topics ${node.id}`,
      () => new TopicTree(address, `fplus-topics-${randomUUID().slice(0, 8)}`, wills, config.commands === true),
      JSON.stringify([address, wills, config.commands]),
    );
    const tree = lease.value;
    tree.onError = (error) => node.report(error);
    tree.onCommand = ({ device, name, id, args, by }) =>
      node.send({
        topic: `${device}/${name}`,
        payload: args,
        device,
        metric: name,
        command: { device, name, id, by },
      } as unknown as Message);
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
      async input(msg) {
        const command = commandOf(msg);
        if (command !== undefined) await tree.commands?.reply(command, replyOf(msg));
        else if (!tree.state(msg.payload)) tree.samples(batchOf(msg));
      },
      async close() {
        stopStatus();
        tree.onError = () => undefined;
        tree.onCommand = () => undefined;
        await lease.release();
      },
    };
  });
}

/** The command that a message answers: the flow has handed it on with what it did. */
function commandOf({ command }: Message): Pick<DeviceCommand, "device" | "name" | "id"> | undefined {
  const { device, name, id } = (command ?? {}) as Partial<Record<keyof DeviceCommand, unknown>>;
  return typeof device === "string" && typeof name === "string" ? { device, name, id: String(id ?? "") } : undefined;
}

/** A Catch node puts the error beside the message. */
function replyOf({ error, payload }: Message): CommandReply {
  if (error === undefined) return { ok: true, result: payload };
  const { message } = error as { message?: unknown };
  return { ok: false, error: typeof message === "string" ? message : String(error) };
}
