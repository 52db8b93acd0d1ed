import { randomUUID } from "node:crypto";
import type { NodeAPI } from "node-red";
import { openLink } from "../../lib/broker/index.ts";
import { MqttDevices } from "../../lib/gateway/index.ts";
import type { BrokerService } from "../fplus-broker/fplus-broker.ts";
import { amount, defineNode, liveStatus, messagesOf, type OutputShape, Rate } from "../frame/index.ts";

interface MqttDeviceConfig {
  readonly name: string;
  readonly broker: string;
  readonly topic: string;
  readonly device: string;
  readonly qos: "0" | "1";
  readonly output: OutputShape;
}

/** Sensors that speak plain MQTT, as devices: topics and payloads become samples. */
export default function (RED: NodeAPI): void {
  defineNode<MqttDeviceConfig>(RED, "fplus-mqtt-device", (node) => {
    const { config, plant } = node;
    const address = config.broker
      ? node.service<BrokerService>(config.broker, "broker").address()
      : plant.brokerAddress();
    const rate = new Rate();
    const shape = config.output || "batch";
    const name = config.name || "mqtt";
    const devices = new MqttDevices({
      name,
      address,
      openLink,
      clientId: `fplus-mqtt-${randomUUID().slice(0, 8)}`,
      topic: config.topic,
      device: config.device,
      qos: config.qos === "1" ? 1 : 0,
      onBatch: (batch) => {
        rate.add(batch.length);
        for (const message of messagesOf(batch, shape, name)) node.send(message);
      },
      onError: (error) => node.report(error),
    });
    devices.start();
    const stopStatus = liveStatus(node, () => {
      if (!devices.connected) return ["down", "not connected"];
      const { malformed, unmapped, refused } = devices.counters;
      const flaws = malformed + unmapped + refused;
      return flaws === 0
        ? ["up", `${amount(rate.perSecond())}/s`]
        : ["warning", `${amount(rate.perSecond())}/s · ${amount(flaws)} not understood`];
    });
    const off = plant.health.add(() => ({
      kind: "mqtt-device",
      name,
      status: devices.connected ? "up" : "down",
      mode: "external",
      detail: config.topic,
      counters: { ...devices.counters },
      gauges: {},
    }));
    return {
      async close() {
        off();
        stopStatus();
        await devices.close();
      },
    };
  });
}
