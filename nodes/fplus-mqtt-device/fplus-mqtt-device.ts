import { randomUUID } from "node:crypto";
import type { NodeAPI } from "node-red";
import { openLink } from "../../lib/broker/index.ts";
import { DeviceBoard, MqttDevices } from "../../lib/gateway/index.ts";
import type { BrokerService } from "../fplus-broker/fplus-broker.ts";
import {
  amount,
  defineNode,
  liveStatus,
  messagesOf,
  type NodeBehaviour,
  type NodeContext,
  numberOf,
  type OutputShape,
  Rate,
  stateMessage,
} from "../frame/index.ts";
import { serveTopicRoutes } from "./routes.ts";

interface MqttDeviceConfig {
  readonly name: string;
  readonly broker: string;
  readonly topic: string;
  readonly device: string;
  readonly qos: "0" | "1";
  readonly staleSeconds: string | number;
  readonly output: OutputShape;
}

const LOOK_MS = 500;
/** A connection that comes back within this time was not away. */
const PATIENCE_MS = 1500;

/** Sensors that speak plain MQTT, as devices: topics and payloads become samples, silence becomes a state. */
export default function (RED: NodeAPI): void {
  defineNode<MqttDeviceConfig>(RED, "fplus-mqtt-device", mqttDevice, { once: serveTopicRoutes });
}

function mqttDevice(node: NodeContext<MqttDeviceConfig>): NodeBehaviour {
  const { config, plant } = node;
  const address = config.broker
    ? node.service<BrokerService>(config.broker, "broker").address()
    : plant.brokerAddress();
  const rate = new Rate();
  const shape = config.output || "batch";
  const name = config.name || "mqtt";
  const board = new DeviceBoard({
    staleMs: numberOf(config, "staleSeconds", { usual: 0, least: 0 }) * 1000,
    needsSiblings: false,
    patienceMs: PATIENCE_MS,
    firstMs: Number.POSITIVE_INFINITY,
    onChange: (changes) => node.send([null, changes.map(stateMessage)]),
  });
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
      board.samples(batch);
      for (const message of messagesOf(batch, shape, name)) node.send([message, null]);
    },
    onError: (error) => node.report(error),
  });
  devices.start();
  const look = setInterval(() => {
    if (devices.connected) board.found();
    else board.lost("the broker cannot be reached");
    board.look();
  }, LOOK_MS);
  const stopStatus = liveStatus(node, () => {
    if (!devices.connected) return ["down", "not connected"];
    const { malformed, unmapped, refused } = devices.counters;
    const flaws = malformed + unmapped + refused;
    const silent = board.statuses().filter(({ state }) => state === "stale").length;
    const parts = [
      `${amount(rate.perSecond())}/s`,
      ...(silent > 0 ? [`${amount(silent)} stale`] : []),
      ...(flaws > 0 ? [`${amount(flaws)} not understood`] : []),
    ];
    return [parts.length > 1 ? "warning" : "up", parts.join(" · ")];
  });
  const off = plant.health.add(() => ({
    kind: "mqtt-device",
    name,
    status: devices.connected ? "up" : "down",
    mode: "external",
    detail: config.topic,
    counters: { ...devices.counters },
    gauges: { devices: board.statuses().length },
  }));
  return {
    async close() {
      clearInterval(look);
      off();
      stopStatus();
      await devices.close();
    },
  };
}
