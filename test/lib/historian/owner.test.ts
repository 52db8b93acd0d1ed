import assert from "node:assert/strict";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import {
  EmbeddedHistorian,
  type HistorianStore,
  type InfluxQlAnswer,
  openHistorian,
  parseRollUps,
  pointIdentity,
} from "../../../lib/historian/index.ts";
import { SampleBatch, type SampleValue, SignalRegistry, ValueType } from "../../../lib/sample/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startInfluxd } from "../../support/influxd.ts";
import { seededRandom } from "../../support/random.ts";
import { findProgram, missing } from "../../support/services.ts";
import { until } from "../../support/until.ts";

const INFLUXD = findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** One point of the document's data model: its tags, its fields, its time. */
type Point = readonly [location: string, sensor: string, at: number, fields: Readonly<Record<string, SampleValue>>];

function batchOf(registry: SignalRegistry, points: readonly Point[]): SampleBatch {
  const batch = new SampleBatch(points.length * 3);
  for (const [location, sensor, at, fields] of points) {
    const tags = { location, sensor_id: sensor, device_type: "thermocouple" };
    for (const [field, value] of Object.entries(fields)) {
      const { id } = registry.intern(pointIdentity("temperature_sensors", tags, field));
      batch.addValue(id, typeof value === "string" ? ValueType.String : ValueType.Double, value, at);
    }
  }
  return batch;
}

/** A real InfluxDB, and a way to ask it in its own words. */
async function realInfluxDb(t: TestContext): Promise<{ url: string; ask: (q: string) => Promise<InfluxQlAnswer> }> {
  const server = await startInfluxd(INFLUXD!, temporaryFolder(t));
  t.after(() => server.stop());
  const ask = async (q: string): Promise<InfluxQlAnswer> => {
    const response = await fetch(`${server.url}/query?db=plant&epoch=ms`, {
      method: "POST",
      body: new URLSearchParams({ q }),
    });
    return (await response.json()) as InfluxQlAnswer;
  };
  await ask("CREATE DATABASE plant");
  return { url: server.url, ask };
}

test("the three questions of the Factory+ document, to the letter, as InfluxDB answers them", async (t) => {
  if (missing(t, "influxd", INFLUXD)) return;
  const { url } = await realInfluxDb(t);
  const registry = new SignalRegistry();
  const ours = openHistorian({ engine: "embedded", directory: temporaryFolder(t), registry });
  const theirs = openHistorian({ engine: "influx", url, bucket: "plant", registry });
  t.after(() => Promise.all([ours.close(), theirs.close()]));
  const now = Date.now();
  const points: Point[] = [
    ["production_line_1", "temp_001", now - 50 * MINUTE, { temperature: 75.5, humidity: 45.2, status: "normal" }],
    ["production_line_1", "temp_001", now - 30 * MINUTE, { temperature: 80, humidity: 45, status: "normal" }],
    ["production_line_2", "temp_002", now - 10 * MINUTE, { temperature: 81.2, humidity: 44.1, status: "alarm" }],
    ["production_line_2", "temp_002", now - 5 * HOUR, { temperature: 60.25, humidity: 50, status: "normal" }],
    ["production_line_1", "temp_001", now - 30 * HOUR, { temperature: 95, humidity: 40, status: "alarm" }],
  ];
  for (const store of [ours, theirs]) {
    const receipt = await store.write(batchOf(registry, points));
    assert.deepEqual([receipt.written, receipt.rejected], [15, []]);
  }
  const first = async (store: HistorianStore, text: string) => (await store.influxQl(text)).results[0]!;
  for (const store of [ours, theirs]) {
    const latest = await first(store, "SELECT temperature FROM temperature_sensors\nWHERE time > now() - 1h");
    assert.deepEqual(
      latest.series?.map(({ name, columns, values }) => [name, columns, values.map(([, value]) => value)]),
      [["temperature_sensors", ["time", "temperature"], [75.5, 80, 81.2]]],
    );
    const asked = Date.now();
    const means = await first(
      store,
      "SELECT mean(temperature) FROM temperature_sensors\nWHERE time > now() - 24h\nGROUP BY location",
    );
    assert.deepEqual(
      means.series?.map(({ tags, columns, values }) => [tags, columns, values.map(([, value]) => value)]),
      [
        [{ location: "production_line_1" }, ["time", "mean"], [77.75]],
        [{ location: "production_line_2" }, ["time", "mean"], [70.725]],
      ],
    );
    // The time of a mean is where the range begins.
    for (const { values } of means.series ?? []) {
      const age = asked - new Date(values[0]![0] as string | number).getTime() - 24 * HOUR;
      assert.ok(Math.abs(age) < 5 * MINUTE, `${age} ms beside it`);
    }
    const hot = await first(store, "SELECT temperature FROM temperature_sensors\nWHERE temperature > 80");
    assert.deepEqual(
      hot.series?.[0]?.values.map(([, value]) => value),
      [95, 81.2],
      "80 is not above 80",
    );
    const status = await first(store, "SELECT last(status) FROM temperature_sensors");
    assert.equal(status.series?.[0]?.values[0]?.[1], "alarm", "text in a field of its own");
    assert.deepEqual(await first(store, "SELECT temperature FROM nowhere"), { statement_id: 0 });
  }
  const wrong = "SELECT FROM temperature_sensors";
  await assert.rejects(ours.influxQl(wrong), /found FROM, expected .* at line 1, char 8/);
  await assert.rejects(theirs.influxQl(wrong), /found FROM, expected .* at line 1, char 8/);
});

test("a roll-up of five minutes is what a continuous query of InfluxDB makes, and what either answers without it", async (t) => {
  if (missing(t, "influxd", INFLUXD)) return;
  const { url, ask } = await realInfluxDb(t);
  const made = await ask(`CREATE CONTINUOUS QUERY "cq_5m" ON "plant" RESAMPLE EVERY 1s FOR 4d BEGIN
    SELECT mean("temperature") AS "temperature" INTO "temperature_5m" FROM "temperature_sensors" GROUP BY time(5m), location END`);
  assert.equal(made.results[0]?.error, undefined);
  const registry = new SignalRegistry();
  const directory = temporaryFolder(t);
  const rollUps = parseRollUps("5m");
  const embedded = (retentionDays: number): EmbeddedHistorian =>
    new EmbeddedHistorian({ engine: "embedded", directory, registry, rollUps, retentionDays });
  let ours = embedded(0);
  const theirs = openHistorian({ engine: "influx", url, bucket: "plant", registry });
  t.after(() => Promise.all([ours.close(), theirs.close()]));
  // Two sensors, a sample some 50 s apart, over a day that ended 30 h ago.
  const random = seededRandom(20);
  const [from, to] = [2.25, 1.25].map((days) => Math.floor((Date.now() - days * 24 * HOUR) / HOUR) * HOUR);
  const points: Point[] = [];
  for (let at = from!; at < to!; at += Math.ceil(random() * 100_000)) {
    const value = Math.round((70 + 20 * random()) * 1e4) / 1e4;
    points.push([`line_${1 + (points.length % 2)}`, `s${points.length % 2}`, at, { temperature: value }]);
  }
  // And one of now, for a store measures the age of its samples from the newest.
  points.push(["line_1", "s0", Date.now(), { temperature: 70 }]);
  for (const store of [ours, theirs]) assert.deepEqual((await store.write(batchOf(registry, points))).rejected, []);

  const windowed = async (store: HistorianStore, location: string): Promise<[number, number][]> => {
    const [series] = await store.query({
      signals: ["temperature_sensors/**"],
      tags: { location },
      from: from!,
      to: to!,
      aggregate: "mean",
      windowMs: 5 * MINUTE,
    });
    return Array.from(series?.time ?? [], (time, i) => [time, series!.value[i]!]);
  };
  const rows = ({ results }: InfluxQlAnswer, location: string): [number, number][] =>
    (results[0]?.series ?? [])
      .filter(({ tags }) => tags?.["location"] === location)
      .flatMap(({ values }) => values.map(([time, value]): [number, number] => [Number(time), Number(value)]));
  const assertSame = (actual: [number, number][], expected: [number, number][], what: string): void => {
    assert.deepEqual(actual.map(([time]) => time), expected.map(([time]) => time), what); // prettier-ignore
    actual.forEach(([, value], i) => assert.ok(Math.abs(value - expected[i]![1]) < 1e-9, `${what}, window ${i}`));
  };
  const range = `time >= ${from}ms AND time < ${to}ms`;
  const adHoc = await ask(
    `SELECT mean("temperature") FROM "temperature_sensors" WHERE ${range} GROUP BY time(5m), location fill(none)`,
  );
  const continuous = `SELECT "temperature" FROM "temperature_5m" WHERE ${range} GROUP BY location`;
  await until("the continuous query", async () => {
    const target = await ask(continuous);
    return ["line_1", "line_2"].every((line) => rows(target, line).length === rows(adHoc, line).length);
  });
  const target = await ask(continuous);
  const before = await Promise.all(["line_1", "line_2"].map((line) => windowed(ours, line)));
  const windows = rows(adHoc, "line_1").length + rows(adHoc, "line_2").length;
  await until("the roll-up", async () => {
    await ours.close();
    const file = new DatabaseSync(path.join(directory, "history.sqlite"), { readOnly: true });
    const made = Number(file.prepare("select count(*) as n from rollup where t0 < ?").get(to!)!["n"]);
    file.close();
    ours = embedded(0);
    await ours.open();
    return made === windows;
  });
  // From here on nothing but the roll-up is left to answer: the samples are older than the day that is kept.
  await ours.retain(1, rollUps);
  assert.deepEqual(await ours.query({ signals: ["**"], from: from!, to: to! }), []);
  for (const [i, line] of ["line_1", "line_2"].entries()) {
    const expected = rows(adHoc, line);
    assert.ok(expected.length > 200, `${expected.length} windows`);
    assertSame(rows(target, line), expected, "the continuous query of InfluxDB");
    assertSame(await windowed(theirs, line), expected, "the question to InfluxDB");
    assertSame(before[i]!, expected, "the question to the embedded store");
    assertSame(await windowed(ours, line), expected, "the roll-up of the embedded store");
  }
});
