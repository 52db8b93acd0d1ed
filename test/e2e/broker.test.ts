import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type TestContext, test } from "node:test";
import mqtt from "mqtt";
import { get } from "sparkplug-payload";
import { temporaryFolder } from "../support/folder.ts";
import { mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { newState, removeState, startPlant } from "../support/plant.ts";
import { freePorts } from "../support/ports.ts";
import { missing } from "../support/services.ts";
import { until } from "../support/until.ts";

const sparkplug = get("spBv1.0")!;

interface Heard {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retained: boolean;
}

/** An independent MQTT client that keeps everything it hears. */
async function listen(t: TestContext, url: string, ...filters: string[]): Promise<Heard[]> {
  const heard: Heard[] = [];
  const client = await mqtt.connectAsync(url, { clientId: `listener-${randomUUID()}` });
  t.after(() => client.endAsync(true));
  client.on("message", (topic, payload, { retain }) => heard.push({ topic, payload, retained: retain }));
  await client.subscribeAsync(filters);
  return heard;
}

/** What anybody on the broker sees of the plant; the same on every broker. */
async function checkTraffic(t: TestContext, url: string, requestRebirth: boolean): Promise<void> {
  const heard = await listen(t, url, "spBv1.0/#", "factory-plus/devices/#");
  const topics = (start: string): Heard[] => heard.filter(({ topic }) => topic.startsWith(start));
  await until("device topics", () => topics("factory-plus/devices/Device1/data/Temperature").length >= 3);
  const [sample] = topics("factory-plus/devices/Device1/data/Temperature");
  const { value, timestamp, quality, unit } = JSON.parse(String(sample!.payload)) as Record<string, unknown>;
  assert.equal(typeof value, "number");
  assert.ok(Math.abs(Date.now() - Number(timestamp)) < 10_000);
  assert.deepEqual([quality, unit], ["good", "Cel"]);
  const late = await listen(t, url, "factory-plus/devices/+/status");
  await until("the retained status", () => late.some(({ topic }) => topic.includes("/Press01/")));
  const status = late.find(({ topic }) => topic.includes("/Press01/"))!;
  assert.equal(status.retained, true);
  assert.equal((JSON.parse(String(status.payload)) as { status: string }).status, "online");
  const state = topics("spBv1.0/STATE/")[0]!;
  assert.equal((JSON.parse(String(state.payload)) as { online: boolean }).online, true);

  await until("DDATA", () => topics("spBv1.0/Plant/DDATA/Gateway/Press01").length >= 3);
  let last: number | undefined;
  for (const { topic, payload } of topics("spBv1.0/Plant/")) {
    if (!/\/(DDATA|NDATA|DBIRTH|NBIRTH)\//.test(topic)) continue;
    const { seq, metrics } = sparkplug.decodePayload(payload) as { seq: number; metrics: { alias?: unknown }[] };
    if (last !== undefined && !topic.includes("/NBIRTH/")) assert.equal(Number(seq), (last + 1) % 256, topic);
    last = Number(seq);
    assert.ok((metrics?.length ?? 0) > 0, topic);
  }
  if (!requestRebirth) return;
  const births = (): Heard[] => topics("spBv1.0/Plant/DBIRTH/Gateway/Press01");
  const client = await mqtt.connectAsync(url);
  const command = sparkplug.encodePayload({
    timestamp: Date.now(),
    metrics: [{ name: "Node Control/Rebirth", type: "Boolean", value: true }],
  });
  await client.publishAsync("spBv1.0/Plant/NCMD/Gateway", Buffer.from(command));
  await until("the births asked for", () => births().length > 0);
  await client.endAsync();
  const { metrics } = sparkplug.decodePayload(births()[0]!.payload) as { metrics: { name: string; type: string }[] };
  assert.equal(metrics.find(({ name }) => name === "Temperature")?.type, "Double");
  assert.equal(metrics.find(({ name }) => name === "State")?.type, "String");
}

test("the embedded broker carries the owner's topics and Sparkplug that sparkplug-payload reads", async (t) => {
  const ports = await freePorts(3);
  const stateDir = await newState();
  const plant = await startPlant({ ports, stateDir });
  t.after(async () => {
    await plant.stop();
    await removeState(stateDir);
  });
  await plant.printed(/live values/);
  await checkTraffic(t, `mqtt://127.0.0.1:${ports[2]}`, true);
});

test("the same flows run unchanged on Mosquitto", async (t) => {
  if (missing(t, "mosquitto", mosquittoProgram)) return;
  const [port] = await freePorts(1);
  const broker = await startMosquitto(temporaryFolder(t), port!);
  const stateDir = await newState();
  const url = `mqtt://127.0.0.1:${port}`;
  const plant = await startPlant({ stateDir, env: { FPLUS_BROKER_URL: url } });
  t.after(async () => {
    await plant.stop();
    await broker.stop();
    await removeState(stateDir);
  });
  await plant.printed(/live values/);
  const parts = await plant.health();
  assert.equal(
    parts.find(({ kind }) => kind === "broker"),
    undefined,
    "no embedded broker",
  );
  assert.equal(parts.find(({ kind }) => kind === "sparkplug-edge")?.detail, url);
  await checkTraffic(t, url, true);
});
