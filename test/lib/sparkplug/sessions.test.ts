import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type MqttLink, openLink } from "../../../lib/broker/index.ts";
import { Status, ValueType } from "../../../lib/sample/index.ts";
import { type EdgeCommand, encodeCommand } from "../../../lib/sparkplug/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { clock, metricsOf, sampled, type Seen, seqOf, world } from "../../support/sparkplug/world.ts";
import { until } from "../../support/until.ts";

test("a life: NBIRTH, DBIRTH, DDATA, DDEATH, NDEATH, with seq, bdSeq and aliases as the specification says", async (t) => {
  const w = await world(t);
  const edge = w.edge(temporaryFolder(t));
  await until("online", () => edge.online);
  edge.accept(sampled({ Temperature: 20, "Hydraulics/Pressure": 3 }));
  await until("birth", () => w.types().includes("DBIRTH/N/Press"));
  await until("first data", () => w.types().includes("DDATA/N/Press"));
  edge.accept(sampled({ Temperature: 21 }));
  await until("data", () => w.types().filter((type) => type === "DDATA/N/Press").length === 2);
  edge.removeDevice("Press");
  await until("device death", () => w.types().includes("DDEATH/N/Press"));
  await edge.close();
  await until("node death", () => w.types().includes("NDEATH/N"));

  assert.deepEqual(w.types(), [
    "NBIRTH/N",
    "DBIRTH/N/Press",
    "DDATA/N/Press",
    "DDATA/N/Press",
    "DDEATH/N/Press",
    "NDEATH/N",
  ]);
  const [nbirth, dbirth, , ddata, , ndeath] = w.seen;
  assert.deepEqual(w.seen.map(seqOf), [0, 1, 2, 3, 4, undefined]);
  const bdSeq = (seen: Seen | undefined) => Number(metricsOf(seen).find((metric) => metric.name === "bdSeq")?.value);
  assert.equal(bdSeq(nbirth), bdSeq(ndeath));
  const rebirth = metricsOf(nbirth).find((metric) => metric.name === "Node Control/Rebirth");
  assert.deepEqual([rebirth?.value, rebirth?.type, rebirth?.alias], [false, "Boolean", undefined]);

  const born = Object.fromEntries(metricsOf(dbirth).map((metric) => [metric.name, metric]));
  assert.equal(born["Temperature"]?.value, 20);
  assert.equal(
    (born["Temperature"]?.properties as Record<string, { value: unknown }> | undefined)?.["engUnit"]?.value,
    "Cel",
  );
  assert.equal(born["Device_Information/ISA95_Hierarchy/Area"]?.value, "Forming");
  assert.notEqual(Number(born["Temperature"]?.alias), Number(born["Hydraulics/Pressure"]?.alias));
  const change = metricsOf(ddata);
  assert.equal(change.length, 1);
  assert.deepEqual(
    [Number(change[0]?.alias), change[0]?.value, change[0]?.name],
    [Number(born["Temperature"]?.alias), 21, undefined],
  );
});

test("seq wraps at 256, and one change is one metric in one message", async (t) => {
  const w = await world(t);
  const edge = w.edge(temporaryFolder(t));
  await until("online", () => edge.online);
  edge.accept(sampled({ Count: 0 }));
  await until("first data", () => w.types().includes("DDATA/N/Press"));
  for (let i = 1; i <= 300; i++) edge.accept(sampled({ Count: i }));
  await until("all data", () => w.seen.length === 303);
  assert.deepEqual(
    w.seen.map(seqOf),
    Array.from({ length: 303 }, (_, i) => i & 0xff),
  );
  assert.deepEqual(
    w.seen.slice(3).map((seen) => metricsOf(seen)[0]?.value),
    Array.from({ length: 300 }, (_, i) => i + 1),
  );
});

test("a rebirth request gives the same aliases and no death; a command reaches its device", async (t) => {
  const w = await world(t);
  const commands: EdgeCommand[] = [];
  const edge = w.edge(temporaryFolder(t), { onCommand: (command) => commands.push(command) });
  await until("online", () => edge.online);
  edge.accept(sampled({ A: 1, B: 2 }));
  await until("birth", () => w.types().includes("DDATA/N/Press"));
  const aliases = (seen: Seen | undefined) => metricsOf(seen).map((metric) => [metric.name, Number(metric.alias)]);
  const before = aliases(w.seen.find(({ topic }) => topic.includes("DBIRTH")));
  w.seen.length = 0;
  await w.recorder.publish(
    "spBv1.0/G/NCMD/N",
    encodeCommand("Node Control/Rebirth", ValueType.Boolean, true, Date.now()),
  );
  await w.recorder.publish("spBv1.0/G/DCMD/N/Press", encodeCommand("A", ValueType.Double, 7.5, Date.now()));
  await until("rebirth", () => w.types().includes("DBIRTH/N/Press"));
  assert.deepEqual(
    w.types().filter((type) => !type.includes("CMD")),
    ["NBIRTH/N", "DBIRTH/N/Press"],
  );
  assert.deepEqual(aliases(w.seen.at(-1)), before);
  await until("command", () => commands.length === 1);
  assert.deepEqual(commands, [{ device: "Press", metric: "A", type: ValueType.Double, value: 7.5 }]);
});

test("bdSeq rises with every connection, also over a restart, and the will matches the birth", async (t) => {
  const w = await world(t);
  const folder = temporaryFolder(t);
  const numbers: number[] = [];
  for (let life = 0; life < 3; life++) {
    const edge = w.edge(folder);
    await until("online", () => edge.online);
    await until("birth", () => w.types().includes("NBIRTH/N"));
    numbers.push(Number(metricsOf(w.seen[0]).find((metric) => metric.name === "bdSeq")?.value));
    await edge.close();
    await until("death", () => w.types().includes("NDEATH/N"));
    w.seen.length = 0;
  }
  assert.deepEqual(numbers, [0, 1, 2]);
});

test("quality travels: bad values, the return to good, and null", async (t) => {
  const w = await world(t);
  const { values } = w.host();
  const edge = w.edge(temporaryFolder(t));
  await until("online", () => edge.online);
  edge.accept(sampled({ Q: 1 }));
  await until("first", () => (values.get("G/N/Press/Q")?.length ?? 0) > 0);
  await until("data", () => w.types().includes("DDATA/N/Press"));
  w.seen.length = 0;
  edge.accept(sampled({ Q: 2 }, Status.BadNoCommunication));
  edge.accept(sampled({ Q: 3 }));
  edge.accept(sampled({ Q: 4 }));
  await until("three", () => w.seen.length === 3);
  const quality = (seen: Seen) =>
    (metricsOf(seen)[0]?.properties as Record<string, { value: unknown }> | undefined)?.["Quality"]?.value;
  assert.deepEqual(w.seen.map(quality), [0, 192, undefined]);
});

describe("store and forward", () => {
  test("what is sampled while the broker is away arrives in order, as history, and nothing is missing", async (t) => {
    const w = await world(t);
    const { values, historical, host } = w.host();
    const edge = w.edge(temporaryFolder(t), { primaryHost: "H" });
    await until("online", () => edge.online);
    let count = 0;
    const timer = setInterval(() => edge.accept(sampled({ Counter: count++ }, 0, "Line")), 10);
    t.after(() => clearInterval(timer));
    await until("flow", () => (values.get("G/N/Line/Counter")?.length ?? 0) > 20);
    await w.stopBroker();
    await until("loss", () => !edge.online);
    const lostAt = count;
    await until("samples meanwhile", () => count > lostAt + 50);
    await w.startBroker();
    await until("return", () => edge.online && host.connected);
    const returnedAt = count;
    await until("flow again", () => count > returnedAt + 50);
    clearInterval(timer);
    await until("the last", () => values.get("G/N/Line/Counter")!.includes(count - 1));
    const arrived = new Set(values.get("G/N/Line/Counter"));
    const missing = Array.from({ length: count }, (_, i) => i).filter((i) => !arrived.has(i));
    assert.deepEqual(missing, []);
    assert.ok(historical() >= 50);
  });

  test("a process that died goes on with what it had not delivered", async (t) => {
    const w = await world(t);
    const { values } = w.host();
    const folder = temporaryFolder(t);
    await w.stopBroker();
    const first = w.edge(folder, { primaryHost: "H" });
    for (let i = 0; i < 100; i++) first.accept(sampled({ Survivor: i }, 0, "Oven"));
    await first.close();
    await w.startBroker();
    w.edge(folder, { primaryHost: "H" });
    const delivered = () => new Set(values.get("G/N/Oven/Survivor")?.filter((value) => !Number.isNaN(value)));
    await until("delivery", () => delivered().size === 100);
  });

  test("an edge node waits for its primary host, dies when it goes, and forwards when it returns", async (t) => {
    const w = await world(t);
    const edge = w.edge(temporaryFolder(t), { primaryHost: "H" });
    edge.accept(sampled({ Waiting: 1 }, 0, "Wait"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual([edge.online, w.types()], [false, []]);
    const first = w.host();
    await until("online", () => edge.online);
    await until("value", () => first.values.has("G/N/Wait/Waiting"));
    await first.host.close();
    await until("death", () => w.types().includes("NDEATH/N"));
    await until("offline", () => !edge.online);
    edge.accept(sampled({ Waiting: 2 }, 0, "Wait"));
    const second = w.host();
    await until("value again", () => second.values.get("G/N/Wait/Waiting")?.includes(2) === true);
  });
});

describe("host", () => {
  test("asks for a rebirth on data before birth, and understands the node afterwards", async (t) => {
    const w = await world(t);
    const edge = w.edge(temporaryFolder(t));
    await until("online", () => edge.online);
    edge.accept(sampled({ Late: 1 }, 0, "Robot"));
    await until("data", () => w.types().includes("DDATA/N/Robot"));
    const late = w.host();
    await until("connected", () => late.host.connected);
    edge.accept(sampled({ Late: 2 }, 0, "Robot"));
    await until("rebirth", () => late.events.some((event) => event.kind === "rebirth-requested"));
    await until("value", () => late.values.get("G/N/Robot/Late")?.includes(2) === true);
    edge.accept(sampled({ Late: 3 }, 0, "Robot"));
    await until("live value", () => late.values.get("G/N/Robot/Late")?.includes(3) === true);
  });

  test("sees births, deaths and a cut", async (t) => {
    const w = await world(t);
    const { events, host } = w.host();
    await until("connected", () => host.connected);
    let link: MqttLink | undefined;
    const edge = w.edge(temporaryFolder(t), { openLink: (options) => (link = openLink(options)) });
    await until("online", () => edge.online);
    edge.accept(sampled({ X: 1 }, 0, "Mill"));
    await until("device", () => events.some((event) => event.kind === "device-online" && event.device === "Mill"));
    await link!.end({ will: true });
    await until("node offline", () => events.some((event) => event.kind === "node-offline"));
    assert.deepEqual(
      events.map((event) => event.kind),
      ["node-online", "device-online", "device-offline", "node-offline"],
    );
    assert.equal(host.nodes()[0]?.state, "offline");
  });

  test("malformed payloads and strange topics are counted and nothing else stops", async (t) => {
    const w = await world(t);
    const { host, values } = w.host();
    await until("connected", () => host.connected);
    for (const payload of ["", "not protobuf", "\u0012\u00ff\u00ff"])
      await w.recorder.publish("spBv1.0/G/DDATA/N/Bad", payload).catch(() => undefined);
    await until("counted", () => host.health().counters["malformed"]! >= 3);
    const edge = w.edge(temporaryFolder(t));
    await until("online", () => edge.online);
    edge.accept(sampled({ Fine: 1 }, 0, "Good"));
    await until("value", () => values.has("G/N/Good/Fine"));
  });
});

test("a change costs at most a third of its JSON form on the wire", async (t) => {
  const w = await world(t);
  const sizes: number[] = [];
  const sniffer = openLink({ address: w.address, clientId: "sniffer" });
  sniffer.subscribe("spBv1.0/G/DDATA/N/+", 0, (_topic, payload) => sizes.push(payload.length));
  sniffer.start();
  t.after(() => sniffer.end());
  const edge = w.edge(temporaryFolder(t));
  await until("both", () => edge.online && sniffer.connected);
  const metrics = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`Hydraulics/Pressure ${i}`, i + 0.123456]));
  edge.accept(sampled(metrics, 0, "Wire"));
  await until("first", () => sizes.length === 1);
  edge.accept(sampled(metrics, 0, "Wire"));
  await until("second", () => sizes.length === 2);
  const json = JSON.stringify({
    timestamp: clock,
    metrics: Object.entries(metrics).map(([name, value]) => ({ name, timestamp: clock, type: "Double", value })),
    seq: 3,
  });
  assert.ok(sizes[1]! * 3 <= json.length, `${sizes[1]} bytes against ${json.length}`);
});
