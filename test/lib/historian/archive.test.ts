import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ArchivedHistorian, type HistorianQuery, MonthArchive, openHistorian } from "../../../lib/historian/index.ts";
import { bufferOf, openObjects } from "../../../lib/objects/index.ts";
import { SignalRegistry, ValueType } from "../../../lib/sample/index.ts";
import { startChild } from "../../support/child.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startInfluxd } from "../../support/influxd.ts";
import { minioProgram, startMinio } from "../../support/minio.ts";
import { findProgram, missing } from "../../support/services.ts";
import { until } from "../../support/until.ts";
import { batchOf, type Row } from "./contract.ts";

const JANUARY = Date.UTC(2026, 0);
const FEBRUARY = Date.UTC(2026, 1);
const HOUR = 3_600_000;

test("a month goes to the object store and every question is answered as before", async (t) => {
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "embedded", directory: temporaryFolder(t), registry });
  const objects = openObjects({ engine: "embedded", directory: temporaryFolder(t) });
  const plant = new ArchivedHistorian({ store, archive: new MonthArchive({ objects, bucket: "archive" }) });
  t.after(async () => {
    await plant.close();
    await objects.close();
  });
  // Every half hour from the 20th of January to the 10th of February, with text, a boolean and a status.
  const rows = Array.from({ length: 21 * 48 }, (_, i): Row[] => {
    const at = (19 * 48 + i) * (HOUR / 2);
    return [
      ["p/m/A", i / 8, at, { ns: i % 2 === 0 ? 0 : 500_000, status: i % 100 === 0 ? 0x40000000 : 0 }],
      ["p/m/Run", i % 3 === 0, at, { type: ValueType.Boolean }],
      ["p/m/State", i % 5 === 0 ? 'a "b",\nc' : "run", at, { type: ValueType.String }],
    ];
  }).flat();
  await plant.write(batchOf(registry, rows, JANUARY));
  const range = { signals: ["p/**"], from: JANUARY, to: FEBRUARY + 20 * 24 * HOUR };
  const questions: HistorianQuery[] = [
    range,
    { ...range, signals: ["p/m/A"], limit: 700 },
    { ...range, signals: ["p/m/A"], limit: 3 },
    { ...range, from: JANUARY + 25.3 * 24 * HOUR, to: JANUARY + 27 * 24 * HOUR },
    { ...range, aggregate: "mean", windowMs: HOUR },
    // Windows of a week lie across the end of the month.
    ...(["mean", "min", "max", "first", "last", "count", "sum"] as const).map((aggregate) => ({
      ...range,
      aggregate,
      windowMs: 7 * 24 * HOUR,
    })),
    { ...range, aggregate: "max", windowMs: 24 * HOUR, fill: "previous" },
    { ...range, tags: { metric: "R*" } },
  ];
  const ask = () => Promise.all(questions.map((question) => plant.query(question)));
  const before = await ask();
  const month = await plant.archive("2026-01");
  assert.deepEqual(
    month?.signals.map(({ path, samples }) => [path, samples]),
    ["p/m/A", "p/m/Run", "p/m/State"].map((path) => [path, 12 * 48]),
  );
  const hot = await store.query(range);
  assert.ok(hot[0]!.time[0]! >= FEBRUARY, "the month is gone from the store");
  assert.deepEqual(await ask(), before);
  assert.deepEqual(await plant.signals(), ["p/m/A", "p/m/Run", "p/m/State"]);
  assert.ok(Number(plant.health().gauges["archivedBytesAPoint"]) < 12, JSON.stringify(plant.health().gauges));

  // The object is what it says: CSV, packed.
  const { stream } = await objects.get({ bucket: "archive", key: month!.signals[0]!.keys[0]! });
  const text = gunzipSync(await bufferOf(stream)).toString();
  assert.match(text, /^time_ns,value,text,status\n1768867200000000000,0,,1073741824\n1768869000000500000,0\.125,,\n/);

  // What comes late is answered at once, and goes along when the month is archived again; another process finds all of it.
  await plant.write(
    batchOf(
      registry,
      [
        ["p/m/A", 999, 20 * 24 * HOUR + 1],
        ["p/m/A", -1, 20 * 24 * HOUR],
      ],
      JANUARY,
    ),
  );
  const day = { signals: ["p/m/A"], from: JANUARY + 20 * 24 * HOUR, to: JANUARY + 21 * 24 * HOUR };
  const late = await plant.query(day);
  assert.deepEqual([...late[0]!.value.subarray(0, 2)], [-1, 999]);
  assert.equal(late[0]!.value.length, 49);
  await plant.archive("2026-01");
  const fresh = new ArchivedHistorian({ store, archive: new MonthArchive({ objects, bucket: "archive" }) });
  assert.deepEqual(await fresh.query(day), late);
  assert.equal(await plant.archive("2025-07"), undefined);
  await assert.rejects(plant.archive("2026-13"), { code: "config.invalid", field: "month" });
});

test("an archive that cannot be written leaves the store as it is", async (t) => {
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "embedded", directory: temporaryFolder(t), registry });
  const objects = openObjects({ engine: "embedded", directory: temporaryFolder(t) });
  t.after(() => store.close());
  const plant = new ArchivedHistorian({ store, archive: new MonthArchive({ objects, bucket: "archive" }) });
  await plant.write(batchOf(registry, [["p/m/A", 1, 0]], JANUARY));
  await objects.close();
  await assert.rejects(plant.archive("2026-01"), { code: "objects.io" });
  assert.equal((await store.query({ signals: ["p/m/A"], from: JANUARY, to: FEBRUARY }))[0]?.value[0], 1);
});

test("samples that are written while their month is moved are kept; one that has not ended is refused", async (t) => {
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "embedded", directory: temporaryFolder(t), registry });
  const objects = openObjects({ engine: "embedded", directory: temporaryFolder(t) });
  const plant = new ArchivedHistorian({ store, archive: new MonthArchive({ objects, bucket: "archive" }) });
  t.after(async () => {
    await plant.close();
    await objects.close();
  });
  await plant.write(batchOf(registry, [["p/m/A", 0, 0]], JANUARY));
  // Another sample of the month comes whenever one is on its way into the archive, three times.
  let written = 1;
  const put = objects.put.bind(objects);
  objects.put = async (bucket, key, ...more) => {
    const info = await put(bucket, key, ...more);
    if (key.endsWith(".gz") && written < 4) {
      await plant.write(batchOf(registry, [["p/m/A", written, written * HOUR]], JANUARY));
      written++;
    }
    return info;
  };
  await Promise.all([plant.archive("2026-01"), plant.archive("2026-01")]);
  assert.equal(written, 4);
  for (; written < 8; written++) await plant.write(batchOf(registry, [["p/m/A", written, written * HOUR]], JANUARY));
  await plant.archive("2026-01");
  assert.deepEqual(await store.query({ signals: ["p/**"], from: JANUARY, to: FEBRUARY }), []);
  const [series] = await plant.query({ signals: ["p/**"], from: JANUARY, to: FEBRUARY });
  assert.deepEqual([...series!.value], [0, 1, 2, 3, 4, 5, 6, 7]);

  // Where they do not stop coming, the month stays in both.
  objects.put = async (bucket, key, ...more) => {
    if (key.endsWith(".gz")) await plant.write(batchOf(registry, [["p/m/A", ++written, written * HOUR]], JANUARY));
    return await put(bucket, key, ...more);
  };
  await plant.write(batchOf(registry, [["p/m/A", 8, 8 * HOUR]], JANUARY));
  await assert.rejects(plant.archive("2026-01"), { code: "historian.copy" });
  const both = await plant.query({ signals: ["p/**"], from: JANUARY, to: FEBRUARY });
  assert.equal(both[0]!.value.length, written + 1);

  const now = new Date().toISOString().slice(0, 7);
  await assert.rejects(plant.archive(now), { code: "config.invalid", field: "month" });
});

test("two processes that archive the same months at once lose nothing, and a third answers from both", async (t) => {
  const influxd = findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");
  if (missing(t, "influxd", influxd) || missing(t, "minio", minioProgram)) return;
  const [influx, minio] = await Promise.all([
    startInfluxd(influxd!, temporaryFolder(t)),
    startMinio(temporaryFolder(t)),
  ]);
  t.after(() => Promise.all([influx.stop(), minio.stop()]));
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "influx", url: influx.url, bucket: "plant", version: "1", registry });
  const objects = openObjects({ engine: "s3", ...minio });
  const reader = new ArchivedHistorian({ store, archive: new MonthArchive({ objects, bucket: "archive" }) });
  t.after(async () => {
    await reader.close();
    await objects.close();
  });
  // Three months of eight signals, a sample every two hours.
  const rows = Array.from({ length: 90 * 12 }, (_, i) =>
    Array.from({ length: 8 }, (_each, signal): Row => [`p/m/S${signal}`, i + signal / 8, i * 2 * HOUR]),
  ).flat();
  await reader.write(batchOf(registry, rows, JANUARY));
  const range = { signals: ["p/**"], from: JANUARY, to: JANUARY + 90 * 24 * HOUR };
  const months = ["2026-01", "2026-02", "2026-03"];
  const ask = () =>
    Promise.all([reader.query(range), reader.query({ ...range, aggregate: "sum", windowMs: 24 * HOUR })]);
  const before = await ask();
  assert.equal(
    before[0].reduce((sum, { time }) => sum + time.length, 0),
    rows.length,
  );

  const program = path.join(import.meta.dirname, "archive.child.ts");
  const args = [program, influx.url, minio.url, minio.accessKey, minio.secretKey];
  const children = [1, 2].map(() => {
    const child = startChild(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    t.after(() => child.kill("SIGKILL"));
    const said = { text: "" };
    child.stdout.on("data", (chunk: Buffer) => (said.text += chunk.toString()));
    return { child, said };
  });
  await until("both", () => children.every(({ said }) => said.text === "ready\n"));
  for (const { child } of children) child.stdin.write(`${months.join(" ")}\n`);
  // Whoever asks in the meantime gets the whole answer each time.
  let asked = 0;
  await until("both archives", async () => {
    assert.deepEqual(await ask(), before, `question ${asked}`);
    asked += 1;
    return children.every(({ said }) => said.text.endsWith("done\n"));
  });
  assert.deepEqual(await store.query(range), [], "the months are gone from the store");
  assert.deepEqual(await ask(), before);
  const fresh = new ArchivedHistorian({ store, archive: new MonthArchive({ objects, bucket: "archive" }) });
  assert.deepEqual(await fresh.query(range), before[0]);
  // What both have read lies there once.
  const keys = (await new MonthArchive({ objects, bucket: "archive" }).months()).flatMap(({ signals }) =>
    signals.flatMap((signal) => signal.keys),
  );
  assert.equal(new Set(keys).size, keys.length);
  t.diagnostic(`${keys.length} objects of 24 signals and months, ${asked} questions meanwhile`);
});
