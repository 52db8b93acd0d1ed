/**
 * A gateway that says on a broker that its devices are online, and then only lives: `node status-gateway.ts <port> <wills> <device …>`.
 * Prints `ready` when the broker has it. To be killed.
 */
import { openLink } from "../../lib/broker/index.ts";
import { StatusTopics } from "../../lib/gateway/index.ts";
import { until } from "./until.ts";

const [port, wills, ...devices] = process.argv.slice(2);
const topics = new StatusTopics(
  { address: { url: `mqtt://127.0.0.1:${port}`, keepalive: 5 }, openLink, clientId: "doomed", wills: Number(wills) },
  (device) => `factory-plus/devices/${device}/status`,
);
for (const device of devices) topics.set("gateway", { device, state: "online", reason: "", at: Date.now() });
await until("the broker", () => topics.published === devices.length);
process.stdout.write("ready\n");
setInterval(() => undefined, 60_000);
