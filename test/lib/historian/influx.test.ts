import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { FplusError } from "../../../lib/errors/index.ts";
import { openHistorian, pointIdentity } from "../../../lib/historian/index.ts";
import { SampleBatch, SignalRegistry, ValueType } from "../../../lib/sample/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { findProgram, missing } from "../../support/services.ts";
import { batchOf, historianContract, type Row } from "./contract.ts";
import { startInfluxd } from "../../support/influxd.ts";

const INFLUXD = findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");

test("InfluxDB 1.x is a historian", async (t) => {
  if (missing(t, "influxd", INFLUXD)) return;
  const server = await startInfluxd(INFLUXD!, temporaryFolder(t));
  t.after(() => server.stop());
  await historianContract(t, async (registry) => {
    const store = openHistorian({ engine: "influx", url: server.url, bucket: "plant", registry });
    await store.open();
    return store;
  });
});

for (const layout of ["devices", "amrc"] as const) {
  test(`InfluxDB in the layout ${layout} is a historian`, async (t) => {
    if (missing(t, "influxd", INFLUXD)) return;
    const server = await startInfluxd(INFLUXD!, temporaryFolder(t));
    t.after(() => server.stop());
    const abilities = { status: layout === "devices", unit: layout === "amrc", mixedTypes: layout === "amrc" };
    await historianContract(
      t,
      async (registry) => {
        const store = openHistorian({ engine: "influx", url: server.url, bucket: "plant", layout, registry });
        await store.open();
        return store;
      },
      abilities,
    );
  });
}

// influxd 1.8 speaks the API and the Flux of 2.x. There is no package of it; `go install` builds one.
test("InfluxDB with the 2.x API and Flux is a historian", async (t) => {
  const program = process.env["FPLUS_TEST_INFLUXD18"];
  if (program === undefined || program === "") return t.skip("FPLUS_TEST_INFLUXD18 names no influxd 1.8");
  const server = await startInfluxd(program, temporaryFolder(t));
  t.after(() => server.stop());
  await fetch(`${server.url}/query`, { method: "POST", body: new URLSearchParams({ q: 'CREATE DATABASE "plant"' }) });
  await historianContract(t, async (registry) => {
    const store = openHistorian({ engine: "influx", url: server.url, bucket: "plant/autogen", version: "2", registry });
    await store.open();
    return store;
  });
});

for (const [release, program] of [
  ["1.6", INFLUXD],
  ["1.8", process.env["FPLUS_TEST_INFLUXD18"]],
] as const) {
  test(`what is empty in a point goes as InfluxDB ${release} takes it: a text is stored, a tag left out, a name refused`, async (t) => {
    if (missing(t, `influxd ${release}`, program)) return;
    const server = await startInfluxd(program!, temporaryFolder(t));
    t.after(() => server.stop());
    const registry = new SignalRegistry();
    const store = openHistorian({ engine: "influx", url: server.url, bucket: "plant", registry });
    t.after(() => store.close());
    await store.open();
    /** The server's own word on a line: its refusal, or nothing. */
    const refusal = async (line: string): Promise<string> => {
      const response = await fetch(`${server.url}/write?db=plant`, { method: "POST", body: `${line} 1` });
      return response.ok ? "" : await response.text();
    };
    assert.equal(await refusal('own,a=b text=""'), "");
    assert.match(await refusal("own,a= v=1"), /missing tag value/);
    assert.match(await refusal("own,=b v=1"), /missing tag key/);
    assert.match(await refusal("own,a=b =1"), /missing field key/);
    assert.match(await refusal(",a=b v=1"), /missing measurement/);
    assert.match(await refusal("own,time=b v=1"), /invalid tag key/);
    assert.match(await refusal("own,a=b time=1"), /invalid field name/);

    const batch = new SampleBatch(4);
    const add = (tags: Record<string, string>, field: string, type: number, value: string | number): void => {
      batch.addValue(registry.intern(pointIdentity("m", tags, field)).id, type, value, 1000);
    };
    add({ a: "b", empty: "" }, "text", ValueType.String, "");
    add({ a: "b" }, "time", ValueType.Double, 1);
    add({ time: "b" }, "v", ValueType.Double, 1);
    add({ a: "b" }, "v", ValueType.Double, 2);
    const { written, rejected } = await store.write(batch);
    assert.equal(written, 2);
    assert.deepEqual(
      rejected.map(({ index, reason }) => [index, reason]),
      [1, 2].map((index) => [index, "InfluxDB keeps the name time for the time itself"]),
    );
    assert.equal(store.health().counters["rejected"], 2);
    const { results } = await store.influxQl(
      "SELECT a, text, v FROM m; SELECT count(text) FROM m; SHOW TAG KEYS FROM m",
    );
    assert.deepEqual(
      results.map(({ series }) => series?.[0]?.values.map((row) => row.slice(-3))),
      [[["b", "", 2]], [["1970-01-01T00:00:00Z", 1]], [["a"]]],
    );
  });
}

test("samples that the server refuses are found and named, the others stay", async (t) => {
  if (missing(t, "influxd", INFLUXD)) return;
  const server = await startInfluxd(INFLUXD!, temporaryFolder(t));
  t.after(() => server.stop());
  const statement = 'CREATE DATABASE "short" WITH DURATION 1d NAME "day"';
  await fetch(`${server.url}/query`, { method: "POST", body: new URLSearchParams({ q: statement }) });
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "influx", url: server.url, bucket: "short", registry });
  const now = Date.now();
  const old = new Set([3, 17, 18, 90]);
  const rows = Array.from({ length: 100 }, (_, i): Row => ["p/m/T", i, old.has(i) ? -30 * 86_400_000 : i]);
  const receipt = await store.write(batchOf(registry, rows, now));
  assert.deepEqual(
    receipt.rejected.map((sample) => sample.index),
    [...old],
  );
  assert.match(receipt.rejected[0]!.reason, /retention policy/);
  assert.equal(receipt.written, 96);
  const [series] = await store.query({ signals: ["p/m/T"], from: now, to: now + 1000 });
  assert.equal(series?.value.length, 96);

  // Another program made the field an integer: nothing of ours fits, and it says why.
  await fetch(`${server.url}/write?db=short`, { method: "POST", body: `other,path=x value=1i ${now}000000` });
  const other = openHistorian({ engine: "influx", url: server.url, bucket: "short", measurement: "other", registry });
  const clash = await other.write(
    batchOf(
      registry,
      [
        ["p/m/T", 1.5, 0],
        ["p/m/T", 2.5, 1],
      ],
      now,
    ),
  );
  assert.equal(clash.written, 0);
  assert.match(clash.rejected[0]!.reason, /field type conflict/);
  await store.close();
  await other.close();
});

test("a server that is not there, refuses the token, or is busy, is unreachable and named", async (t) => {
  let status = 401;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(request.url === "/ping" ? 204 : status, { "x-influxdb-version": "v2.7.1" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "influx", url, bucket: "b", org: "o", token: "secret-token", registry });
  const batch = batchOf(registry, [["p/m/T", 1, 0]]);
  await assert.rejects(store.write(batch), { code: "historian.unreachable", field: "token" });
  assert.equal(store.health().status, "down");
  assert.doesNotMatch(JSON.stringify(store.health()), /secret-token/);
  status = 404;
  await assert.rejects(store.write(batch), { code: "historian.unreachable", field: "bucket" });
  status = 503;
  await assert.rejects(store.write(batch), { code: "historian.unreachable", field: "url" });
  status = 204;
  assert.equal((await store.write(batch)).written, 1);
  assert.equal(store.health().status, "up");

  const nobody = openHistorian({ engine: "influx", url: "http://127.0.0.1:9", bucket: "b", registry });
  await assert.rejects(nobody.write(batch), { code: "historian.unreachable", field: "url" });
  assert.throws(() => openHistorian({ engine: "influx", url: "influx:8086", bucket: "b" }), { code: "config.invalid" });
});

for (const [release, expected] of [
  ["unknown", ["GET /ping", "POST /query", "POST /write"]],
  ["1.8.10", ["GET /ping", "POST /query", "POST /write"]],
  // No InfluxDB 3 can be had here: its protocol, as it is documented, stands for it.
  ["3.2.1", ["GET /ping", "GET /api/v2/buckets", "GET /api/v2/orgs", "POST /api/v2/write"]],
] as const) {
  test(`lines go where an InfluxDB that calls itself ${release} takes them`, async (t) => {
    if (release.startsWith("3.")) t.diagnostic("no InfluxDB 3 is at hand: its recorded protocol stands for it");
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url?.split("?")[0]}`);
      request.resume();
      const isQuery = request.url?.startsWith("/query") ?? false;
      const isUnknown = /^\/api\/v2\/(buckets|orgs)/.test(request.url ?? "");
      response.writeHead(isQuery ? 200 : isUnknown ? 404 : 204, { "x-influxdb-version": release });
      response.end(isQuery ? '{"results":[{"statement_id":0}]}' : undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const registry = new SignalRegistry();
    const store = openHistorian({ engine: "influx", url, bucket: "plant", registry });
    await store.write(batchOf(registry, [["p/m/T", 1, 0]]));
    assert.deepEqual(asked, expected);
    await store.close();
  });
}

test("a busy server says when to come again, in seconds or as a date", async (t) => {
  let later = "7";
  const server = createServer((request, response) => {
    request.resume();
    const ping = request.url === "/ping";
    response.writeHead(ping ? 204 : 429, {
      "x-influxdb-version": "v2.7.1",
      ...(later ? { "retry-after": later } : {}),
    });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "influx", url, bucket: "b", org: "o", registry });
  const told = async (): Promise<number | undefined> => {
    const error: unknown = await store.write(batchOf(registry, [["p/m/T", 1, 0]])).catch((fault: unknown) => fault);
    assert.ok(error instanceof FplusError);
    assert.equal(error.code, "historian.unreachable");
    return error.retryAfterMs;
  };
  assert.equal(await told(), 7000);
  later = new Date(Date.now() + 3_600_000).toUTCString();
  const hour = (await told()) ?? 0;
  assert.ok(hour > 3_000_000 && hour <= 3_600_000, String(hour));
  later = new Date(0).toUTCString();
  assert.equal(await told(), 0);
  later = "soon";
  assert.equal(await told(), undefined);
  later = "";
  assert.equal(await told(), undefined);
  await store.close();
});
