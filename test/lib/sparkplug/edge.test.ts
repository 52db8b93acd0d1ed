import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SampleBatch, type Signal, signals, ValueType } from "../../../lib/sample/index.ts";
import { type EdgeCommand, encodeCommand, ReportByException, type Template } from "../../../lib/sparkplug/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { metricsOf, sampled, type Seen, seqOf, world } from "../../support/sparkplug/world.ts";
import { until } from "../../support/until.ts";

function signalOf(metric: string, device = "", source = "plc"): Signal {
  return signals.intern({ source, device, metric });
}

function one(signal: Signal, type: ValueType, value: object | bigint | number | string | boolean): SampleBatch {
  const batch = new SampleBatch(1);
  batch.addValue(signal.id, type, value, Date.now());
  return batch;
}

const named = (seen: Seen | undefined, name: string) => metricsOf(seen).find((metric) => metric.name === name);

test("samples without a device are metrics of the edge node: in NBIRTH, then NDATA", async (t) => {
  const w = await world(t);
  const edge = w.edge(temporaryFolder(t));
  await until("online", () => edge.online);
  edge.accept(sampled({ "CPU/Load": 12 }, 0, ""));
  await until("birth", () => w.types().filter((type) => type === "NBIRTH/N").length === 2);
  const birth = w.seen.findLast(({ topic }) => topic.includes("NBIRTH"));
  assert.equal(named(birth, "CPU/Load")?.value, 12);
  await until("first data", () => w.types().includes("NDATA/N"));
  edge.accept(sampled({ "CPU/Load": 13 }, 0, ""));
  await until("data", () => w.types().filter((type) => type === "NDATA/N").length === 2);
  const data = metricsOf(w.seen.at(-1))[0];
  assert.deepEqual([Number(data?.alias), data?.value], [Number(named(birth, "CPU/Load")?.alias), 13]);
  assert.equal(seqOf(birth!), 0);
  assert.throws(() => edge.accept(one(signalOf("bdSeq"), ValueType.Int64, 3n)), { code: "sparkplug.encode" });
});

test("a device that cannot be reached dies, and its next sample brings it back", async (t) => {
  const w = await world(t);
  const edge = w.edge(temporaryFolder(t));
  await until("online", () => edge.online);
  edge.accept(sampled({ A: 1 }));
  await until("data", () => w.types().includes("DDATA/N/Press"));
  w.seen.length = 0;
  edge.deviceOffline("Press");
  edge.deviceOffline("Press");
  edge.accept(sampled({ A: 2 }));
  await until("data again", () => w.types().includes("DDATA/N/Press"));
  assert.deepEqual(w.types(), ["DDEATH/N/Press", "DBIRTH/N/Press", "DDATA/N/Press"]);
  assert.equal(named(w.seen[1], "A")?.value, 2);
});

test("data without datatypes, for readers that keep births", async (t) => {
  const w = await world(t);
  const { values } = w.host();
  const edge = w.edge(temporaryFolder(t), { typedData: false });
  await until("online", () => edge.online);
  const negative = signalOf("Typeless", "Press");
  edge.accept(one(negative, ValueType.Int16, -5));
  await until("birth", () => w.types().includes("DDATA/N/Press"));
  edge.accept(one(negative, ValueType.Int16, -6));
  await until("value", () => values.get("G/N/Press/Typeless")?.includes(-6) === true);
  assert.equal(metricsOf(w.seen.at(-1))[0]?.type, undefined);
});

test("a command has the type of its metric, by alias too; one for an unknown metric is told and counted", async (t) => {
  const w = await world(t);
  const commands: EdgeCommand[] = [];
  const faults: unknown[] = [];
  const edge = w.edge(temporaryFolder(t), {
    onCommand: (command) => commands.push(command),
    onError: (fault) => faults.push(fault),
  });
  await until("online", () => edge.online);
  edge.accept(one(signalOf("Offset", "Press"), ValueType.Int16, -1));
  edge.accept(one(signalOf("Mode"), ValueType.String, "auto"));
  await until("births", () => w.types().includes("NDATA/N"));
  const alias = Number(
    named(
      w.seen.findLast(({ topic }) => topic.includes("DBIRTH")),
      "Offset",
    )?.alias,
  );
  const publish = (topic: string, payload: Uint8Array) => w.recorder.publish(`spBv1.0/G/${topic}`, payload);
  await publish("DCMD/N/Press", encodeCommand(alias, ValueType.Int16, -300, Date.now()));
  await publish("NCMD/N", encodeCommand("Mode", ValueType.String, "manual", Date.now()));
  await publish("DCMD/N/Press", encodeCommand("Nowhere", ValueType.Int16, 1, Date.now()));
  await publish("DCMD/N/Ghost", encodeCommand("Offset", ValueType.Int16, 1, Date.now()));
  await until("faults", () => edge.health().counters["unknownCommands"] === 2);
  assert.deepEqual(commands, [
    { device: "Press", metric: "Offset", type: ValueType.Int16, value: -300 },
    { device: "", metric: "Mode", type: ValueType.String, value: "manual" },
  ]);
  assert.deepEqual(
    faults.map((fault) => (fault as { field?: string }).field),
    ["Press/Nowhere", "Ghost"],
  );
});

describe("several servers", () => {
  test("the next server is tried when one is away, and there is one connection at a time", async (t) => {
    const away = await world(t);
    const here = await world(t);
    await away.stopBroker();
    const edge = away.edge(temporaryFolder(t), { otherServers: [here.address], nextServerMs: 400 });
    await until("online", () => edge.online);
    assert.ok(edge.health().detail.includes(here.address.url));
    await until("its birth", () => here.seen.length > 0);
    assert.deepEqual(here.types(), ["NBIRTH/N"]);
    await here.stopBroker();
    await until("offline", () => !edge.online);
    await away.startBroker();
    await until("back on the first", () => edge.online && edge.health().detail.includes(away.address.url));
  });

  test("a server without the primary host is left for one with it", async (t) => {
    const first = await world(t);
    const second = await world(t);
    const { host } = first.host();
    second.host();
    const edge = first.edge(temporaryFolder(t), {
      otherServers: [second.address],
      primaryHost: "H",
      nextServerMs: 5000,
    });
    await until("on the first", () => edge.online && edge.health().detail.includes(first.address.url));
    await host.close();
    await until("on the second", () => edge.online && edge.health().detail.includes(second.address.url));
    await until("its death on the first", () => first.seen.length > 1);
    assert.deepEqual(first.types(), ["NBIRTH/N", "NDEATH/N"]);
    await until("its birth there", () => second.seen.length > 0);
    const bdSeq = (seen: Seen | undefined) => Number(named(seen, "bdSeq")?.value);
    assert.equal(bdSeq(second.seen[0]), bdSeq(first.seen[0]) + 1);
  });
});

describe("templates and data sets", () => {
  const definition: Template = {
    isDefinition: true,
    version: "1",
    metrics: [
      { name: "Speed", type: "Double", value: null },
      { name: "Total", type: "UInt64", value: null },
    ],
    parameters: [{ name: "Maker", type: "String", value: "Acme" }],
  };
  const instance = (metrics: Template["metrics"], templateRef = "Motor"): Template => ({
    templateRef,
    metrics,
    parameters: [],
  });

  test("a definition goes into NBIRTH, instances are checked and complete in births, also after a restart", async (t) => {
    const w = await world(t);
    const faults: unknown[] = [];
    const folder = temporaryFolder(t);
    const edge = w.edge(folder, { onError: (fault) => faults.push(fault) });
    await until("online", () => edge.online);
    const motor = signalOf("Motor 1", "Press");
    edge.accept(one(motor, ValueType.Template, instance([{ name: "Speed", type: "Double", value: 1 }], "Unheard")));
    assert.equal((faults[0] as { field?: string }).field, "Unheard");
    edge.accept(one(signalOf("Motor"), ValueType.Template, definition));
    await until("definition", () => named(w.seen.at(-1), "Motor") !== undefined);
    edge.accept(one(motor, ValueType.Template, instance([{ name: "Speed", type: "Double", value: 7 }])));
    edge.accept(one(motor, ValueType.Template, instance([{ name: "Depth", type: "Double", value: 7 }])));
    await until("birth", () => w.types().includes("DDATA/N/Press"));
    const born = named(
      w.seen.findLast(({ topic }) => topic.includes("DBIRTH")),
      "Motor 1",
    )?.value as Template;
    assert.deepEqual(
      born.metrics.map(({ name, value }) => [name, value ?? null]),
      [
        ["Speed", 7],
        ["Total", null],
      ],
    );
    assert.deepEqual([born.templateRef, born.isDefinition], ["Motor", false]);
    assert.match(String(faults[1]), /Depth is not in the template/);
    assert.equal(edge.health().counters["dropped"], 2);
    await edge.close();
    w.seen.length = 0;
    const again = w.edge(folder);
    await until("online again", () => again.online && w.seen.length > 0);
    const template = named(w.seen[0], "Motor")?.value as Template;
    assert.deepEqual([template.isDefinition, template.parameters[0]?.value], [true, "Acme"]);
  });

  test("64-bit integers in data sets survive the store", async (t) => {
    const w = await world(t);
    const folder = temporaryFolder(t);
    await w.stopBroker();
    const edge = w.edge(folder);
    const table = {
      numOfColumns: 2,
      columns: ["id", "name"],
      types: ["UInt64", "String"],
      rows: [
        [18_446_744_073_709_551_615n, "a"],
        [2n, null],
      ],
    };
    edge.accept(one(signalOf("Orders", "Press"), ValueType.DataSet, table));
    await edge.close();
    await w.startBroker();
    const seen: unknown[] = [];
    const { host } = w.host({
      onBatch: (batch) => {
        for (let i = 0; i < batch.length; i++) if (batch.type[i] === ValueType.DataSet) seen.push(batch.value(i));
      },
    });
    await until("host", () => host.connected);
    w.edge(folder);
    await until("data set", () => seen.length > 0);
    assert.deepEqual((seen.at(-1) as typeof table).rows, [
      [18_446_744_073_709_551_615n, "a"],
      [2, null],
    ]);
  });
});

describe("report by exception", () => {
  const signal = signalOf("Level", "Tank");
  const batchOf = (values: readonly (number | string)[], step = 1000): SampleBatch => {
    const batch = new SampleBatch();
    values.forEach((value, i) =>
      batch.addValue(signal.id, typeof value === "string" ? ValueType.String : ValueType.Double, value, i * step),
    );
    return batch;
  };
  const passed = (rule: ConstructorParameters<typeof ReportByException>[0], values: readonly (number | string)[]) => {
    const batch = new ReportByException(rule).changed(batchOf(values));
    return Array.from({ length: batch.length }, (_, i) => batch.value(i));
  };

  test("what stands still is not reported", () => {
    assert.deepEqual(passed({ deadband: 0, percent: false, maxSilenceMs: 0 }, [1, 1, 2, 2, "a", "a", "b"]), [
      1,
      2,
      "a",
      "b",
    ]);
  });

  test("a deadband counts from the last reported value, absolute or in percent", () => {
    assert.deepEqual(passed({ deadband: 1, percent: false, maxSilenceMs: 0 }, [0, 0.6, 1.1, 1.9, 2.2]), [0, 1.1, 2.2]);
    assert.deepEqual(
      passed({ deadband: 10, percent: true, maxSilenceMs: 0 }, [100, 109, 111, 120, 123]),
      [100, 111, 123],
    );
  });

  test("after a silence a value is reported although it stands still, and a change of quality always", () => {
    assert.deepEqual(passed({ deadband: 5, percent: false, maxSilenceMs: 3000 }, [1, 1, 1, 1.5, 1, 1]), [1, 1.5]);
    const batch = batchOf([1, 1]);
    batch.status[1] = 0x8000_0000;
    const report = new ReportByException({ deadband: 5, percent: false, maxSilenceMs: 0 });
    assert.equal(report.changed(batch), batch);
    assert.equal(report.suppressed, 0);
  });
});
