import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { openHistorian, parseRollUps } from "../../../../lib/historian/index.ts";
import { SignalRegistry } from "../../../../lib/sample/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { type Influxd2, influxd2Program, startInfluxd2 } from "../../../support/influxd2.ts";
import { missing } from "../../../support/services.ts";
import { until } from "../../../support/until.ts";
import { batchOf } from "../contract.ts";

const DAY = 86_400;

async function started(t: TestContext): Promise<Influxd2> {
  const server = await startInfluxd2(temporaryFolder(t));
  t.after(() => server.stop());
  return server;
}

/** Seconds that a bucket keeps its samples; 0 is for ever, undefined no such bucket. */
async function kept(server: Influxd2, bucket: string): Promise<number | undefined> {
  const { buckets } = (await server.ask("/api/v2/buckets?limit=100")) as {
    buckets: { name: string; retentionRules: { everySeconds: number }[] }[];
  };
  const found = buckets.find(({ name }) => name === bucket);
  return found === undefined ? undefined : (found.retentionRules[0]?.everySeconds ?? 0);
}

async function shardSeconds(server: Influxd2, bucket: string): Promise<number | undefined> {
  const { buckets } = (await server.ask(`/api/v2/buckets?name=${bucket}`)) as {
    buckets: { retentionRules: { shardGroupDurationSeconds?: number }[] }[];
  };
  return buckets[0]?.retentionRules[0]?.shardGroupDurationSeconds;
}

async function writeOnce({ url, org, token }: Influxd2, bucket: string, more: object = {}) {
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "influx", url, org, token, bucket, bucketRetention: true, registry, ...more });
  const { written } = await store.write(batchOf(registry, [["p/m/T", 1, 0]], Date.now()));
  const { status, detail } = store.health();
  await store.close();
  return { written, status, detail };
}

test("a bucket of InfluxDB 2 is made when it is missing, and given the days that samples are kept", async (t) => {
  if (missing(t, "influxd 2", influxd2Program)) return;
  const server = await started(t);
  assert.equal((await writeOnce(server, "new", { retentionDays: 30 })).written, 1);
  assert.equal(await kept(server, "new"), 30 * DAY);
  // Without days the bucket stays as the server has it.
  await writeOnce(server, "new", { retentionDays: 0 });
  assert.equal(await kept(server, "new"), 30 * DAY);
  await writeOnce(server, "new", { retentionDays: 2 });
  assert.equal(await kept(server, "new"), 2 * DAY);
  assert.doesNotMatch((await writeOnce(server, "new", { retentionDays: 2 })).detail, /keep days/);
  // One that kept all for ever had shards of a week: longer than a day, and the samples would outlast it.
  assert.doesNotMatch((await writeOnce(server, "plant", { retentionDays: 1 })).detail, /keep days/);
  assert.equal(await kept(server, "plant"), DAY);
  await writeOnce(server, "new", { retentionDays: 400 });
  assert.equal(await kept(server, "new"), 400 * DAY);
  const shards = await Promise.all(["plant", "new"].map((name) => shardSeconds(server, name)));
  assert.deepEqual(shards, [3600, 7 * DAY]);
});

test("roll-ups of InfluxDB 2 get buckets of their own, kept as long as they say", async (t) => {
  if (missing(t, "influxd 2", influxd2Program)) return;
  const server = await started(t);
  const { url, org, token, bucket } = server;
  const store = openHistorian({ engine: "influx", url, org, token, bucket, rollUps: parseRollUps("1m 90d, 1h") });
  t.after(() => store.close());
  await store.open();
  await until("the buckets", async () => (await kept(server, "plant_rollup_1h")) !== undefined);
  assert.equal(await kept(server, "plant_rollup_1m"), 90 * DAY);
  assert.deepEqual([await kept(server, "plant_rollup_1h"), await kept(server, "plant")], [0, 0]);
});

test("a token that may not make or change buckets still writes, and health says what it may not", async (t) => {
  if (missing(t, "influxd 2", influxd2Program)) return;
  const server = await started(t);
  const { buckets } = (await server.ask("/api/v2/buckets?name=plant")) as { buckets: { id: string; orgID: string }[] };
  const { id, orgID } = buckets[0]!;
  const limited = (await server.ask("/api/v2/authorizations", "POST", {
    orgID,
    permissions: [
      { action: "read", resource: { type: "buckets", orgID } },
      { action: "write", resource: { type: "buckets", orgID, id } },
    ],
  })) as { token: string };
  const writer = { ...server, token: await server.tokenFor(["write", "buckets"]) };
  const reads = await writeOnce(writer, "plant", { retentionDays: 30 });
  assert.deepEqual([reads.written, reads.status], [1, "up"]);
  assert.match(reads.detail, /keep days: .*the token sees no organisation factory/);
  assert.doesNotMatch((await writeOnce(writer, "plant", { retentionDays: 0 })).detail, /keep days/);
  const { url, org, bucket } = server;
  const rollUps = parseRollUps("1h");
  const store = openHistorian({ engine: "influx", url, org, token: limited.token, bucket, rollUps });
  t.after(() => store.close());
  await store.open();
  await until("the notice", () => store.health().detail.includes("roll-ups: "));
  assert.match(store.health().detail, /make the bucket plant_rollup_1h in .*\[token].*Make the bucket on the server/);
});

test("a bucket that is there keeps its own retention unless it is to be set, and health says so", async (t) => {
  if (missing(t, "influxd 2", influxd2Program)) return;
  const server = await started(t);
  const two = { retentionDays: 2, bucketRetention: false };
  const { written, detail } = await writeOnce(server, "plant", two);
  assert.deepEqual([written, await kept(server, "plant")], [1, 0]);
  assert.match(detail, /keep days: the bucket keeps its own retention/);
  // One that is made here has nothing to lose.
  await writeOnce(server, "new", two);
  assert.equal(await kept(server, "new"), 2 * DAY);
  assert.doesNotMatch((await writeOnce(server, "new", two)).detail, /keep days/);
});

test("a password in the address is shown nowhere", async (t) => {
  if (missing(t, "influxd 2", influxd2Program)) return;
  const server = await started(t);
  const { url, org } = server;
  const secret = url.replace("//", "//plant:secret@");
  const registry = new SignalRegistry();
  const token = await server.tokenFor(["write", "buckets"]);
  const store = openHistorian({ engine: "influx", url: secret, org, bucket: "gone", token, registry });
  t.after(() => store.close());
  assert.equal(store.health().detail, `${url} gone`);
  await assert.rejects(store.write(batchOf(registry, [["p/m/T", 1, 0]])), (error: Error) => {
    assert.match(error.message, /bucket "gone" not found/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  assert.doesNotMatch(JSON.stringify(store.health()), /secret/);
});
