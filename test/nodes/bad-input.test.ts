import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import mqtt from "mqtt";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import broker from "../../nodes/fplus-broker/fplus-broker.ts";
import embedded from "../../nodes/fplus-embedded-broker/fplus-embedded-broker.ts";
import historian from "../../nodes/fplus-historian/fplus-historian.ts";
import write from "../../nodes/fplus-historian-write/fplus-historian-write.ts";
import endpoint from "../../nodes/fplus-opcua-endpoint/fplus-opcua-endpoint.ts";
import read from "../../nodes/fplus-opcua-read/fplus-opcua-read.ts";
import device from "../../nodes/fplus-sparkplug-device/fplus-sparkplug-device.ts";
import edge from "../../nodes/fplus-sparkplug-edge/fplus-sparkplug-edge.ts";
import host from "../../nodes/fplus-sparkplug-host/fplus-sparkplug-host.ts";
import sparkplugIn from "../../nodes/fplus-sparkplug-in/fplus-sparkplug-in.ts";
import { startCounter } from "../support/counter.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, nextMessage, type TestNode, unloadFlow } from "../support/nodes.ts";
import { accepts } from "../support/mosquitto.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

afterEach(() => unloadFlow());
after(() => processLeases.closeAll());

/** What was logged as an error; the helper hears all nodes on the prototype that they share. */
const said = (node: TestNode): string[] =>
  (Object.getPrototypeOf(node) as TestNode).error.args.map(([first]) => String(first));
/** The texts of a node's status, newest last. */
const statuses = (node: TestNode): string[] =>
  node.status.args.map(([status]) => (status as { text?: string }).text ?? "");

test("malformed Sparkplug is said once with its topic, counted after that, and good messages go on", async (t) => {
  const user = temporaryFolder(t);
  const [port] = await freePorts(1);
  const url = `mqtt://127.0.0.1:${port}`;
  const node = await loadFlow(
    user,
    [embedded, broker, edge, device, host, sparkplugIn],
    [
      { id: "eb", type: "fplus-embedded-broker", enabled: "on", host: "127.0.0.1", port: String(port) },
      { id: "b", type: "fplus-broker", name: "Broker", url },
      {
        id: "e",
        type: "fplus-sparkplug-edge",
        name: "Edge",
        group: "G",
        edgeNode: "N",
        broker: "b",
        primaryHost: "",
        spoolMegabytes: "1",
      },
      { id: "d", type: "fplus-sparkplug-device", name: "Device", edge: "e", device: "Press", wires: [[]] },
      {
        id: "in",
        type: "fplus-sparkplug-in",
        name: "Host",
        host: "h",
        output: "value",
        wires: [["v"], []],
      },
      { id: "h", type: "fplus-sparkplug-host", name: "Host", broker: "b", host: "H", groups: "" },
      { id: "v", type: "helper" },
    ],
  );
  await until("the broker", () => accepts(port!));
  const hostHealth = () => processHealth.snapshot().find(({ kind }) => kind === "sparkplug-host");
  await until("the host", () => hostHealth()?.status === "up");
  const client = await mqtt.connectAsync(url);
  t.after(() => client.endAsync(true));
  for (let i = 0; i < 50; i++) await client.publishAsync("spBv1.0/G/NDATA/Evil", Buffer.from([0x12, 0xff, 0xff, i]));
  await client.publishAsync("spBv1.0/G/NONSENSE/x/y/z", "no");
  await until("the counting", () => (hostHealth()?.counters["malformed"] ?? 0) >= 50);
  const told = said(node("in")).filter((text) => text.includes("spBv1.0/G/NDATA/Evil"));
  assert.equal(told.length, 1, said(node("in")).join("\n"));
  assert.match(told[0]!, /sparkplug\.malformed/);

  const heard: unknown[] = [];
  node("v").on("input", ({ payload }) => heard.push(payload));
  node("d").receive({ topic: "Temperature", payload: 21.5 });
  await until("the good sample", () => heard.includes(21.5));
});

test("NaN is rejected with its name, and its neighbours are stored", async (t) => {
  const node = await loadFlow(
    temporaryFolder(t),
    [historian, write],
    [
      { id: "h", type: "fplus-historian", engine: "embedded", folder: "", retention: "0" },
      { id: "w", type: "fplus-historian-write", historian: "h", wires: [["ok"], ["bad"]] },
      { id: "ok", type: "helper" },
      { id: "bad", type: "helper" },
    ],
  );
  const [receipt, rejected] = [nextMessage(node("ok")), nextMessage(node("bad"))];
  node("w").receive({
    payload: [
      { name: "a/b/Good", value: 1 },
      { name: "a/b/Bad", value: Number.NaN },
    ],
  });
  assert.equal(((await receipt)["payload"] as { written: number }).written, 1);
  assert.match(JSON.stringify((await rejected)["payload"]), /a\/b\/Bad/);
  assert.equal(said(node("w")).filter((text) => text.includes("a/b/Bad")).length, 1);
  node("w").receive({ payload: [{ name: "a/b/Bad", value: Number.NaN }] });
  await until("the second rejection", () => statuses(node("w")).length > 0);
  assert.equal(said(node("w")).filter((text) => text.includes("a/b/Bad")).length, 1, "said once");
});

test("a message without a topic goes to Catch nodes with the field's name", async (t) => {
  const node = await loadFlow(
    temporaryFolder(t),
    [historian, write],
    [
      { id: "tab", type: "tab" },
      { id: "h", type: "fplus-historian", engine: "embedded", folder: "", retention: "0" },
      { id: "w", z: "tab", type: "fplus-historian-write", historian: "h", wires: [[], []] },
      { id: "c", z: "tab", type: "catch", scope: null, wires: [["caught"]] },
      { id: "caught", z: "tab", type: "helper" },
    ],
  );
  const caught: unknown[] = [];
  node("caught").on("input", (msg) => caught.push((msg as { error?: unknown }).error));
  for (let i = 0; i < 5; i++) node("w").receive({ payload: 5 });
  await until("every error", () => caught.length === 5);
  for (const error of caught) assert.match(JSON.stringify(error), /sample\.invalid.*\[topic\]/);
});

test("without a Catch node the same error of many messages is in the log once", async (t) => {
  const node = await loadFlow(
    temporaryFolder(t),
    [historian, write],
    [
      { id: "h", type: "fplus-historian", engine: "embedded", folder: "", retention: "0" },
      { id: "w", type: "fplus-historian-write", historian: "h", wires: [["ok"], []] },
      { id: "ok", type: "helper" },
    ],
  );
  for (let i = 0; i < 5; i++) node("w").receive({ payload: 5 });
  const good = nextMessage(node("ok"));
  node("w").receive({ topic: "a/b/Good", payload: 5 });
  await good;
  assert.equal(said(node("w")).filter((text) => text.includes("sample.invalid")).length, 1);
});

test("a wrong endpoint, a NodeId that does not exist and a table with 200 mistakes: each is named, the good tag is read", async (t) => {
  const [port] = await freePorts(1);
  const counter = await startCounter(port!, 2, 100);
  t.after(() => counter.stop());
  const table = [
    { device: "Counter1", metric: "Count", nodeId: "ns=1;s=Count0" },
    { device: "Counter1", metric: "Gone", nodeId: "ns=1;s=Gone" },
    ...Array.from({ length: 200 }, (_, i) => ({ device: "", metric: `M${i}`, nodeId: "nonsense" })),
  ];
  const node = await loadFlow(
    temporaryFolder(t),
    [endpoint, read],
    [
      { id: "good", type: "fplus-opcua-endpoint", name: "PLC", url: counter.url },
      { id: "wrong", type: "fplus-opcua-endpoint", name: "Wrong", url: "http://plc" },
      {
        id: "r",
        type: "fplus-opcua-read",
        endpoint: "good",
        source: "table",
        tags: table,
        output: "value",
        wires: [["v"]],
      },
      { id: "lost", type: "fplus-opcua-read", endpoint: "wrong", source: "discover", wires: [[]] },
      { id: "v", type: "helper" },
    ],
  );
  const message = await nextMessage(node("v"));
  assert.equal(message["topic"], "PLC/Counter1/Count");
  assert.equal(message["quality"], "good");
  assert.match(said(node("wrong")).join("\n"), /config\.invalid.*\[url\]/);
  assert.match(said(node("lost")).join("\n"), /config\.invalid: Wrong, url: .*\[endpoint\]/);
  await until("the NodeId", () => said(node("r")).some((text) => text.includes("[ns=1;s=Gone]")));
  const complaints = said(node("r")).filter((text) => /tag-table|node-unknown/.test(text));
  assert.equal(complaints.length, 2, complaints.join("\n"));
  assert.match(complaints[0]!, /200 lines cannot be used: tags\[2\]\.device .* and 197 more/);
  await until("the status", () => statuses(node("r")).some((text) => /1 tag · .*1 refused/.test(text)));
});

test("a node that is wired to a server which does not answer says so, and nothing else stops", async (t) => {
  const [port] = await freePorts(1);
  const node = await loadFlow(
    temporaryFolder(t),
    [endpoint, read],
    [
      { id: "away", type: "fplus-opcua-endpoint", name: "Away", url: `opc.tcp://127.0.0.1:${port}` },
      { id: "r", type: "fplus-opcua-read", endpoint: "away", source: "discover", limit: "10", wires: [[]] },
    ],
  );
  await until("the status", () => statuses(node("r")).some((text) => /^offline \d+ s/.test(text)));
  const told = (): string[] => said(node("away")).filter((text) => text.includes(`:${port}`));
  await until("the error", () => told().length > 0);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  assert.equal(told().length, 1, told().join("\n"));
  assert.match(told()[0]!, /opcua\.unreachable/);
});
