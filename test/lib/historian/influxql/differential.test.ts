import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import {
  type HistorianStore,
  type InfluxQlAnswer,
  type InfluxQlValue,
  openHistorian,
  pointIdentity,
} from "../../../../lib/historian/index.ts";
import { SampleBatch, type SampleValue, SignalRegistry, ValueType } from "../../../../lib/sample/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { type Influxd, startInfluxd } from "../../../support/influxd.ts";
import { influxd2Program, startInfluxd2 } from "../../../support/influxd2.ts";
import { seededRandom } from "../../../support/random.ts";
import { findProgram, missing } from "../../../support/services.ts";
import { Questioner } from "./questions.ts";

const INFLUXD = findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");
const SEED = Number(process.env["FPLUS_FUZZ_SEED"] || 20260115);
const QUESTIONS = Number(process.env["FPLUS_FUZZ_QUESTIONS"] || 600);
const T0 = Date.UTC(2026, 0, 15, 12);
const SPAN = 20 * 60_000;

/** Seven sensors with gaps, a missing tag, several fields, some of them at times of their own; no two samples at one time. */
function plantBatch(registry: SignalRegistry, random: () => number): SampleBatch {
  const batch = new SampleBatch(4096);
  for (let sensor = 0; sensor < 7; sensor++) {
    const tags = {
      location: `line_${1 + (sensor % 3)}`,
      sensor_id: `s${sensor}`,
      device_type: sensor % 3 === 0 ? "" : sensor % 2 === 0 ? "thermocouple" : "rtd",
    };
    const measurement = sensor === 6 ? "valves" : "temperature_sensors";
    const add = (field: string, type: ValueType, value: SampleValue, at: number): void => {
      batch.addValue(registry.intern(pointIdentity(measurement, tags, field)).id, type, value, at);
    };
    for (let at = T0 + sensor; at < T0 + SPAN; at += 7 * Math.ceil(random() * 900)) {
      if (random() < 0.9)
        add("temperature", ValueType.Double, Math.round((80 + 20 * Math.sin(at / 1e5) + random() * 9) * 1e5) / 1e5, at);
      if (random() < 0.6) add("humidity", ValueType.Double, Math.round(random() * 1e7) / 1e5, at);
      if (random() < 0.5) add("status", ValueType.String, random() < 0.8 ? "normal" : "alarm", at);
      if (random() < 0.3) add("open", ValueType.Boolean, random() < 0.5, at);
    }
  }
  return batch;
}

/** Servers that answer InfluxQL; a 2.x does so beside Flux. */
const SERVERS = [
  { release: "1.x", program: INFLUXD, start: (folder: string) => startInfluxd(INFLUXD!, folder) },
  { release: "2", program: influxd2Program, start: startInfluxd2 },
] as const;

async function bothStores(
  t: TestContext,
  start: (folder: string) => Promise<Influxd & { readonly token?: string }> = SERVERS[0].start,
): Promise<{ ours: HistorianStore; theirs: HistorianStore; url: string }> {
  const server = await start(temporaryFolder(t));
  t.after(() => server.stop());
  const registry = new SignalRegistry();
  const ours = openHistorian({ engine: "embedded", directory: temporaryFolder(t), registry });
  const theirs = openHistorian({
    engine: "influx",
    url: server.url,
    token: server.token ?? "",
    bucket: "plant",
    registry,
  });
  t.after(async () => {
    await ours.close();
    await theirs.close();
  });
  const batch = plantBatch(registry, seededRandom(SEED));
  for (const store of [ours, theirs]) assert.deepEqual((await store.write(batch)).rejected, []);
  return { ours, theirs, url: server.url };
}

/** Throws unless both say the same; numbers to nine digits, for sums are added up in another order. */
function assertSame(own: InfluxQlAnswer, real: InfluxQlAnswer, question: string): void {
  const headers = ({ results }: InfluxQlAnswer): object[] =>
    results.map(({ series = [], error }) =>
      error === undefined
        ? series.map(({ name, tags, columns }) => ({ name, tags, columns }))
        : { error: "some error" },
    );
  assert.deepEqual(headers(own), headers(real), question);
  const cells = ({ results }: InfluxQlAnswer): (readonly InfluxQlValue[])[] =>
    results.flatMap(({ series = [] }) => series.flatMap(({ values }) => values));
  const [ours, theirs] = [cells(own), cells(real)];
  assert.equal(ours.length, theirs.length, `rows of ${question}`);
  ours.forEach((row, i) => {
    const same = row.every((value, k) => near(value, theirs[i]![k]!));
    if (!same) assert.deepEqual(row, theirs[i], question);
  });
}

function near(a: InfluxQlValue, b: InfluxQlValue): boolean {
  if (typeof a !== "number" || typeof b !== "number") return a === b;
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

for (const { release, program, start } of SERVERS) {
  test(`answers random questions as a real InfluxDB does, ${release}`, async (t) => {
    if (missing(t, `influxd ${release}`, program)) return;
    await answersAlike(t, start);
  });
}

async function answersAlike(t: TestContext, start: (folder: string) => Promise<Influxd>): Promise<void> {
  const { ours, theirs } = await bothStores(t, start);
  const questions = new Questioner(seededRandom(SEED + 1), T0, T0 + SPAN);
  let rows = 0;
  for (let i = 0; i < QUESTIONS; i++) {
    const text = questions.next();
    const [own, real] = await Promise.all([ours.influxQl(text), theirs.influxQl(text)]);
    assertSame(own, real, `seed ${SEED}, question ${i}: ${text}`);
    rows += real.results[0]?.series?.reduce((sum, { values }) => sum + values.length, 0) ?? 0;
  }
  assert.ok(rows > QUESTIONS * 10, `only ${rows} rows were compared`);
}

test("the three questions of the owner's document, and what is there to ask", async (t) => {
  if (missing(t, "influxd", INFLUXD)) return;
  const { ours, theirs } = await bothStores(t);
  const age = Math.ceil((Date.now() - T0) / 3_600_000) + 1;
  const texts = [
    `SELECT temperature FROM temperature_sensors WHERE time > now() - ${age}h`,
    `SELECT mean(temperature) FROM temperature_sensors WHERE time > '2026-01-15T11:00:00Z' AND time < '2026-01-16T11:00:00Z' GROUP BY location`,
    "SELECT temperature FROM temperature_sensors WHERE temperature > 80",
    "SHOW MEASUREMENTS",
    "SHOW TAG KEYS",
    'SHOW TAG VALUES FROM temperature_sensors WITH KEY = "location"',
    "SHOW FIELD KEYS",
    "SHOW SERIES FROM valves",
    "SELECT * FROM nowhere",
    "SELECT mean(temperature) FROM temperature_sensors; SELECT last(open), location FROM valves",
  ];
  for (const text of texts) {
    const [own, real] = await Promise.all([ours.influxQl(text), theirs.influxQl(text)]);
    assertSame(own, real, text);
  }
});

test("what is no InfluxQL is an error with its place, as the server says it", async (t) => {
  const registry = new SignalRegistry();
  const ours = openHistorian({ engine: "embedded", directory: temporaryFolder(t), registry });
  t.after(() => ours.close());
  const faults: [string, RegExp][] = [
    ["SELECT FROM x", /found FROM, expected identifier, string, number, bool at line 1, char 8$/],
    ["SELECT a FROM x WHERE", /found EOF, expected identifier, string, number, bool at line 1, char 2\d$/],
    ["DROP DATABASE x", /found DROP, expected SELECT, SHOW/],
    ["", /empty/],
    [`SELECT ${"(".repeat(5000)}a`, /nested too deeply/],
    ["SELECT a FROM x WHERE a =~ /(/", /Invalid regular expression/],
    ["SELECT a FROM x LIMIT -1", /expected integer/],
  ];
  for (const [text, message] of faults)
    await assert.rejects(ours.influxQl(text), (error: Error) => message.test(error.message));
  const batch = new SampleBatch(1);
  batch.addValue(registry.intern(pointIdentity("x", {}, "a")).id, ValueType.Double, 1, T0);
  await ours.write(batch);
  for (const [text, message] of [
    ["SELECT nope(a) FROM x", /undefined function nope/],
    ["SELECT a, mean(a) FROM x", /mixing aggregate and non-aggregate/],
    ["SELECT a FROM x GROUP BY time(1m)", /requires at least one aggregate/],
    ["SELECT a FROM x WHERE time > 1 OR a > 1", /OR/],
  ] as const) {
    assert.match((await ours.influxQl(text)).results[0]?.error ?? "", message, text);
  }
});
