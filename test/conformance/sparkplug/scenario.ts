import type { TestContext } from "node:test";
import { openLink } from "../../../lib/broker/index.ts";
import { SampleBatch, signals, ValueType } from "../../../lib/sample/index.ts";
import { EdgeNode, encodePlain, HostApplication, type LifecycleEvent } from "../../../lib/sparkplug/index.ts";
import { openSpool } from "../../../lib/spool/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startMosquitto } from "../../support/mosquitto.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { Recording } from "./recording.ts";
import { startTap } from "./tap.ts";

/** Names of the parts in the scenario. */
export const EDGE = "fplus-Group-Edge";
export const HOST = "fplus-host-Host";
export const HOST_ID = "Host";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A life of an edge node and a host application on two real brokers, with all that the specification speaks of: waiting,
 * births, data, templates, commands, rebirths, deaths of all kinds, the walk to another server, messages out of order.
 */
export async function record(t: TestContext, version: 4 | 5): Promise<Recording> {
  const recording = new Recording(version);
  const folder = temporaryFolder(t);
  const [port, secondPort] = await freePorts(2);
  const brokers = [await startMosquitto(folder, port!), await startMosquitto(folder, secondPort!)];
  const tap = await startTap(port!, version, recording.packets);
  const secondTap = await startTap(secondPort!, version, recording.packets);
  t.after(async () => {
    await tap.close();
    await secondTap.close();
    for (const broker of brokers) await broker.stop();
  });
  const address = (at: number) => ({ url: `mqtt://127.0.0.1:${at}`, protocolVersion: version, keepalive: 5 });
  const { edge, accept, obeyed } = makeEdge(folder, address(tap.port), address(secondTap.port));
  const outsider = openLink({ address: address(port!), clientId: "outsider" });
  outsider.start();
  const host = makeHost(address(tap.port));
  const hostOnSecond = makeHost(address(secondTap.port));
  t.after(async () => {
    for (const part of [edge, host.app, hostOnSecond.app]) await part.close();
    await outsider.end();
  });

  recording.mark("edge waits");
  edge.start();
  await until("the edge node's connection", () => recording.sent(EDGE, "subscribe").length > 0);
  await pause(400);
  await until("the outsider", () => outsider.connected);
  // STATE of another host, and one that says offline: neither lets the edge node begin.
  await outsider.publish("spBv1.0/STATE/Other", JSON.stringify({ online: true, timestamp: Date.now() }), { qos: 1 });
  await outsider.publish(`spBv1.0/STATE/${HOST_ID}`, JSON.stringify({ online: false, timestamp: 1000 }), { qos: 1 });
  await pause(300);
  recording.mark("host starts");
  host.app.start();
  await until("the edge node", () => edge.online);

  accept(0);
  await until("births", () => recording.messages(EDGE, "DDATA").length >= 2);
  await pause(300);
  recording.mark("steady");
  for (let i = 1; i <= 300; i++) accept(i);
  await until(
    "data",
    () => recording.messages(EDGE, "DDATA").filter(({ index }) => index >= recording.at("steady")).length >= 300,
  );
  await until("the host's view", () => host.app.nodes()[0]?.devices.length === 2);

  recording.mark("writes");
  await host.app.write({ group: "Group", edgeNode: "Edge", device: "Press", metric: "Speed" }, -7, 3000);
  await host.app.write({ group: "Group", edgeNode: "Edge", device: "", metric: "Mode" }, "manual", 3000);
  recording.facts.set("writes", obeyed);

  recording.mark("rebirth");
  await host.app.requestRebirth("Group", "Edge");
  const busy = setInterval(() => accept(1000 + Math.random()), 5);
  await until(
    "rebirth",
    () => recording.messages(EDGE, "DBIRTH").filter(({ index }) => index > recording.at("rebirth")).length >= 2,
  );
  clearInterval(busy);
  recording.mark("reborn");

  await pause(300);

  recording.mark("device away");
  edge.deviceOffline("Oven");
  await until("DDEATH", () => recording.messages(EDGE, "DDEATH").length > 0);
  await until("the host knows", () => deviceState(host.app, "Oven") === "offline");
  recording.facts.set("stale after DDEATH", host.stale("Group/Edge/Oven"));
  recording.facts.set(
    "since after DDEATH",
    host.app.nodes()[0]?.devices.find(({ device }) => device === "Oven")?.since,
  );
  accept(2000);
  await until("the device again", () => deviceState(host.app, "Oven") === "online");

  recording.mark("cut");
  const cutAt = Date.now();
  tap.cut(EDGE);
  for (let i = 0; i < 5; i++) accept(3000 + i);
  await until("the host hears of the death", () => host.events.some(({ kind }) => kind === "node-offline"));
  recording.facts.set("stale after NDEATH", host.stale("Group/Edge"));
  recording.facts.set("states after NDEATH", [
    host.app.nodes()[0]?.state,
    ...(host.app.nodes()[0]?.devices.map(({ state }) => state) ?? []),
  ]);
  recording.facts.set("since after NDEATH", [cutAt, host.app.nodes()[0]?.since, Date.now()]);
  await until("the edge node again", () => edge.online);
  await until("history", () =>
    recording.messages(EDGE, "DDATA").some(({ metrics }) => metrics.some((m) => m.is_historical)),
  );

  await until("quiet", () => edge.health().gauges["waiting"] === 0);
  await pause(500);

  // An old STATE comes late: it must not end the session.
  recording.mark("old state");
  await outsider.publish(`spBv1.0/STATE/${HOST_ID}`, JSON.stringify({ online: false, timestamp: 1000 }), { qos: 1 });
  await pause(400);
  recording.facts.set("online after the old state", edge.online);
  recording.mark("old state passed");

  recording.mark("disorder");
  await disorder(outsider, host);
  recording.facts.set(
    "events of disorder",
    host.events.filter(({ node }) => node.startsWith("Group/Fake")),
  );
  recording.mark("ordered again");

  recording.mark("host cut");
  tap.cut(HOST);
  await until("the host again", () => recording.connects(HOST).length >= 2 && host.app.connected);
  await until("the edge node with the host", () => edge.online);

  await until("quiet", () => edge.health().gauges["waiting"] === 0);
  await pause(300);

  recording.mark("host leaves");
  hostOnSecond.app.start();
  await until("the second host", () => hostOnSecond.app.connected);
  await host.app.close();
  await until(
    "the edge node on the next server",
    () => edge.online && edge.health().detail.includes(String(secondTap.port)),
  );
  recording.mark("walked");
  accept(4000);
  await pause(300);

  recording.mark("edge leaves");
  await edge.close();
  await pause(200);
  await hostOnSecond.app.close();
  recording.mark("end");
  return recording;
}

interface Observed {
  readonly app: HostApplication;
  readonly events: LifecycleEvent[];
  /** Metrics below a path whose last sample is stale, and how many there are. */
  stale(path: string): { stale: number; all: number };
}

function makeHost(address: { url: string; protocolVersion: 4 | 5; keepalive: number }): Observed {
  const events: LifecycleEvent[] = [];
  const last = new Map<string, number>();
  const app = new HostApplication({
    hostId: HOST_ID,
    address,
    openLink,
    reorderTimeoutMs: 500,
    onEvent: (event) => events.push(event),
    onBatch: (batch) => {
      for (let i = 0; i < batch.length; i++) last.set(signals.get(batch.signal[i]!).path, batch.status[i]! >>> 30);
    },
  });
  return {
    app,
    events,
    stale(path) {
      const below = [...last].filter(([name]) => name.startsWith(`${path}/`));
      return { stale: below.filter(([, severity]) => severity === 1).length, all: below.length };
    },
  };
}

function deviceState(app: HostApplication, id: string): string | undefined {
  return app.nodes()[0]?.devices.find(({ device }) => device === id)?.state;
}

function makeEdge(folder: string, first: object, second: object) {
  const obeyed: unknown[] = [];
  const edge: EdgeNode = new EdgeNode({
    groupId: "Group",
    edgeNodeId: "Edge",
    address: first as { url: string },
    otherServers: [second as { url: string }],
    nextServerMs: 20_000,
    openLink,
    directory: folder,
    spool: openSpool({ directory: folder, maxBytes: 1e8, policy: "drop-oldest" }),
    rollingMs: 1000,
    primaryHost: HOST_ID,
    typedData: false,
    onCommand: ({ device, metric, type, value }) => {
      obeyed.push([device, metric, value]);
      const batch = new SampleBatch(1);
      batch.addValue(signalOf(device, metric), type, value, Date.now());
      edge.accept(batch);
    },
  });
  return { edge, obeyed, accept: (n: number) => samplesOf(n).forEach((batch) => edge.accept(batch)) };
}

function signalOf(device: string, metric: string): number {
  return signals.intern({ source: "plc", device, metric, unit: metric === "Speed" ? "m/s" : "" }).id;
}

/** Of everything that Sparkplug has something: numbers, texts, null, arrays, bytes, data sets, templates, properties. */
function samplesOf(n: number): SampleBatch[] {
  const now = Date.now();
  const press = new SampleBatch();
  press.addValue(signalOf("Press", "Speed"), ValueType.Int16, n % 100, now);
  press.addValue(signalOf("Press", "Temperature"), ValueType.Double, 20 + n / 7, now);
  const oven = new SampleBatch();
  if (n >= 2000) oven.addValue(signalOf("Oven", "Heat"), ValueType.Float, n, now);
  if (n !== 0) return n >= 2000 ? [press, oven] : [press];
  const node = new SampleBatch();
  const template = {
    version: "1",
    metrics: [
      { name: "Power", type: "Double", value: null },
      { name: "Name", type: "String", value: null },
    ],
  };
  const parameters = [{ name: "Maker", type: "String", value: "Acme" }];
  node.addValue(signalOf("", "Motor"), ValueType.Template, { ...template, parameters, isDefinition: true }, now);
  node.addValue(signalOf("", "Mode"), ValueType.String, "auto", now);
  press.addValue(signalOf("Press", "Nothing"), ValueType.Double, null, now);
  press.addValue(signalOf("Press", "Fault"), ValueType.Boolean, false, now, 0, 0x8000_0000);
  press.addValue(signalOf("Press", "Profile"), ValueType.DoubleArray, new Float64Array([1, 2.5]), now);
  oven.addValue(signalOf("Oven", "Heat"), ValueType.Float, 200, now);
  oven.addValue(
    signalOf("Oven", "Recipe"),
    ValueType.DataSet,
    {
      numOfColumns: 2,
      columns: ["step", "hold"],
      types: ["String", "UInt64"],
      rows: [
        ["a", 1n],
        ["b", null],
      ],
    },
    now,
  );
  oven.addValue(
    signalOf("Oven", "Fan"),
    ValueType.Template,
    { templateRef: "Motor", version: "1", parameters: [], metrics: [{ name: "Power", type: "Double", value: 4 }] },
    now,
  );
  return [node, press, oven];
}

/** A made-up edge node whose messages come in the wrong order, and not at all. */
async function disorder(link: ReturnType<typeof openLink>, host: Observed): Promise<void> {
  const publish = (type: string, node: string, seq: number, extra: object = {}) =>
    link.publish(
      `spBv1.0/Group/${type}/${node}`,
      encodePlain({
        timestamp: Date.now(),
        seq,
        metrics: [
          type === "NBIRTH"
            ? { name: "bdSeq", type: "Int64", value: 0, timestamp: Date.now() }
            : { alias: 1, type: "Int32", value: seq, timestamp: Date.now() },
          ...(type === "NBIRTH" ? [{ name: "Step", alias: 1, type: "Int32", value: 0, timestamp: Date.now() }] : []),
        ],
        ...extra,
      }),
    );
  const count = (kind: string, node: string) =>
    host.events.filter((event) => event.kind === kind && event.node === `Group/${node}`).length;
  await publish("NBIRTH", "FakeA", 0);
  await publish("NDATA", "FakeA", 2);
  await publish("NDATA", "FakeA", 1);
  await publish("NDATA", "FakeA", 3);
  await publish("NBIRTH", "FakeB", 0);
  await publish("NDATA", "FakeB", 2);
  await until("the gap", () => count("rebirth-requested", "FakeB") === 1);
  await pause(100);
}
