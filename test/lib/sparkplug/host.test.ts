import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SampleBatch, signals, Status, ValueType } from "../../../lib/sample/index.ts";
import { BirthFolder, encodePlain, type MetricInput } from "../../../lib/sparkplug/index.ts";
import { coerce } from "../../../lib/sparkplug/host/coerce.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { sampled, world } from "../../support/sparkplug/world.ts";
import { until } from "../../support/until.ts";

const now = (): number => Date.now();
const birth = (seq: number, metrics: readonly MetricInput[] = []): Uint8Array =>
  encodePlain({
    timestamp: now(),
    seq,
    metrics: [{ name: "bdSeq", type: "Int64", value: 7, timestamp: now() }, ...metrics],
  });
const value = (seq: number, alias: number, number: number): Uint8Array =>
  encodePlain({ timestamp: now(), seq, metrics: [{ alias, timestamp: now(), type: "Double", value: number }] });

test("the last values of a dead node are told as stale, and a birth revives them however old they are", async (t) => {
  const w = await world(t);
  const { host, values, statuses } = w.host();
  await until("connected", () => host.connected);
  const old = { name: "Slow", alias: 1, type: "Double", value: 4, timestamp: 1_600_000_000_000 } as const;
  const publish = (type: string, payload: Uint8Array) => w.recorder.publish(`spBv1.0/S/${type}/Old`, payload);
  await publish("NBIRTH", birth(0, [old]));
  await publish("NDEATH", encodePlain({ metrics: [{ name: "bdSeq", type: "Int64", value: 7 }] }));
  await until("stale", () => statuses.get("S/Old/Slow")?.length === 2);
  assert.deepEqual(statuses.get("S/Old/Slow"), [Status.Good, Status.UncertainLastUsableValue]);
  assert.deepEqual(values.get("S/Old/Slow"), [4, 4]);
  assert.equal(host.nodes()[0]?.state, "offline");
  // The will of an earlier connection comes late: it does not concern the new one.
  await publish(
    "NBIRTH",
    encodePlain({ timestamp: now(), seq: 0, metrics: [{ name: "bdSeq", type: "Int64", value: 8 }, old] }),
  );
  await publish("NDEATH", encodePlain({ metrics: [{ name: "bdSeq", type: "Int64", value: 7 }] }));
  await until("revived", () => statuses.get("S/Old/Slow")?.length === 3);
  assert.equal(host.nodes()[0]?.state, "online");
});

test("a revived value lies after its stale mark", async (t) => {
  const w = await world(t);
  const times: number[] = [];
  const { host } = w.host({
    onBatch: (batch) => {
      for (let i = 0; i < batch.length; i++) times.push(batch.timeMs[i]!);
    },
  });
  await until("connected", () => host.connected);
  const metric = { name: "Revived", type: "Double", value: 4, timestamp: 1_600_000_000_000 } as const;
  await w.recorder.publish("spBv1.0/S/NBIRTH/Again", birth(0, [metric]));
  await w.recorder.publish(
    "spBv1.0/S/NDEATH/Again",
    encodePlain({ metrics: [{ name: "bdSeq", type: "Int64", value: 7 }] }),
  );
  await w.recorder.publish("spBv1.0/S/NBIRTH/Again", birth(0, [metric]));
  await until("three", () => times.length === 3);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(times).size, 3);
});

test("messages out of order are put in order; one that stays away brings a rebirth request after the timeout", async (t) => {
  const w = await world(t);
  const { host, values, events } = w.host({ reorderTimeoutMs: 300 });
  await until("connected", () => host.connected);
  const publish = (type: string, payload: Uint8Array) => w.recorder.publish(`spBv1.0/S/${type}/Order`, payload);
  await publish("NBIRTH", birth(0, [{ name: "Step", alias: 1, type: "Double", value: 0, timestamp: now() }]));
  await publish("NDATA", value(2, 1, 2));
  await publish("NDATA", value(1, 1, 1));
  await publish("NDATA", value(3, 1, 3));
  await until("all", () => values.get("S/Order/Step")?.length === 4);
  assert.deepEqual(values.get("S/Order/Step"), [0, 1, 2, 3]);
  await publish("NDATA", value(5, 1, 5));
  await until("after the gap", () => values.get("S/Order/Step")?.length === 5);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["node-online", "gap", "rebirth-requested"],
  );
  assert.equal(host.health().counters["gaps"], 1);
});

test("any order of messages is survived", async (t) => {
  const w = await world(t);
  const { host } = w.host({ reorderTimeoutMs: 20 });
  await until("connected", () => host.connected);
  let state = 12_345;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state % below;
  };
  const types = ["NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH"];
  for (let i = 0; i < 2000; i++) {
    const type = types[random(types.length)]!;
    const topic = `spBv1.0/Chaos/${type}/N${random(3)}${type.startsWith("D") ? `/D${random(3)}` : ""}`;
    const metrics = Array.from({ length: random(4) }, (): MetricInput => {
      const name = random(2) === 0 ? `M${random(5)}` : null;
      return { name, alias: random(2) === 0 ? random(10) : null, type: "Double", value: random(100) };
    });
    if (random(2) === 0) metrics.unshift({ name: "bdSeq", type: "Int64", value: random(3) });
    await w.recorder.publish(
      topic,
      encodePlain({ timestamp: now(), seq: random(3) === 0 ? null : random(256), metrics }),
    );
  }
  await until("all seen", () => host.health().counters["messages"]! >= 2000);
  await w.recorder.publish("spBv1.0/Chaos/NBIRTH/Fine", birth(0));
  await until("still alive", () =>
    host.nodes().some(({ node, state: at }) => node === "Chaos/Fine" && at === "online"),
  );
});

test("a restarted host resolves aliases at once, from the births it kept", async (t) => {
  const w = await world(t);
  const folder = temporaryFolder(t);
  const first = w.host({ births: new BirthFolder(folder) });
  await until("connected", () => first.host.connected);
  const edge = w.edge(temporaryFolder(t));
  await until("online", () => first.host.nodes()[0]?.state === "online");
  edge.accept(sampled({ Kept: 1 }, 0, "Saw"));
  await until("value", () => first.values.has("G/N/Saw/Kept"));
  await first.host.close();
  const second = w.host({ births: new BirthFolder(folder) });
  await until("births recalled", () => second.host.nodes()[0]?.state === "stale");
  await until("connected", () => second.host.connected);
  w.seen.length = 0;
  edge.accept(sampled({ Kept: 2 }, 0, "Saw"));
  await until("value at once", () => second.values.get("G/N/Saw/Kept")?.includes(2) === true);
  assert.ok(!second.events.some(({ kind }) => kind === "gap"));
  // What was kept may be out of date, so births are asked for once.
  await until("births", () => w.types().includes("DBIRTH/N/Saw"));
  assert.equal(second.events.filter(({ kind }) => kind === "rebirth-requested").length, 1);
});

describe("writes", () => {
  const target = { group: "G", edgeNode: "N", device: "Saw", metric: "Speed" };

  test("a write takes the type of its metric and is confirmed by the next data", async (t) => {
    const w = await world(t);
    const { host } = w.host();
    const speed = signals.intern({ source: "plc", device: "Saw", metric: "Speed" });
    const report = (value: number): void => {
      const batch = new SampleBatch(1);
      batch.addValue(speed.id, ValueType.Int16, value, Date.now());
      edge.accept(batch);
    };
    const edge = w.edge(temporaryFolder(t), {
      onCommand: ({ value }) => {
        report(0);
        report(Number(value));
      },
    });
    await until("online", () => edge.online && host.connected);
    report(1);
    await until("known", () => host.nodes().some(({ devices }) => devices[0]?.state === "online"));
    await until("data", () => w.types().includes("DDATA/N/Saw"));
    w.seen.length = 0;
    const result = await host.write(target, "-120", 5000);
    assert.equal(result?.value, -120);
    const sent = w.seen.find(({ topic }) => topic === "spBv1.0/G/DCMD/N/Saw")?.payload.metrics?.[0];
    assert.deepEqual([sent?.type, sent?.value, sent?.name === undefined], ["Int16", -120, true]);
    assert.equal(await host.write(target, 5, 0), undefined);
    await assert.rejects(host.write(target, 40_000, 0), { hint: "Give a whole number from -32768 to 32767." });
    await assert.rejects(host.write({ ...target, metric: "Sped" }, 1, 0), /no birth told of such a metric/);
    await assert.rejects(host.write({ ...target, edgeNode: "M" }, 1, 0), /the edge node is not known/);
    edge.deviceOffline("Saw");
    await until("offline", () => host.nodes()[0]?.devices[0]?.state === "offline");
    await assert.rejects(host.write(target, 1, 0), /the device is offline/);
  });

  test("a write that is not confirmed in time says what the metric shows instead", async (t) => {
    const w = await world(t);
    const { host } = w.host();
    const edge = w.edge(temporaryFolder(t), { onCommand: () => edge.accept(sampled({ Speed: 3 }, 0, "Saw")) });
    await until("online", () => edge.online && host.connected);
    edge.accept(sampled({ Speed: 1 }, 0, "Saw"));
    await until("data", () => w.types().includes("DDATA/N/Saw"));
    await assert.rejects(host.write(target, 9, 300), {
      code: "sparkplug.command",
      field: "G/N/Saw/Speed",
      message: "not confirmed within 300 ms: the metric shows 3",
    });
  });

  test("values are made to fit, or refused", () => {
    const cases: [unknown, ValueType, unknown][] = [
      ["12.5", ValueType.Double, 12.5],
      [true, ValueType.Int32, 1],
      ["on", ValueType.Boolean, true],
      [0, ValueType.Boolean, false],
      ["9007199254740993", ValueType.Int64, 9_007_199_254_740_993n],
      [5, ValueType.String, "5"],
      ["2026-01-01T00:00:00Z", ValueType.DateTime, Date.UTC(2026, 0, 1)],
      [new Date(5), ValueType.DateTime, 5],
      [null, ValueType.Int8, null],
      ["x", ValueType.Double, undefined],
      ["", ValueType.Double, undefined],
      [1.5, ValueType.Int32, undefined],
      [-1, ValueType.UInt64, undefined],
      ["yes", ValueType.Boolean, undefined],
      [{}, ValueType.String, undefined],
      ["soon", ValueType.DateTime, undefined],
    ];
    for (const [given, type, expected] of cases) {
      const label = `${typeof given} ${String(given)} as ${type}`;
      if (expected === undefined) assert.throws(() => coerce(given, type, "m"), { code: "sparkplug.command" }, label);
      else assert.deepEqual(coerce(given, type, "m"), expected, label);
    }
  });
});

test("STATE of version 2 is a plain text on its own topic, and an edge node waits for it all the same", async (t) => {
  const w = await world(t);
  const states: [string, string][] = [];
  w.recorder.subscribe("STATE/#", 1, (topic, payload) => states.push([topic, Buffer.from(payload).toString()]));
  const edge = w.edge(temporaryFolder(t), { primaryHost: "H" });
  const { host } = w.host({ stateVersion: 2 });
  await until("online", () => edge.online);
  await host.close();
  await until("offline", () => states.length === 2);
  assert.deepEqual(states, [
    ["STATE/H", "ONLINE"],
    ["STATE/H", "OFFLINE"],
  ]);
});

test("a malformed quality does not cost the value", async (t) => {
  const w = await world(t);
  const { host, values, statuses, errors } = w.host();
  await until("connected", () => host.connected);
  const good = encodePlain({ metrics: [{ name: "Hurt", type: "Double", value: 4, properties: {} }] });
  // The property set (field 9, empty) gets a key that is cut off.
  const at = good.lastIndexOf(0x4a);
  const broken = Buffer.concat([good.subarray(0, at), Buffer.from([0x4a, 2, 0x0a, 9]), good.subarray(at + 2)]);
  broken[1] = good[1]! + 2;
  await w.recorder.publish("spBv1.0/S/NBIRTH/Hurt", broken);
  await until("value", () => values.has("S/Hurt/Hurt"));
  assert.deepEqual([values.get("S/Hurt/Hurt"), statuses.get("S/Hurt/Hurt")], [[4], [Status.Uncertain]]);
  assert.equal(errors.length, 1);
});
