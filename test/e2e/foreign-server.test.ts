import assert from "node:assert/strict";
import { test } from "node:test";
import mqtt from "mqtt";
import { asyncuaPython, startAsyncua } from "../support/asyncua.ts";
import { newState, removeState, startPlant } from "../support/plant.ts";
import { freePorts } from "../support/ports.ts";
import { missing } from "../support/services.ts";
import { until } from "../support/until.ts";

test("FPLUS_OPCUA_ENDPOINT: the preset browses an OPC UA server of another maker and publishes what it has", async (t) => {
  if (missing(t, "asyncua for Python", asyncuaPython)) return;
  const [opcua, web, unused, broker] = await freePorts(4);
  const server = await startAsyncua(opcua!);
  const stateDir = await newState();
  const plant = await startPlant({
    stateDir,
    ports: [web!, unused!, broker!],
    env: { FPLUS_OPCUA_ENDPOINT: server.url },
  });
  t.after(async () => {
    await plant.stop();
    await server.stop();
    await removeState(stateDir);
  });
  await plant.printed(/live values/);
  await plant.printed(/Devices {4}opc\.tcp:/);
  const newest = new Map<string, unknown>();
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker}`);
  t.after(() => client.endAsync(true));
  client.on("message", (topic, payload) => {
    newest.set(topic.replace("factory-plus/devices/", ""), JSON.parse(payload.toString()).value);
  });
  await client.subscribeAsync("factory-plus/devices/+/data/#");
  await until("values of the boiler", () =>
    ["Steps", "Level", "Mode"].every((metric) => newest.has(`Boiler7/data/${metric}`)),
  );
  const first = Number(newest.get("Boiler7/data/Steps"));
  await until("counting on", () => Number(newest.get("Boiler7/data/Steps")) > first);
  assert.match(String(newest.get("Boiler7/data/Mode")), /^(Cold|Heating|Steaming)$/);
  const parts = await plant.health();
  assert.equal(
    parts.find(({ kind }) => kind === "opcua-simulator"),
    undefined,
    "no simulator",
  );
  const endpoint = parts.find(({ kind }) => kind === "opcua-endpoint");
  assert.equal(endpoint?.gauges["session"], 1);
  assert.ok((endpoint?.gauges["items"] ?? 0) >= 6);
});
