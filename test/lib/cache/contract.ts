import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Cache } from "../../../lib/cache/index.ts";
import { until } from "../../support/until.ts";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What every cache must do. `other` is the same store as another process sees it (the same object where there is none). */
export async function cacheContract(t: TestContext, cache: Cache, other: Cache): Promise<void> {
  const value = async (key: string): Promise<unknown> => {
    const found = await cache.get(key);
    return found.hit && !found.nothing ? found.value : undefined;
  };

  await t.test("is off until it is used, then up", async () => {
    assert.equal(cache.health().status, "off");
    await cache.open();
    await cache.open();
    assert.equal(cache.health().status, "up");
  });

  await t.test("gives back what was set, as a copy", async () => {
    for (const given of ["text", "", 0, -1.5, true, null, [1, [2]], { a: { b: "ü" } }, "5", "true"]) {
      assert.equal(await cache.set("k", given), true);
      assert.deepEqual(await cache.get("k"), { hit: true, nothing: false, value: given });
    }
    const object = { n: 1 };
    await cache.set("copy", object);
    object.n = 2;
    assert.deepEqual(await value("copy"), { n: 1 });
    assert.deepEqual(await cache.get("absent"), { hit: false });
    assert.equal(await cache.delete(["k", "copy", "absent"]), 2);
    assert.deepEqual(await cache.get("k"), { hit: false });
  });

  await t.test("remembers that there is none", async () => {
    await cache.set("none", undefined);
    assert.deepEqual(await cache.get("none"), { hit: true, nothing: true });
  });

  await t.test("ends values in time, and writes only where it may", async () => {
    await cache.set("short", 1, { ttlMs: 60 });
    assert.equal(await value("short"), 1);
    await until("its end", async () => (await value("short")) === undefined);
    assert.equal(await cache.set("once", 1, { when: "present" }), false);
    assert.equal(await cache.set("once", 1, { when: "absent" }), true);
    assert.equal(await cache.set("once", 2, { when: "absent" }), false);
    assert.equal(await cache.set("once", 3, { when: "present" }), true);
    assert.equal(await value("once"), 3);
  });

  await t.test("refuses what it cannot keep, naming it", async () => {
    const refused: [() => Promise<unknown>, string][] = [
      [() => cache.set("", 1), "key"],
      [() => cache.set("x".repeat(1025), 1), "key"],
      [() => cache.set("k", new Uint8Array(3)), "k"],
      [() => cache.set("k", 5n), "k"],
      [() => cache.set("k", () => 5), "k"],
      [() => cache.set("k", 1, { ttlMs: -5 }), "ttl"],
      [() => cache.set("k", 1, { ttlMs: Number.NaN }), "ttl"],
      [() => cache.increment("k", 0.5), "by"],
    ];
    for (const [ask, field] of refused) await assert.rejects(ask(), { code: "cache.command", field });
    await cache.set("words", "five");
    await assert.rejects(cache.increment("words"), { code: "cache.command" });
  });

  await t.test("counts without losing one, and ends a counter with its first time", async () => {
    const sums = await Promise.all(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? cache : other).increment("n")));
    assert.deepEqual(new Set(sums).size, 100);
    assert.equal(await value("n"), 100);
    assert.equal(await cache.increment("n", -101), -1);
    assert.equal(await cache.increment("window", 1, 200), 1);
    assert.equal(await cache.increment("window", 1, 200), 2);
    await until("the window's end", async () => (await value("window")) === undefined);
  });

  await t.test("locks: one holder, growing tokens, lost in time", async () => {
    const first = (await cache.lock("press", 10_000))!;
    assert.equal(await other.lock("press", 10_000), undefined);
    assert.equal(await first.extend(10_000), true);
    const waiting = other.lock("press", 10_000, 5000);
    await wait(30);
    assert.equal(await first.release(), true);
    const second = (await waiting)!;
    assert.ok(second.token > first.token);
    assert.equal(await first.release(), false);
    assert.equal(await first.extend(1000), false);
    assert.equal(await cache.heldLock("press", second.owner, second.token).release(), true);
    const short = (await cache.lock("press", 50))!;
    await until("its loss", async () => !(await short.extend(50).then(async (held) => (await wait(60), held))));
    const third = (await cache.lock("press", 1000, 1000))!;
    assert.ok(third.token > short.token);
    await third.release();
    const holders = await Promise.all(Array.from({ length: 20 }, () => other.lock("crowd", 10_000)));
    assert.equal(holders.filter((lock) => lock !== undefined).length, 1);
  });

  await t.test("publishes to names and patterns, from when one listens until it stops", async () => {
    const heard: unknown[] = [];
    const states: boolean[] = [];
    const stop = await cache.subscribe(["alarms", "line/*/state"], {
      heard: (channel, text) => heard.push([channel, text]),
      listening: (up) => states.push(up),
    });
    await until("the subscription", () => states.includes(true));
    await other.publish("alarms", { id: 7 });
    await other.publish("line/1/state", "up");
    await other.publish("line/1/other", "no");
    await until("the messages", () => heard.length === 2);
    assert.deepEqual(
      new Set(heard.map((each) => JSON.stringify(each))),
      new Set(['["alarms",{"id":7}]', '["line/1/state","up"]']),
    );
    await stop();
    await other.publish("alarms", "late");
    await wait(50);
    assert.equal(heard.length, 2);
  });

  await t.test("a hundred who miss at once cause one load, here and elsewhere", async () => {
    let loads = 0;
    const load = async (): Promise<{ n: number }> => {
      loads += 1;
      await wait(100);
      return { n: loads };
    };
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? cache : other).through("report", load, { ttlMs: 60_000 })),
    );
    assert.equal(loads, 1);
    assert.ok(all.every((each) => each?.n === 1));
    assert.deepEqual(await cache.through("report", load), { n: 1 });
    assert.equal(loads, 1);
  });

  await t.test("a load that fails is told, kept by nobody, and the next one tries", async () => {
    const failing = cache.through("bad", () => Promise.reject(new Error("no database")));
    await assert.rejects(failing, /no database/);
    assert.equal(await cache.through("bad", () => Promise.resolve(5)), 5);
    let asked = 0;
    const none = (): Promise<undefined> => {
      asked += 1;
      return Promise.resolve(undefined);
    };
    assert.equal(await cache.through("nobody", none, { nothingMs: 60_000 }), undefined);
    assert.equal(await cache.through("nobody", none, { nothingMs: 60_000 }), undefined);
    assert.equal(asked, 1, "that there is none is remembered");
    await cache.through("never", none);
    await cache.through("never", none);
    assert.equal(asked, 3, "and not where nobody asked for it");
  });

  await t.test("a value that is written to its source and to the cache is not loaded again", async () => {
    const source = new Map([["recipe", 1]]);
    let loads = 0;
    const load = (): Promise<number | undefined> => Promise.resolve(((loads += 1), source.get("recipe")));
    assert.equal(await cache.through("written", load), 1);
    source.set("recipe", 2);
    await cache.set("written", 2);
    assert.equal(await other.through("written", load), 2);
    assert.equal(await cache.through("written", load), 2);
    assert.equal(loads, 1);
  });

  await t.test("a claim by ticket: others wait for its value, or for its end", async () => {
    const claim = await cache.claim("page", 5000);
    assert.ok(!("hit" in claim));
    const waiting = other.claim("page");
    await wait(30);
    await cache.claimed("page", claim.ticket).fill("ready", 60_000);
    assert.deepEqual(await waiting, { hit: true, nothing: false, value: "ready" });
    const abandoned = await cache.claim("left", 80);
    assert.ok(!("hit" in abandoned));
    const next = await other.claim("left", 1000);
    assert.ok(!("hit" in next), "whoever takes too long loses the right");
    await next.drop();
  });

  await t.test("says how often it knew", async () => {
    const { counters, gauges } = cache.health();
    assert.ok(counters["hits"]! > 0 && counters["misses"]! > 0);
    const { hits = 0, misses = 0 } = counters;
    assert.equal(gauges["hitRatio"], Math.round((hits / (hits + misses)) * 1000) / 1000);
  });
}
