import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { openLink } from "../../lib/broker/index.ts";
import { surveyTopics } from "../../lib/gateway/index.ts";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import broker from "../../nodes/fplus-broker/fplus-broker.ts";
import embedded from "../../nodes/fplus-embedded-broker/fplus-embedded-broker.ts";
import map from "../../nodes/fplus-map/fplus-map.ts";
import sensors from "../../nodes/fplus-mqtt-device/fplus-mqtt-device.ts";
import device from "../../nodes/fplus-sparkplug-device/fplus-sparkplug-device.ts";
import edge from "../../nodes/fplus-sparkplug-edge/fplus-sparkplug-edge.ts";
import host from "../../nodes/fplus-sparkplug-host/fplus-sparkplug-host.ts";
import hostIn from "../../nodes/fplus-sparkplug-in/fplus-sparkplug-in.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, unloadFlow } from "../support/nodes.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

test("a sensor that speaks plain MQTT is born as a Sparkplug device under the plant's names, and is stale when it is silent", async (t) => {
  const [port] = await freePorts(1);
  const node = await loadFlow(
    temporaryFolder(t),
    [embedded, broker, sensors, map, edge, device, host, hostIn],
    [
      { id: "eb", type: "fplus-embedded-broker", enabled: "on", host: "127.0.0.1", port: String(port) },
      { id: "b", type: "fplus-broker", url: `mqtt://127.0.0.1:${port}` },
      { id: "e", type: "fplus-sparkplug-edge", group: "S", edgeNode: "Cell", broker: "b", spoolMegabytes: "1" },
      { id: "h", type: "fplus-sparkplug-host", host: "SH", broker: "b", groups: "S" },
      {
        id: "s",
        type: "fplus-mqtt-device",
        broker: "b",
        topic: "sensors/{device}/{metric}",
        device: "",
        qos: "1",
        staleSeconds: "1",
        output: "batch",
        wires: [["m"], ["m", "states"]],
      },
      {
        id: "m",
        type: "fplus-map",
        name: "plant",
        rules: [
          {
            device: "oven*",
            toDevice: "Oven*",
            tag: "climate/temp",
            name: "temperature",
            fromUnit: "°F",
            unit: "°C",
            max: 300,
          },
        ],
        output: "batch",
        wires: [["d", "mapped"], []],
      },
      { id: "d", type: "fplus-sparkplug-device", edge: "e", device: "", wires: [[]] },
      { id: "in", type: "fplus-sparkplug-in", host: "h", output: "value", wires: [["values"], []] },
      { id: "values", type: "helper" },
      { id: "states", type: "helper" },
      { id: "mapped", type: "helper" },
    ],
  );
  const values: Record<string, unknown>[] = [];
  const states: { device: string; state: string; reason?: string }[] = [];
  const renamed: string[] = [];
  node("values").on("input", (msg) => values.push(msg));
  node("states").on("input", (msg) => states.push(msg["payload"] as (typeof states)[number]));
  node("mapped").on("input", (msg) => "death" in msg && renamed.push(String(msg["topic"])));
  const sensor = openLink({ address: { url: `mqtt://127.0.0.1:${port}` }, clientId: "oven" });
  sensor.start();
  t.after(() => sensor.end());
  await until(
    "connected",
    () =>
      sensor.connected &&
      processHealth.snapshot().some(({ kind, status }) => kind === "mqtt-device" && status === "up"),
  );
  await sensor.publish("sensors/oven7/climate", '{"temp":212,"door":"shut"}', { qos: 1 });
  const value = (topic: string) => values.find((msg) => msg["topic"] === topic);
  await until("values", () => ["Oven7/temperature", "oven7/climate/door"].every((name) => value(`S/Cell/${name}`)));
  const temperature = value("S/Cell/Oven7/temperature")!;
  assert.ok(Math.abs(Number(temperature["payload"]) - 100) < 1e-9);
  assert.equal(temperature["unit"], "Cel");
  assert.equal(value("S/Cell/oven7/climate/door")!["payload"], "shut");
  await until("stale", () => states.some(({ state }) => state === "stale"));
  assert.deepEqual(
    states.map(({ device: name, state }) => [name, state]),
    [
      ["oven7", "online"],
      ["oven7", "stale"],
    ],
  );
  // One tag is not mapped.
  await until("its states under both names", () => ["Oven7", "oven7"].every((name) => renamed.includes(name)));
  assert.deepEqual([...new Set(renamed)].toSorted(), ["Oven7", "oven7"]);

  // What the dialog offers.
  const saw = setInterval(() => void sensor.publish("sensors/saw/speed", "5").catch(() => undefined), 50);
  const seen = await surveyTopics({
    address: { url: `mqtt://127.0.0.1:${port}` },
    openLink,
    clientId: "survey",
    forMs: 600,
    most: 10,
  });
  clearInterval(saw);
  assert.ok(seen[0]!.messages > 0);
  assert.deepEqual(seen, [{ topic: "sensors/saw/speed", payload: "5", messages: seen[0]!.messages, retained: false }]);
  await assert.rejects(
    surveyTopics({ address: { url: "mqtt://127.0.0.1:1" }, openLink, clientId: "survey", forMs: 10, most: 10 }),
    { code: "broker.unreachable" },
  );
});
