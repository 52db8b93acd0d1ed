import type { NodeAPI } from "node-red";
import { EmbeddedBroker } from "../../lib/broker/index.ts";
import type { PartHealth } from "../../lib/health/index.ts";
import { amount, defineNode, liveStatus, type NodeContext, numberOf, Rate, switchOf } from "../frame/index.ts";

interface EmbeddedBrokerConfig {
  readonly name: string;
  readonly enabled: "on" | "off";
  readonly host: string;
  readonly port: string | number;
}

/** Runs an MQTT broker inside Node-RED; it outlives redeploys, so that its clients do not notice them. */
export default function (RED: NodeAPI): void {
  defineNode<EmbeddedBrokerConfig>(
    RED,
    "fplus-embedded-broker",
    (node) => {
      if (!switchOf(node.config, "enabled")) {
        node.status("idle", "off");
        return {};
      }
      return run(node);
    },
    { credentials: { username: { type: "text" }, password: { type: "password" } } },
  );
}

function run(node: NodeContext<EmbeddedBrokerConfig>): { close(): Promise<void> } {
  const { config, credentials, plant } = node;
  const settings = {
    host: config.host || "127.0.0.1",
    port: numberOf(config, "port", { usual: 1883, least: 1, most: 65_535 }),
    ...(credentials["username"] ? { username: credentials["username"] } : {}),
    ...(credentials["password"] ? { password: credentials["password"] } : {}),
  };
  let opening: Promise<void> | undefined;
  const lease = plant.leases.acquire(
    `embedded-broker ${settings.port}`,
    () => new EmbeddedBroker({ ...settings, onError: (error) => node.report(error) }),
    JSON.stringify(settings),
  );
  const broker = lease.value;
  let failure = "";
  if (!broker.stats.listening) {
    node.status("busy", "starting");
    opening = lease.ready.then(() => broker.open());
    opening.catch((error: unknown) => {
      failure = error instanceof Error ? error.message : String(error);
      node.report(error);
    });
  }
  const rate = new Rate();
  let counted = broker.stats.received;
  const stopStatus = liveStatus(node, () => {
    const { listening, clients, received } = broker.stats;
    rate.add(received - counted);
    counted = received;
    if (!listening) return failure === "" ? ["busy", "starting"] : ["down", failure];
    return ["up", `${clients} clients · ${amount(rate.perSecond())}/s · :${settings.port}`];
  });
  const off = plant.health.add(() => healthOf(node.name, settings, broker, failure));
  return {
    async close() {
      stopStatus();
      off();
      await opening?.catch(() => undefined);
      await lease.release();
    },
  };
}

function healthOf(
  name: string,
  settings: { host: string; port: number },
  broker: EmbeddedBroker,
  failure: string,
): PartHealth {
  const { listening, clients, received, receivedBytes, refused } = broker.stats;
  return {
    kind: "broker",
    name,
    status: listening ? "up" : "down",
    mode: "embedded",
    detail: listening ? `mqtt://${settings.host}:${settings.port}` : failure || "starting",
    counters: { messages: received, bytes: receivedBytes, refused },
    gauges: { clients },
  };
}
