import assert from "node:assert/strict";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { EmbeddedBroker, openLink } from "../../../lib/broker/index.ts";
import { type DeviceStatus, StatusTopics } from "../../../lib/gateway/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { mosquittoProgram, startMosquitto } from "../../support/mosquitto.ts";
import { freePorts } from "../../support/ports.ts";
import { missing, startPrinting } from "../../support/services.ts";
import { until } from "../../support/until.ts";

/** What stands retained, or was said last, by device. */
async function listen(t: TestContext, port: number) {
  const states = new Map<string, { status: string; since: string | null; reason?: string; at: number }>();
  let messages = 0;
  const link = openLink({ address: { url: `mqtt://127.0.0.1:${port}` }, clientId: `listener-${Math.random()}` });
  link.subscribe("factory-plus/devices/+/status", 1, (topic, payload) => {
    messages += 1;
    states.set(topic.split("/")[2]!, {
      ...(JSON.parse(Buffer.from(payload).toString()) as { status: string; since: string }),
      at: Date.now(),
    });
  });
  link.start();
  t.after(() => link.end());
  await until("listener", () => link.connected);
  return { states, count: () => messages };
}

const say = (device: string, state: DeviceStatus["state"], reason = "", at = 1_700_000_000_000): DeviceStatus => ({
  device,
  state,
  reason,
  at,
});
const topicOf = (device: string): string => `factory-plus/devices/${device}/status`;

test("states are retained with their time and reason; the worse of gateway and host counts; an orderly end says offline", async (t) => {
  const [port] = await freePorts(1);
  const broker = new EmbeddedBroker({ host: "127.0.0.1", port: port! });
  await broker.open();
  t.after(() => broker.close());
  const address = { url: `mqtt://127.0.0.1:${port}` };
  const topics = new StatusTopics({ address, openLink, clientId: "topics", wills: 1 }, topicOf);
  topics.set("gateway", say("A", "error", "BadCommunicationError"));
  topics.set("host", say("A", "online"));
  topics.set("gateway", say("B", "stale", "no value for 60 s"));
  topics.set("host", say("C", "online"));
  await until("published", () => topics.published === 3 && topics.waiting === 0);
  assert.equal(topics.wills, 1, "B shares a connection, C needs none");
  const { states, count } = await listen(t, port!);
  await until("retained", () => states.size === 3);
  const shown = (device: string) => {
    const { at: _at, ...rest } = states.get(device)!;
    return rest;
  };
  const since = new Date(1_700_000_000_000).toISOString();
  assert.deepEqual(shown("A"), { status: "error", since, reason: "BadCommunicationError" });
  assert.deepEqual(shown("B"), { status: "stale", since, reason: "no value for 60 s" });
  assert.deepEqual(shown("C"), { status: "online", since });
  topics.set("gateway", say("A", "online"));
  topics.set("gateway", say("A", "online"));
  await until("online", () => states.get("A")!.status === "online");
  topics.set("host", say("A", "offline", "NDEATH"));
  await until("offline", () => states.get("A")!.reason === "NDEATH");
  const before = count();
  await topics.close("gateway stopped");
  await until("goodbye", () => states.get("B")!.reason === "gateway stopped");
  assert.equal(states.get("C")!.status, "online", "what a host said stays");
  assert.equal(count(), before + 1, "A was offline already");
});

test("only the newest state of a device waits for a broker that is away", async (t) => {
  const [port] = await freePorts(1);
  const address = { url: `mqtt://127.0.0.1:${port}` };
  const topics = new StatusTopics({ address, openLink, clientId: "waiting", wills: 10 }, topicOf);
  t.after(() => topics.close("end"));
  for (const state of ["online", "stale", "offline", "online"] as const) topics.set("gateway", say("A", state));
  assert.equal(topics.waiting, 1);
  const broker = new EmbeddedBroker({ host: "127.0.0.1", port: port! });
  await broker.open();
  t.after(() => broker.close());
  await until("published", () => topics.published === 1);
  const { states } = await listen(t, port!);
  await until("retained", () => states.get("A")?.status === "online");
});

test("Mosquitto says that the devices are offline when the gateway is killed", async (t) => {
  if (missing(t, "mosquitto", mosquittoProgram)) return;
  const [port] = await freePorts(1);
  const broker = await startMosquitto(temporaryFolder(t), port!);
  t.after(() => broker.stop());
  const { states } = await listen(t, port!);
  const program = path.resolve(import.meta.dirname, "../../support/status-gateway.ts");
  const gateway = await startPrinting(process.execPath, [program, String(port), "3", "Press01", "Mill01", "Oven01"]);
  await until("online", () => [...states.values()].filter(({ status }) => status === "online").length === 3);
  await gateway.stop("SIGKILL");
  await until("offline", () => [...states.values()].every(({ status }) => status === "offline"));
  assert.deepEqual(
    [...states.values()].map(({ reason, since }) => [reason, since]),
    [1, 2, 3].map(() => ["gateway lost", null]),
  );
});

for (const which of ["Mosquitto", "the embedded broker"]) {
  test(`${which} says that the devices are offline when the gateway falls silent without a word`, async (t) => {
    if (which === "Mosquitto" && missing(t, "mosquitto", mosquittoProgram)) return;
    const [port] = await freePorts(1);
    if (which === "Mosquitto") {
      const broker = await startMosquitto(temporaryFolder(t), port!);
      t.after(() => broker.stop());
    } else {
      const broker = new EmbeddedBroker({ host: "127.0.0.1", port: port! });
      await broker.open();
      t.after(() => broker.close());
    }
    const { states } = await listen(t, port!);
    const program = path.resolve(import.meta.dirname, "../../support/status-gateway.ts");
    const gateway = await startPrinting(process.execPath, [program, String(port), "2", "Press01", "Mill01"]);
    t.after(() => gateway.stop("SIGKILL"));
    await until("online", () => [...states.values()].filter(({ status }) => status === "online").length === 2);
    // Its connections stay open: only the keep-alive of 5 s tells.
    gateway.child.kill("SIGSTOP");
    const from = performance.now();
    await until("offline", () => [...states.values()].every(({ status }) => status === "offline"));
    t.diagnostic(`offline after ${((performance.now() - from) / 1000).toFixed(1)} s at a keep-alive of 5 s`);
  });
}
