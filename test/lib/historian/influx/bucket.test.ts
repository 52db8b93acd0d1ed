import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { openHistorian, parseRollUps } from "../../../../lib/historian/index.ts";
import { SignalRegistry } from "../../../../lib/sample/index.ts";
import { until } from "../../../support/until.ts";
import { batchOf } from "../contract.ts";

interface Rule {
  readonly type: string;
  readonly everySeconds: number;
}

/** The buckets of an InfluxDB 2, by its API as it is documented; lines are taken where the bucket is there. */
async function influx2(t: TestContext, buckets: Map<string, Rule[]>, mayManage = true) {
  const changes: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const answer = (status: number, body?: object): void => {
        response.writeHead(status, { "x-influxdb-version": "v2.7.12", "content-type": "application/json" });
        response.end(body === undefined ? undefined : JSON.stringify(body));
      };
      const name = url.searchParams.get("name") ?? url.searchParams.get("bucket") ?? "";
      const missing = { code: "not found", message: `bucket "${name}" not found` };
      if (url.pathname === "/ping") return answer(204);
      if (url.pathname === "/api/v2/write") return buckets.has(name) ? answer(204) : answer(404, missing);
      if (url.pathname === "/api/v2/query") return answer(200);
      if (!mayManage) return answer(403, { code: "forbidden", message: "insufficient permissions" });
      if (url.pathname === "/api/v2/orgs") return answer(200, { orgs: [{ id: "0000000000000001", name: "plant" }] });
      if (request.method === "GET") {
        if (!buckets.has(name)) return answer(404, missing);
        return answer(200, { buckets: [{ id: `id-${name}`, name, retentionRules: buckets.get(name) }] });
      }
      const body = JSON.parse(text) as { name?: string; orgID?: string; retentionRules: Rule[] };
      changes.push(`${request.method} ${url.pathname} ${text}`);
      buckets.set(body.name ?? url.pathname.replace("/api/v2/buckets/id-", ""), body.retentionRules);
      return answer(request.method === "POST" ? 201 : 200, {});
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, changes };
}

async function writeOnce(url: string, bucket: string, retentionDays: number, bucketRetention = true) {
  const registry = new SignalRegistry();
  const options = { engine: "influx", url, bucket, org: "plant", token: "t", bucketRetention, registry } as const;
  const store = openHistorian({ ...options, retentionDays });
  const { written } = await store.write(batchOf(registry, [["p/m/T", 1, 0]]));
  const { status, detail } = store.health();
  await store.close();
  return { written, status, detail };
}

test("a bucket of InfluxDB 2 is made when it is missing, and given the days that samples are kept", async (t) => {
  const buckets = new Map<string, Rule[]>([["old", [{ type: "expire", everySeconds: 3600 }]]]);
  const { url, changes } = await influx2(t, buckets);
  assert.equal((await writeOnce(url, "new", 30)).written, 1);
  assert.deepEqual(buckets.get("new"), [{ type: "expire", everySeconds: 2_592_000 }]);
  assert.match(changes[0]!, /^POST \/api\/v2\/buckets .*"orgID":"0000000000000001"/);
  // Without days the bucket stays as the server has it.
  await writeOnce(url, "old", 0);
  assert.equal(changes.length, 1);
  await writeOnce(url, "old", 2);
  assert.deepEqual(buckets.get("old"), [{ type: "expire", everySeconds: 172_800 }]);
  await writeOnce(url, "old", 2);
  assert.equal(changes.length, 2);
});

test("roll-ups of InfluxDB 2 get buckets of their own, kept as long as they say", async (t) => {
  const buckets = new Map<string, Rule[]>([["plant", []]]);
  const { url } = await influx2(t, buckets);
  const store = openHistorian({
    engine: "influx",
    url,
    bucket: "plant",
    org: "plant",
    token: "t",
    rollUps: parseRollUps("1m 90d, 1h"),
  });
  t.after(() => store.close());
  await store.open();
  await until("the buckets", () => buckets.has("plant_rollup_1h"));
  assert.deepEqual(buckets.get("plant_rollup_1m"), [{ type: "expire", everySeconds: 7_776_000 }]);
  assert.deepEqual([buckets.get("plant_rollup_1h"), buckets.get("plant")], [[], []]);
});

test("a token that may only write does so, and health says what it may not", async (t) => {
  const { url, changes } = await influx2(t, new Map([["there", []]]), false);
  const { written, status, detail } = await writeOnce(url, "there", 30);
  assert.deepEqual([written, status, changes], [1, "up", []]);
  assert.match(detail, /keep days: .*insufficient permissions/);
  assert.doesNotMatch((await writeOnce(url, "there", 0)).detail, /keep days/);
});

test("a bucket that is there keeps its own retention unless it is to be set, and health says so", async (t) => {
  const buckets = new Map<string, Rule[]>([["old", []]]);
  const { url, changes } = await influx2(t, buckets);
  const { written, detail } = await writeOnce(url, "old", 2, false);
  assert.deepEqual([written, changes, buckets.get("old")], [1, [], []]);
  assert.match(detail, /keep days: the bucket keeps its own retention/);
  // One that is made here has nothing to lose.
  await writeOnce(url, "new", 2, false);
  assert.deepEqual(buckets.get("new"), [{ type: "expire", everySeconds: 172_800 }]);
  assert.doesNotMatch((await writeOnce(url, "new", 2, false)).detail, /keep days/);
});

test("a password in the address is shown nowhere", async (t) => {
  const { url } = await influx2(t, new Map());
  const secret = url.replace("//", "//plant:secret@");
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "influx", url: secret, bucket: "gone", version: "2", token: "t", registry });
  t.after(() => store.close());
  assert.equal(store.health().detail, `${url} gone`);
  await assert.rejects(store.write(batchOf(registry, [["p/m/T", 1, 0]])), (error: Error) => {
    assert.match(error.message, /has no gone/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  assert.doesNotMatch(JSON.stringify(store.health()), /secret/);
});
