import assert from "node:assert/strict";
import { test } from "node:test";
import { openHistorian, parseRollUps } from "../../../../lib/historian/index.ts";
import { SignalRegistry } from "../../../../lib/sample/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { startInfluxd } from "../../../support/influxd.ts";
import { findProgram, missing } from "../../../support/services.ts";
import { until } from "../../../support/until.ts";
import { batchOf, type Row } from "../contract.ts";

const INFLUXD = findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test("InfluxDB 1.x keeps roll-ups that equal its own answers, follow late samples and catch up", async (t) => {
  if (missing(t, "influxd", INFLUXD)) return;
  const server = await startInfluxd(INFLUXD!, temporaryFolder(t));
  t.after(() => server.stop());
  const registry = new SignalRegistry();
  const plain = openHistorian({ engine: "influx", url: server.url, bucket: "plant", registry });
  const start = Math.floor(Date.now() / HOUR) * HOUR - 50 * HOUR;
  const rows = Array.from({ length: 48 * 60 }, (_, i): Row => [
    "p/m/A",
    Math.round(Math.sin(i / 50) * 1000) / 10,
    i * MINUTE,
  ]);
  await plain.write(batchOf(registry, rows, start));
  const rollUps = parseRollUps("1m 90d, 5m");
  const open = (retentionDays: number) =>
    openHistorian({ engine: "influx", url: server.url, bucket: "plant", registry, retentionDays, rollUps });
  const rolled = open(30);
  await rolled.open();
  const count = async (): Promise<number> => {
    const { results } = await plain.influxQl('SELECT count("count") FROM "rollup_5m"."sensors_5m"');
    return Number(results[0]?.series?.[0]?.values[0]?.[1] ?? 0);
  };
  await until("the roll-ups", async () => (await count()) === 48 * 12);
  const { results } = await plain.influxQl("SHOW RETENTION POLICIES ON plant");
  const policies = results[0]?.series?.[0]?.values.map(([name, duration]) => [name, duration]);
  assert.deepEqual(policies, [
    ["autogen", "720h0m0s"],
    ["rollup_1m", "2160h0m0s"],
    ["rollup_5m", "0s"],
  ]);
  // From here on a window of the roll-up is what the server's own aggregate is.
  const range = { signals: ["p/m/*"], from: start + 90_000, to: start + 49 * HOUR };
  for (const aggregate of ["mean", "min", "max", "first", "last", "count", "sum"] as const) {
    const question = { ...range, aggregate, windowMs: 10 * MINUTE };
    const [[own], [real]] = await Promise.all([rolled.query(question), plain.query(question)]);
    assert.deepEqual(own!.time, real!.time, aggregate);
    own!.value.forEach((value, i) => assert.ok(Math.abs(value - real!.value[i]!) < 1e-9, `${aggregate} ${i}`));
  }
  // Late, and then a stop: the next process makes again what a day may have changed.
  await rolled.close();
  await plain.write(batchOf(registry, [["p/m/A", 5000, 40 * HOUR + 1]], start));
  const next = open(1);
  await next.open();
  await until("the late sample", async () => {
    const { results: found } = await plain.influxQl('SELECT max("max") FROM "rollup_5m"."sensors_5m"');
    return found[0]?.series?.[0]?.values[0]?.[1] === 5000;
  });
  assert.equal(next.health().status, "up");
  // The samples are gone, the roll-ups stay.
  await plain.influxQl("DELETE FROM sensors WHERE time > 0");
  const hours = { ...range, from: start, aggregate: "max", windowMs: HOUR } as const;
  assert.deepEqual(await plain.query(hours), []);
  await until("an answer from the roll-ups", async () => (await next.query(hours)).length === 1);
  const [still] = await next.query(hours);
  assert.equal(still!.value[40], 5000);
  assert.equal(still!.value.length, 48);
  await next.close();
  await plain.close();
});
