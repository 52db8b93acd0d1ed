import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import broker from "../../nodes/fplus-broker/fplus-broker.ts";
import embedded from "../../nodes/fplus-embedded-broker/fplus-embedded-broker.ts";
import command from "../../nodes/fplus-sparkplug-command/fplus-sparkplug-command.ts";
import device from "../../nodes/fplus-sparkplug-device/fplus-sparkplug-device.ts";
import edge from "../../nodes/fplus-sparkplug-edge/fplus-sparkplug-edge.ts";
import host from "../../nodes/fplus-sparkplug-host/fplus-sparkplug-host.ts";
import sparkplugIn from "../../nodes/fplus-sparkplug-in/fplus-sparkplug-in.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, type TestNode, unloadFlow } from "../support/nodes.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

type Heard = Record<string, unknown>;

/** An edge node, a device, a host and a command node over an embedded broker, and what comes out of them. */
async function flow(t: Parameters<typeof temporaryFolder>[0], deviceSettings: object = {}) {
  const [port] = await freePorts(1);
  const url = `mqtt://127.0.0.1:${port}`;
  const name = `N${port}`;
  const node = await loadFlow(
    temporaryFolder(t),
    [embedded, broker, edge, device, host, sparkplugIn, command],
    [
      { id: "eb", type: "fplus-embedded-broker", enabled: "on", host: "127.0.0.1", port: String(port) },
      { id: "b", type: "fplus-broker", name: "Broker", url },
      {
        id: "e",
        type: "fplus-sparkplug-edge",
        name: "Edge",
        group: "G",
        edgeNode: name,
        broker: "b",
        spoolMegabytes: "1",
      },
      { id: "h", type: "fplus-sparkplug-host", name: "Host", broker: "b", host: name, groups: "" },
      {
        id: "d",
        type: "fplus-sparkplug-device",
        name: "Device",
        edge: "e",
        device: "Press",
        wires: [["writes"]],
        ...deviceSettings,
      },
      { id: "in", type: "fplus-sparkplug-in", name: "In", host: "h", output: "value", wires: [["values"], ["events"]] },
      {
        id: "c",
        type: "fplus-sparkplug-command",
        name: "Command",
        host: "h",
        metric: "",
        timeoutSeconds: "2",
        wires: [["done"]],
      },
      { id: "writes", type: "helper" },
      { id: "values", type: "helper" },
      { id: "events", type: "helper" },
      { id: "done", type: "helper" },
    ],
  );
  const hear = (id: string): Heard[] => {
    const heard: Heard[] = [];
    node(id).on("input", (msg) => heard.push(msg));
    return heard;
  };
  const heard = { writes: hear("writes"), values: hear("values"), events: hear("events"), done: hear("done") };
  const isUp = (part: string) => processHealth.snapshot().some((one) => one.name === part && one.status === "up");
  await until("up", () => isUp(name) && isUp(`G/${name}`));
  return { node, heard, name };
}

const errorsOf = (node: TestNode): string[] =>
  (Object.getPrototypeOf(node) as TestNode).error.args.map(([first]) => String(first));

test("a write goes through the device's flow and is confirmed; what does not fit is an error with the metric", async (t) => {
  const { node, heard, name } = await flow(t);
  node("d").receive({ payload: { Speed: 1, Running: true } });
  await until("values", () => heard.values.length >= 2);
  // The flow of the device obeys: it reports what was written.
  node("writes").on("input", (msg) => node("d").receive({ topic: String(msg["metric"]), payload: msg["payload"] }));
  node("c").receive({ topic: `G/${name}/Press/Speed`, payload: "42.5", keep: "me" });
  await until("confirmed", () => heard.done.length === 1);
  assert.deepEqual(
    [heard.done[0]!["payload"], heard.done[0]!["confirmed"], heard.done[0]!["keep"]],
    [42.5, true, "me"],
  );
  const { topic, payload, device: of, metric, type } = heard.writes[0]!;
  assert.deepEqual([topic, payload, of, metric, type], ["Press/Speed", 42.5, "Press", "Speed", "Double"]);
  node("c").receive({ topic: `G/${name}/Press/Running`, payload: "perhaps" });
  node("c").receive({ topic: "", payload: 1 });
  await until("errors", () => errorsOf(node("c")).length >= 2);
  assert.match(errorsOf(node("c")).join("\n"), new RegExp(`does not fit Boolean \\[G/${name}/Press/Running\\]`));
  assert.match(errorsOf(node("c")).join("\n"), /no metric to write to/);
  node("c").receive({ topic: `G/${name}/Node Control/Rebirth`, payload: true });
  const births = () => heard.events.filter((msg) => (msg["payload"] as { kind: string }).kind === "node-online").length;
  const before = births();
  await until("births", () => births() > before);
});

test("only changes are published where that is chosen, and a death is told", async (t) => {
  const { node, heard, name } = await flow(t, { publish: "changes", deadband: "1", deadbandUnit: "absolute" });
  for (const value of [10, 10.5, 11.5, 11.6]) node("d").receive({ topic: "Level", payload: value });
  const levels = () =>
    new Set(heard.values.filter((msg) => msg["topic"] === `G/${name}/Press/Level`).map((msg) => msg["payload"]));
  await until("both", () => levels().size >= 2);
  assert.deepEqual(
    [...levels()].toSorted((a, b) => Number(a) - Number(b)),
    [10, 11.5],
  );
  node("d").receive({ death: true });
  await until("death", () =>
    heard.events.some((msg) => (msg["payload"] as { kind: string }).kind === "device-offline"),
  );
  await until("stale", () => heard.values.at(-1)?.["quality"] === "uncertain");
});

test("a Sparkplug payload as JSON is taken as samples", async (t) => {
  const { node, heard, name } = await flow(t);
  node("d").receive({
    payload: {
      timestamp: 1_640_995_200_000,
      metrics: [
        { name: "Temperature", type: "Double", value: 23.5, timestamp: 1_640_995_200_001 },
        { name: "Status", type: "String", value: "Running" },
      ],
    },
  });
  await until("values", () => heard.values.length >= 2);
  const shown = Object.fromEntries(
    heard.values.map((msg) => [msg["topic"], [msg["payload"], msg["timestamp"], msg["type"]]]),
  );
  assert.deepEqual(shown[`G/${name}/Press/Temperature`], [23.5, 1_640_995_200_001, "Double"]);
  assert.deepEqual(shown[`G/${name}/Press/Status`], ["Running", 1_640_995_200_000, "String"]);
});
