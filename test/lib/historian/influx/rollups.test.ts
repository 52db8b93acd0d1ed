import assert from "node:assert/strict";
import { test } from "node:test";
import { openHistorian, parseRollUps } from "../../../../lib/historian/index.ts";
import { SignalRegistry } from "../../../../lib/sample/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { startInfluxd } from "../../../support/influxd.ts";
import { influxd2Program, startInfluxd2 } from "../../../support/influxd2.ts";
import { findProgram, missing } from "../../../support/services.ts";
import { until } from "../../../support/until.ts";
import { batchOf, type Row } from "../contract.ts";

const INFLUXD = findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The two ways of a server: InfluxQL, and the API and Flux of 2.x. */
const SERVERS = [
  {
    name: "1.x",
    program: INFLUXD,
    start: async (folder: string) => ({ ...(await startInfluxd(INFLUXD!, folder)), token: "" }),
    place: '"plant"."rollup_5m"',
  },
  { name: "2", program: influxd2Program, start: startInfluxd2, place: '"plant_rollup_5m"."autogen"' },
] as const;

for (const { name, program, start: startServer, place } of SERVERS) {
  test(`InfluxDB ${name} keeps roll-ups that equal its own answers, follow late samples and catch up`, async (t) => {
    if (missing(t, `influxd ${name}`, program)) return;
    const server = await startServer(temporaryFolder(t));
    t.after(() => server.stop());
    const { url, token } = server;
    const registry = new SignalRegistry();
    const options = { engine: "influx", url, token, bucket: "plant", registry, timeoutMs: 60_000 } as const;
    const plain = openHistorian(options);
    const start = Math.floor(Date.now() / HOUR) * HOUR - 38 * HOUR;
    const rows = Array.from({ length: 36 * 60 }, (_, i): Row => [
      "p/m/A, =B",
      Math.round(Math.sin(i / 50) * 1000) / 10,
      i * MINUTE,
    ]);
    await plain.write(batchOf(registry, rows, start));
    const rollUps = parseRollUps("1m 90d, 5m");
    const open = (retentionDays: number) => openHistorian({ ...options, retentionDays, rollUps });
    const rolled = open(30);
    t.after(() => Promise.all([plain.close(), rolled.close()]));
    await rolled.open();
    const statistic = async (select: string): Promise<number> => {
      const { results } = await plain.influxQl(`SELECT ${select} FROM ${place}."sensors_5m"`);
      return Number(results[0]?.series?.[0]?.values[0]?.[1] ?? 0);
    };
    await until("the roll-ups", async () => (await statistic('count("count")')) === 36 * 12);
    if (name === "1.x") {
      const { results } = await plain.influxQl("SHOW RETENTION POLICIES ON plant");
      assert.deepEqual(
        results[0]?.series?.[0]?.values.map(([policy, duration]) => [policy, duration]),
        [
          ["autogen", "720h0m0s"],
          ["rollup_1m", "2160h0m0s"],
          ["rollup_5m", "0s"],
        ],
      );
    }
    // From here on a window of the roll-up is what the server's own aggregate is.
    const range = { signals: ["p/m/*"], from: start + 90_000, to: start + 37 * HOUR };
    for (const aggregate of ["mean", "min", "max", "first", "last", "count", "sum"] as const) {
      // The roll-up of minutes alone fits into windows of seven, and the range is long for it.
      const question = { ...range, aggregate, windowMs: 7 * MINUTE };
      const [[own], [real]] = await Promise.all([rolled.query(question), plain.query(question)]);
      assert.deepEqual([own!.path, own!.unit], ["p/m/A, =B", "Cel"]);
      assert.deepEqual(own!.time, real!.time, aggregate);
      own!.value.forEach((value, i) => assert.ok(Math.abs(value - real!.value[i]!) < 1e-9, `${aggregate} ${i}`));
    }
    // Late, while another process keeps the same roll-ups: both make the same window.
    const both = open(30);
    await both.open();
    await rolled.write(batchOf(registry, [["p/m/A, =B", 4000, 29 * HOUR + 1]], start));
    await both.write(batchOf(registry, [["p/m/A, =B", 4500, 30 * HOUR + 1]], start));
    await Promise.all([rolled.close(), both.close()]);
    // And then a stop: the next process makes again what a day may have changed.
    await plain.write(batchOf(registry, [["p/m/A, =B", 5000, 28 * HOUR + 1]], start));
    const next = open(1);
    t.after(() => next.close());
    await next.open();
    await until("the late sample", async () => (await statistic('max("max")')) === 5000);
    assert.equal(await statistic('count("count")'), 36 * 12, "no window doubled");
    assert.equal(await statistic('sum("count")'), 36 * 60 + 3);
    assert.deepEqual([next.health().status, next.health().detail.includes("roll-ups")], ["up", false]);
    // The samples are gone, the roll-ups stay.
    await plain.remove({ from: 0, to: Date.now() });
    const hours = { ...range, from: start, aggregate: "max", windowMs: HOUR } as const;
    assert.deepEqual(await plain.query(hours), []);
    await until("an answer from the roll-ups", async () => (await next.query(hours)).length === 1);
    const [still] = await next.query(hours);
    assert.deepEqual(Array.from(still!.value.subarray(28, 31)), [5000, 4000, 4500]);
    assert.equal(still!.value.length, 36);
  });
}

test("Keep days alone sets the retention policy of InfluxDB 1.x, where it is to be set", async (t) => {
  if (missing(t, "influxd", INFLUXD)) return;
  const server = await startInfluxd(INFLUXD!, temporaryFolder(t));
  t.after(() => server.stop());
  const registry = new SignalRegistry();
  const options = { engine: "influx", url: server.url, bucket: "plant", version: "1", registry } as const;
  const rollUps = parseRollUps("1h");
  const off = openHistorian({ ...options, retentionDays: 30, rollUps, bucketRetention: false });
  const on = openHistorian({ ...options, retentionDays: 20, bucketRetention: true });
  t.after(() => Promise.all([off.close(), on.close()]));
  const policies = async (): Promise<unknown> => {
    const { results } = await off.influxQl("SHOW RETENTION POLICIES ON plant");
    return results[0]?.series?.[0]?.values.map(([policy, duration]) => `${String(policy)} ${String(duration)}`);
  };
  await off.open();
  await until("the roll-up's own policy", async () => ((await policies()) as string[]).includes("rollup_1h 0s"));
  assert.deepEqual(await policies(), ["autogen 0s", "rollup_1h 0s"]);
  await on.open();
  await until("the policy of samples", async () => ((await policies()) as string[]).includes("autogen 480h0m0s"));
});
