import assert from "node:assert/strict";
import { test } from "node:test";
import { openCache } from "../../../lib/cache/index.ts";
import { startRudeRedis } from "../../support/rude-redis.ts";
import { until } from "../../support/until.ts";

test("what Redis says in trouble leads to the way out, and the next command works", async (t) => {
  const redis = await startRudeRedis(() => "$-1\r\n");
  t.after(() => redis.close());
  const cache = openCache({ engine: "redis", nodes: [`127.0.0.1:${redis.port}`], timeoutMs: 500 });
  t.after(() => cache.close());
  for (const [reply, code, hint] of [
    ["-LOADING Redis is loading the dataset in memory", "cache.unreachable", /serves in a moment/],
    ["-MASTERDOWN Link with MASTER is down", "cache.unreachable", /failover/],
    ["-CLUSTERDOWN The cluster is down", "cache.unreachable", /failover/],
    ["-MOVED 12182 127.0.0.1:7001", "cache.command", /choose Cluster/],
    ["-OOM command not allowed when used memory > 'maxmemory'.", "cache.command", /more memory/],
    ["-NOAUTH Authentication required.", "cache.unreachable", /user and password/],
    ["-WRONGTYPE Operation against a key holding the wrong kind of value", "cache.command", /something else/],
  ] as const) {
    redis.answer = () => `${reply}\r\n`;
    await assert.rejects(cache.get("key"), { code, hint }, reply);
    redis.answer = () => '$3\r\n"a"\r\n';
    assert.deepEqual(await cache.get("key"), { hit: true, nothing: false, value: "a" }, reply);
    assert.equal(cache.health().status, "up");
  }
});

test("a server that has become a replica is left: the client connects anew, to whoever took its place", async (t) => {
  const redis = await startRudeRedis(() => "-READONLY You can't write against a read only replica.\r\n");
  t.after(() => redis.close());
  const cache = openCache({ engine: "redis", nodes: [`127.0.0.1:${redis.port}`], timeoutMs: 500 });
  t.after(() => cache.close());
  await assert.rejects(cache.set("key", 1), { code: "cache.unreachable", hint: /replica now/ });
  const before = redis.connections;
  redis.answer = () => "+OK\r\n";
  await until("a value to be set", () =>
    cache.set("key", 1).then(
      () => true,
      () => false,
    ),
  );
  assert.ok(redis.connections > 1 && redis.connections >= before);
});

test("a server that takes commands and says nothing is an error in time, and no clock can lengthen that", async (t) => {
  const redis = await startRudeRedis(() => undefined);
  t.after(() => redis.close());
  const cache = openCache({ engine: "redis", nodes: [`127.0.0.1:${redis.port}`], timeoutMs: 200 });
  t.after(() => cache.close());
  await assert.rejects(cache.get("key"), { code: "cache.unreachable", message: /timed out/ });
  const { now } = Date;
  t.mock.method(Date, "now", () => now() - 3_600_000);
  await redis.close();
  await until("the loss to be noticed", () => cache.health().gauges["connected"] === 0);
  await assert.rejects(cache.get("key"), { code: "cache.unreachable" });
});
