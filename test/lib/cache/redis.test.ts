import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
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

test("copies near at hand: changes elsewhere, and nothing old after one's own write", async (t) => {
  if (missing(t, "redis-server", redisProgram)) return;
  const server = await startRedis(t);
  const options = { engine: "redis", nodes: [`127.0.0.1:${server.port}`], prefix: "p:", copiesMs: 600_000 } as const;
  const [here, there] = [openCache(options), openCache(options)];
  const foreign = openCache({ engine: "redis", nodes: options.nodes, prefix: "p:" });
  t.after(() => Promise.all([here.close(), there.close(), foreign.close()]));
  const value = async (cache: Cache, key: string): Promise<unknown> => {
    const found = await cache.get(key);
    return found.hit && !found.nothing ? found.value : undefined;
  };
  const copied = async (cache: Cache, key: string): Promise<void> => {
    await until(`a copy of ${key}`, async () => {
      const before = cache.health().gauges["copies"]!;
      await cache.delete([key]);
      await cache.set(key, "copied");
      await cache.get(key);
      return cache.health().gauges["copies"]! > before;
    });
  };

  await t.test("a value is read from here, until somebody of ours changes it", async () => {
    await until("a copy, which does not see what another program writes", async () => {
      await here.set("k", 1);
      // What tells of this write may arrive after the read, and ends its copy.
      await pause(20);
      await value(there, "k");
      await foreign.set("k", "of another program");
      return (await value(there, "k")) === 1;
    });
    for (const [change, expected] of [
      [() => here.set("k", 2), 2],
      [() => here.increment("k", 5), 7],
      [() => here.delete(["k"]), undefined],
    ] as const) {
      await change();
      await until(`${expected} elsewhere`, async () => (await value(there, "k")) === expected);
    }
  });

  await t.test("a read after one's own write gives what was written", async () => {
    for (let i = 0; i < 500; i++) {
      const reads = [value(here, "own"), value(here, "own")];
      await here.set("own", i);
      assert.equal(await value(here, "own"), i);
      await Promise.all(reads);
      assert.equal(await value(here, "own"), i);
    }
  });

  await t.test("two who write all the time end with the same", async () => {
    await Promise.all(
      [here, there].map(async (cache, n) => {
        for (let i = 0; i < 300; i++) await Promise.all([cache.set("both", `${n} ${i}`), cache.get("both")]);
      }),
    );
    await until("the same", async () => (await value(here, "both")) === (await value(there, "both")));
    assert.equal(await value(here, "both"), await value(foreign, "both"));
  });

  await t.test("a copy ends with its value", async () => {
    await here.set("short", 1, { ttlMs: 300 });
    assert.equal(await value(there, "short"), 1);
    await until("its end", async () => (await value(there, "short")) === undefined);
  });

  await t.test("while nothing can be heard nothing old is given", async () => {
    await copied(there, "lost");
    await server.stop();
    await until("the loss", async () => !(await works(there)()));
    await until("no copy", () => there.health().gauges["copies"] === 0);
    await assert.rejects(there.get("lost"), { code: "cache.unreachable" });
    await server.start();
    await until("its return", works(there));
    await until("its return here", works(here));
    assert.equal(await value(there, "lost"), undefined, "this Redis keeps nothing on disk");
    await copied(there, "again");
  });
});

test("the contract with copies near at hand", async (t) => {
  if (missing(t, "redis-server", redisProgram)) return;
  const server = await startRedis(t);
  const options = { engine: "redis", nodes: [`127.0.0.1:${server.port}`], copiesMs: 600_000 } as const;
  const [cache, other] = [openCache(options), openCache(options)];
  await cacheContract(t, cache, other);
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
