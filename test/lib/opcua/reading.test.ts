import assert from "node:assert/strict";
import { test } from "node:test";
import { FplusError } from "../../../lib/errors/index.ts";
import { discoverTags, Monitor, Poller, resolveAddresses, type Tag } from "../../../lib/opcua/index.ts";
import { plainSample, type SampleBatch, signals } from "../../../lib/sample/index.ts";
import { asyncuaPython, startAsyncua } from "../../support/asyncua.ts";
import { startCounter } from "../../support/counter.ts";
import { COUNTER_NAMESPACE, startTestServer } from "../../support/opcua-server.ts";
import { freePorts } from "../../support/ports.ts";
import { missing } from "../../support/services.ts";
import { until } from "../../support/until.ts";
import { openEndpoint, openSimulator, pki } from "./rig.ts";

/** Collects what a reader emits: the newest sample by `device/metric`. */
function collector(): {
  take(batch: SampleBatch): void;
  newest: Map<string, ReturnType<typeof plainSample>>;
  samples: number;
} {
  const newest = new Map<string, ReturnType<typeof plainSample>>();
  const collected = {
    newest,
    samples: 0,
    take(batch: SampleBatch) {
      collected.samples += batch.length;
      for (let i = 0; i < batch.length; i++) {
        const { device, metric } = signals.get(batch.signal[i]!);
        newest.set(`${device}/${metric}`, plainSample(batch, i));
      }
    },
  };
  return collected;
}

const monitorOptions = { publishingMs: 50, samplingMs: 0, queueSize: 10, enumTexts: true };

test("the simulator has the owner's tree, the hierarchy of its line, enums, arrays, a structure and a method", async (t) => {
  const { url, simulator } = await openSimulator(t, 169);
  const endpoint = openEndpoint(t, url);
  endpoint.start();
  await until("a session", () => endpoint.state === "up");
  const tags = await endpoint.withSession((session, limits, opcua) =>
    discoverTags(session, limits, opcua, { limit: 10_000 }),
  );
  const named = new Map(tags.map((tag) => [`${tag.device}/${tag.metric}`, tag]));
  for (const device of ["Device1", "Device2"])
    for (const metric of ["Temperature", "Pressure", "Status"])
      assert.ok(named.has(`${device}/${metric}`), `${device}/${metric}`);
  assert.ok(named.has("System/ServerStatus") && named.has("System/Diagnostics"));
  assert.deepEqual(named.get("Press01/Temperature")?.hierarchy, ["Acme", "Sheffield", "Machining", "Line1"]);
  assert.equal(named.get("Press01/Temperature")?.unit, "Cel");
  const machines = new Set(tags.filter(({ hierarchy }) => hierarchy?.includes("Line1")).map(({ device }) => device));
  assert.equal(machines.size, 6);
  for (const machine of machines) {
    const count = tags.filter(({ device }) => device === machine).length;
    assert.ok(count >= 20 && count <= 30, `${machine} has ${count} tags`);
  }

  const collected = collector();
  const monitor = new Monitor(endpoint, tags, { ...monitorOptions, onBatch: (batch) => collected.take(batch) });
  t.after(() => monitor.close());
  endpoint.use(monitor);
  await until("a first value of every tag", () => collected.newest.size === tags.length);
  assert.match(String(collected.newest.get("Press01/State")?.value), /^(Warming up|Running|Idle)$/);
  const spectrum = collected.newest.get("Press01/Condition/VibrationSpectrum");
  assert.ok(Array.isArray(spectrum?.value) && spectrum.value.length > 4);
  const limits = JSON.parse(String(collected.newest.get("Press01/TemperatureLimits")?.value)) as {
    Low: number;
    High: number;
  };
  assert.ok(limits.Low < limits.High);
  for (const [name, sample] of collected.newest) {
    assert.equal(sample.quality, "good", name);
    assert.ok(Math.abs(Date.now() - Number(sample.timestamp)) < 60_000, name);
  }

  const called = await endpoint.withSession(async (session, _limits, opcua) => {
    const path = await session.translateBrowsePath(
      opcua.makeBrowsePath("ObjectsFolder", "/1:Acme/1:Sheffield/1:Machining/1:Line1/1:Press01"),
    );
    const objectId = path.targets![0]!.targetId;
    const method = await session.translateBrowsePath(opcua.makeBrowsePath(objectId, "/1:TriggerFault"));
    return session.call({
      objectId,
      methodId: method.targets![0]!.targetId,
      inputArguments: [{ dataType: opcua.DataType.UInt16, value: 17 }],
    });
  });
  assert.equal(called.statusCode.name, "Good");
  await until("the fault", () => collected.newest.get("Press01/State")?.value === "Fault");
  assert.equal(collected.newest.get("Press01/FaultCode")?.value, 17);
  assert.equal(simulator.tagCount, 169);
});

test("1,000 tags by subscription and by polling over one session", async (t) => {
  const { url, simulator } = await openSimulator(t, 1000, 500);
  const endpoint = openEndpoint(t, url);
  endpoint.start();
  await until("a session", () => endpoint.state === "up");
  const tags = await endpoint.withSession((session, limits, opcua) =>
    discoverTags(session, limits, opcua, { limit: 10_000 }),
  );
  assert.ok(tags.length >= 1000);
  const [subscribed, polled] = [collector(), collector()];
  const monitor = new Monitor(endpoint, tags, { ...monitorOptions, onBatch: (batch) => subscribed.take(batch) });
  const poller = new Poller(endpoint, tags, { everyMs: 300, enumTexts: false, onBatch: (batch) => polled.take(batch) });
  endpoint.use(monitor);
  endpoint.use(poller);
  t.after(() => Promise.all([monitor.close(), poller.close()]));
  await until(
    "every tag on both ways",
    () => subscribed.newest.size === tags.length && polled.samples >= 3 * tags.length,
  );
  assert.equal(monitor.active, tags.length);
  assert.equal(poller.active, tags.length);
  assert.equal(simulator.sessions, 1, "one session for all readers");
  assert.equal(typeof polled.newest.get("Press01/State")?.value, "number");
});

test("ten servers at once, each over its own session", async (t) => {
  const ports = await freePorts(10);
  const seen = new Map<string, Set<number>>();
  const servers = [];
  // One folder of certificates: to make ten keys is what would take long.
  const pkiFolder = pki(t);
  for (const [i, port] of ports.entries()) {
    const server = await startTestServer({ port, pkiFolder, applicationUri: `urn:test:server${i}` });
    t.after(() => server.close());
    servers.push(server);
    const endpoint = openEndpoint(t, server.url, { name: `PLC${i}` });
    const metrics = new Set<number>();
    seen.set(`PLC${i}`, metrics);
    const tags = [0, 1, 2].map((k) => ({
      device: "Counter1",
      metric: `Count${k}`,
      nodeId: `nsu=${COUNTER_NAMESPACE};s=Count${k}`,
    }));
    const monitor = new Monitor(endpoint, tags, {
      ...monitorOptions,
      onBatch: (batch) => batch.signal.forEach((id) => metrics.add(id)),
    });
    t.after(() => monitor.close());
    endpoint.use(monitor);
    endpoint.start();
  }
  await until("three tags of each", () => [...seen.values()].every(({ size }) => size === 3));
  assert.equal(new Set([...seen.values()].flatMap((ids) => [...ids])).size, 30);
  assert.deepEqual(
    servers.map(({ sessions }) => sessions),
    ports.map(() => 1),
  );
});

test("every node of the data model that Factory+ describes is found under its name", async (t) => {
  const { url } = await openSimulator(t, 6);
  const endpoint = openEndpoint(t, url);
  endpoint.start();
  await until("a session", () => endpoint.state === "up");
  const device = (name: string): string[] => ["", "/Temperature", "/Pressure", "/Status"].map((tag) => name + tag);
  const paths = [
    "/Objects",
    "/Objects/1:DeviceSet",
    ...[...device("1"), ...device("2")].map((name) => `/Objects/1:DeviceSet/1:Device${name.replace("/", "/1:")}`),
    "/Objects/1:System",
    "/Objects/1:System/1:ServerStatus",
    "/Objects/1:System/1:Diagnostics",
    "/Types",
    "/Types/ObjectTypes/BaseObjectType",
    "/Types/VariableTypes/BaseVariableType",
    "/Types/DataTypes/BaseDataType",
  ];
  const found = await endpoint.withSession((session, limits, opcua) => resolveAddresses(session, limits, opcua, paths));
  assert.deepEqual(
    found.filter((nodeId) => typeof nodeId === "string"),
    [],
  );
  assert.equal(new Set(found.map(String)).size, 17);
});

test("a NodeId that does not exist is named once; the other tags are read", async (t) => {
  const [port] = await freePorts(1);
  const counter = await startCounter(port!, 3, 100);
  t.after(() => counter.stop());
  const endpoint = openEndpoint(t, counter.url);
  endpoint.start();
  const tags: Tag[] = [
    { device: "Counter1", metric: "Count", nodeId: "ns=1;s=Count0" },
    { device: "Counter1", metric: "Missing", nodeId: "ns=1;s=NoSuch" },
    { device: "Counter1", metric: "Elsewhere", nodeId: "nsu=urn:nowhere;s=X" },
  ];
  for (const way of ["subscribe", "poll"] as const) {
    const errors: unknown[] = [];
    const collected = collector();
    const common = {
      enumTexts: true,
      onBatch: (batch: SampleBatch) => collected.take(batch),
      onError: (error: unknown) => errors.push(error),
    };
    const reader =
      way === "poll"
        ? new Poller(endpoint, tags, { ...common, everyMs: 50 })
        : new Monitor(endpoint, tags, { ...common, publishingMs: 50, samplingMs: 0, queueSize: 10 });
    const stop = endpoint.use(reader);
    await until(`counting by ${way}`, () => collected.samples > 5);
    assert.deepEqual([...collected.newest.keys()], ["Counter1/Count"]);
    assert.equal(reader.refused, 2);
    assert.deepEqual(
      new Set(errors.map((error) => (error instanceof FplusError ? `${error.code} ${error.field}` : error))),
      new Set(["opcua.node-unknown ns=1;s=NoSuch", "opcua.node-unknown nsu=urn:nowhere;s=X"]),
    );
    stop();
    await reader.close();
  }
});

test("a server that is killed and comes back is read again, by a new subscription", async (t) => {
  const [port] = await freePorts(1);
  let counter = await startCounter(port!, 2, 50);
  t.after(() => counter.stop());
  const errors: unknown[] = [];
  const endpoint = openEndpoint(t, counter.url, { onError: (error) => errors.push(error) });
  const collected = collector();
  const tags: Tag[] = [{ device: "Counter1", metric: "Count", nodeId: "ns=1;s=Count0" }];
  const monitor = new Monitor(endpoint, tags, { ...monitorOptions, onBatch: (batch) => collected.take(batch) });
  t.after(() => monitor.close());
  endpoint.use(monitor);
  endpoint.start();
  await until("counting", () => collected.samples > 5);
  await counter.stop("SIGKILL");
  await until("noticing", () => endpoint.state === "down");
  assert.notEqual(endpoint.reason, "");
  assert.equal(endpoint.health().status, "down");
  counter = await startCounter(port!, 2, 50, 100_000);
  await until("counting from anew", () => Number(collected.newest.get("Counter1/Count")?.value) > 100_000);
  assert.equal(endpoint.health().counters["reconnects"], 1);
  assert.equal(endpoint.health().gauges["session"], 1);
});

test("an address that is none is refused by field; one that nobody answers is tried on and told once", async (t) => {
  assert.throws(() => openEndpoint(t, "http://plc"), { code: "config.invalid", field: "url" });
  const [port] = await freePorts(1);
  const errors: unknown[] = [];
  const endpoint = openEndpoint(t, `opc.tcp://127.0.0.1:${port}`, {
    patienceMs: 100,
    onError: (error) => errors.push(error),
  });
  endpoint.start();
  const attempts = (): number => endpoint.health().counters["attempts"] ?? 0;
  await until("being told", () => endpoint.state === "down" && errors.length > 0);
  const told = attempts();
  await until("two more attempts", () => attempts() >= told + 2);
  assert.equal(errors.length, 1);
  await assert.rejects(
    endpoint.withSession(async () => 1),
    { code: "opcua.unreachable" },
  );
});

test("a server of another maker: 64-bit integers, booleans, texts, arrays and enumerations", async (t) => {
  if (missing(t, "asyncua for Python", asyncuaPython)) return;
  const [port] = await freePorts(1);
  const server = await startAsyncua(port!);
  t.after(() => server.stop());
  const endpoint = openEndpoint(t, server.url);
  endpoint.start();
  await until("a session", () => endpoint.state === "up");
  const tags = await endpoint.withSession((session, limits, opcua) =>
    discoverTags(session, limits, opcua, { limit: 100 }),
  );
  const collected = collector();
  const monitor = new Monitor(endpoint, tags, { ...monitorOptions, onBatch: (batch) => collected.take(batch) });
  t.after(() => monitor.close());
  endpoint.use(monitor);
  await until("values", () => collected.newest.size === tags.length && tags.length >= 6);
  const value = (metric: string): unknown => collected.newest.get(`Boiler7/${metric}`)?.value;
  assert.ok(Number(value("Steps")) >= -5);
  assert.deepEqual([value("Burner"), value("Fuel"), value("Curve")], [true, "gas", [1, 2.5, 4]]);
  assert.match(String(value("Mode")), /^(Cold|Heating|Steaming)$/);
});
