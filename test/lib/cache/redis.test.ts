import assert from "node:assert/strict";
import { test } from "node:test";
import { type Cache, openCache, optionsOfRedisUrl } from "../../../lib/cache/index.ts";
import { freePorts } from "../../support/ports.ts";
import { redisProgram, startCluster, startRedis, startSentinel } from "../../support/redis.ts";
import { missing } from "../../support/services.ts";
import { until } from "../../support/until.ts";
import { cacheContract } from "./contract.ts";

const works = (cache: Cache) => (): Promise<boolean> =>
  cache.set("probe", 1).then(
    () => true,
    () => false,
  );

test("one Redis", async (t) => {
  if (missing(t, "redis-server", redisProgram)) return;
  const server = await startRedis(t, ["--requirepass", "secret"]);
  const options = { ...optionsOfRedisUrl(`redis://:secret@127.0.0.1:${server.port}/1`), prefix: "plant1:" };
  const [cache, other] = [openCache(options), openCache(options)];
  await cacheContract(t, cache, other);

  await t.test("plants with prefixes of their own do not see each other", async () => {
    const stranger = openCache({ ...options, prefix: "plant2:" });
    await cache.set("k", "mine");
    assert.deepEqual(await stranger.get("k"), { hit: false });
    await stranger.close();
  });

  await t.test("a wrong password and a wrong address are named, without the password", async () => {
    const wrong = openCache({ ...options, password: "wrong-one" });
    await assert.rejects(wrong.get("k"), (error: { code: string; message: string }) => {
      assert.equal(error.code, "cache.unreachable");
      assert.doesNotMatch(error.message, /wrong-one/);
      return true;
    });
    await wrong.close();
    const [closed] = await freePorts(1);
    for (const mode of ["single", "sentinel", "cluster"] as const) {
      const away = openCache({
        engine: "redis",
        mode,
        group: "plant",
        nodes: [`127.0.0.1:${closed}`],
        timeoutMs: 2000,
      });
      await assert.rejects(away.get("k"), { code: "cache.unreachable" }, mode);
      await away.close();
    }
    assert.throws(() => openCache({ engine: "redis", nodes: ["a:b:c"] }), { code: "config.invalid", field: "nodes" });
    assert.throws(() => openCache({ engine: "redis", mode: "sentinel", nodes: ["a"] }), { field: "group" });
    assert.throws(() => optionsOfRedisUrl("http://x"), { code: "config.invalid", field: "url" });
  });

  await t.test("while Redis is away, commands fail soon, loads go on, and it comes back by itself", async () => {
    const heard: unknown[] = [];
    const states: boolean[] = [];
    const stop = await cache.subscribe(["alarms"], {
      heard: (_channel, text) => heard.push(text),
      listening: (up) => states.push(up),
    });
    await until("the subscription", () => states.at(-1) === true);
    await server.stop();
    await until("the loss", async () => !(await works(cache)()));
    const began = performance.now();
    await until("failing at once", async () => {
      const from = performance.now();
      await cache.get("k").catch(() => undefined);
      return performance.now() - from < 500;
    });
    assert.ok(performance.now() - began < 20_000);
    assert.equal(cache.health().status, "down");
    assert.equal(await cache.through("anything", () => Promise.resolve("from the database")), "from the database");
    assert.ok(cache.health().counters["bypassed"]! > 0);
    await server.start();
    await until("its return", works(cache));
    await until("the subscription's return", () => states.at(-1) === true && states.includes(false));
    await cache.publish("alarms", "again");
    await until("the message", () => heard.includes("again"));
    assert.equal(cache.health().status, "up");
    await stop();
  });
  await Promise.all([cache.close(), other.close()]);
});

test("Redis behind sentinels: the contract, and a failover", async (t) => {
  if (missing(t, "redis-server", redisProgram)) return;
  const { port, master } = await startSentinel(t);
  const options = { engine: "redis", mode: "sentinel", group: "plant", nodes: [`127.0.0.1:${port}`] } as const;
  const [cache, other] = [openCache(options), openCache(options)];
  await cacheContract(t, cache, other);
  await t.test("goes on with the replica when the master is killed", async () => {
    await cache.set("k", "kept");
    await master.stop();
    await until("the failover", works(cache));
    await until("the other one", works(other));
  });
  await Promise.all([cache.close(), other.close()]);
});

test("a Redis cluster", async (t) => {
  if (missing(t, "redis-server", redisProgram)) return;
  const ports = await startCluster(t);
  const options = { engine: "redis", mode: "cluster", nodes: ports.map((port) => `127.0.0.1:${port}`) } as const;
  const [cache, other] = [openCache(options), openCache(options)];
  await cacheContract(t, cache, other);
  await Promise.all([cache.close(), other.close()]);
});
