import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { type HistorianStore, type InfluxOptions, openHistorian } from "../../../lib/historian/index.ts";
import { SignalRegistry } from "../../../lib/sample/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { type Influxd2, influxd2Program, startInfluxd2 } from "../../support/influxd2.ts";
import { missing } from "../../support/services.ts";
import { batchOf, historianContract, type Row } from "./contract.ts";

async function started(t: TestContext): Promise<Influxd2> {
  const server = await startInfluxd2(temporaryFolder(t));
  t.after(() => server.stop());
  return server;
}

for (const layout of ["signals", "devices", "amrc"] as const) {
  test(`InfluxDB 2 in the layout ${layout} is a historian`, async (t) => {
    if (missing(t, "influxd 2", influxd2Program)) return;
    const { url, org, token, bucket } = await started(t);
    const everything = { status: true, unit: true, mixedTypes: true };
    const abilities = { devices: { unit: false, mixedTypes: false }, amrc: { status: false }, signals: {} }[layout];
    await historianContract(
      t,
      async (registry) => {
        const store = openHistorian({ engine: "influx", url, org, token, bucket, layout, registry });
        await store.open();
        return store;
      },
      { ...everything, ...abilities },
    );
  });
}

test("samples that InfluxDB 2 refuses are found and named, the others stay", async (t) => {
  if (missing(t, "influxd 2", influxd2Program)) return;
  const { url, org, token } = await started(t);
  const registry = new SignalRegistry();
  const options = { engine: "influx", url, org, token, bucket: "short", registry } as const;
  const store = openHistorian({ ...options, retentionDays: 1 });
  t.after(() => store.close());
  const now = Date.now();
  const old = new Set([3, 17, 18, 90]);
  const rows = Array.from({ length: 100 }, (_, i): Row => ["p/m/T", i, old.has(i) ? -30 * 86_400_000 : i]);
  const receipt = await store.write(batchOf(registry, rows, now));
  assert.deepEqual(
    receipt.rejected.map(({ index, path }) => [index, path]),
    [...old].map((index) => [index, "p/m/T"]),
  );
  assert.match(receipt.rejected[0]!.reason, /partial write: .*retention policy/);
  assert.equal(receipt.written, 96);
  const [series] = await store.query({ signals: ["p/m/T"], from: now, to: now + 1000 });
  assert.equal(series?.value.length, 96);

  // Another program made the field an integer: nothing of ours fits, and it says why.
  const lines = {
    method: "POST",
    headers: { authorization: `Token ${token}` },
    body: `other,path=x value=1i ${now}000000`,
  };
  assert.equal((await fetch(`${url}/api/v2/write?org=${org}&bucket=short`, lines)).status, 204);
  const other = openHistorian({ ...options, measurement: "other" });
  t.after(() => other.close());
  const clash = await other.write(batchOf(registry, [["p/m/T", 1.5, 0]], now));
  assert.equal(clash.written, 0);
  assert.match(clash.rejected[0]!.reason, /field type conflict/);
});

test("what is wrong with the settings of an InfluxDB 2 is said with its field, and no sample is refused for it", async (t) => {
  if (missing(t, "influxd 2", influxd2Program)) return;
  const server = await started(t);
  const { url, org, token, bucket } = server;
  const registry = new SignalRegistry();
  const opened = (more: Partial<InfluxOptions>): HistorianStore => {
    const store = openHistorian({ engine: "influx", url, org, token, bucket, registry, ...more });
    t.after(() => store.close());
    return store;
  };
  const write = async (store: HistorianStore): Promise<number> =>
    (await store.write(batchOf(registry, [["p/m/T", 1, 0]]))).written;
  const question = { signals: ["p/m/T"], from: 0, to: 8e12 };
  const both: [action: "read" | "write", type: string][] = [
    ["read", "buckets"],
    ["write", "buckets"],
  ];
  const [reader, writer, user] = await Promise.all([
    server.tokenFor(["read", "buckets"]),
    server.tokenFor(["write", "buckets"]),
    server.tokenFor(...both),
  ]);

  for (const [settings, field] of [
    [{ token: "wrong" }, "token"],
    [{ token: reader }, "token"],
    [{ org: "elsewhere" }, "org"],
    [{ bucket: "gone", token: user }, "bucket"],
    [{ bucket: 'a "quoted" bucket' }, "bucket"],
  ] as const) {
    const store = opened(settings);
    await assert.rejects(write(store), { code: "historian.unreachable", field }, field);
    await assert.rejects(store.remove({ from: 0, to: 1 }), { code: "historian.unreachable", field }, field);
    if (field !== "token") await assert.rejects(store.query(question), { code: "historian.query", field }, field);
    assert.equal(store.health().counters["rejected"], 0);
    assert.equal(JSON.stringify(store.health()).includes("wrong"), false);
  }
  await assert.rejects(write(opened({ bucket: 'a "quoted" bucket' })), { hint: /could not be made/ });

  // A token that may only write does so, one for one bucket does all but make others; none of them needs the organisation named.
  const [plant] = ((await server.ask(`/api/v2/buckets?name=${bucket}`)) as { buckets: { id: string; orgID: string }[] })
    .buckets;
  const { orgID, id } = plant!;
  const permissions = both.map(([action, type]) => ({ action, resource: { type, orgID, id } }));
  const one = (await server.ask("/api/v2/authorizations", "POST", { orgID, permissions })) as { token: string };
  assert.equal(await write(opened({ token: writer })), 1);
  for (const settings of [{}, { token: user }, { token: one.token }, { org: orgID }] as Partial<InfluxOptions>[]) {
    const store = opened({ org: "", ...settings });
    assert.equal(await write(store), 1);
    assert.deepEqual([...(await store.query(question))[0]!.value], [1]);
    assert.deepEqual((await store.influxQl("SHOW MEASUREMENTS")).results[0]?.series?.[0]?.values, [["sensors"]]);
    assert.equal((await store.flux(`from(bucket: "${bucket}") |> range(start: 0) |> count()`))[0]?.["_value"], 1);
    await store.remove({ from: 0, to: 1 });
    assert.equal(store.health().status, "up");
  }
  // A new bucket is found by the only organisation.
  assert.equal(await write(opened({ org: "", bucket: "fresh" })), 1);
  await server.ask("/api/v2/orgs", "POST", { name: "second" });
  assert.equal(await write(opened({ org: "", bucket: "fresh" })), 1);
  await assert.rejects(write(opened({ org: "", bucket: "unknown" })), { code: "historian.unreachable", field: "org" });
});
