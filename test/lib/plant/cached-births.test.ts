import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { type Cache, openCache } from "../../../lib/cache/index.ts";
import { CachedBirths } from "../../../lib/plant/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { redisProgram, startRedis } from "../../support/redis.ts";
import { missing } from "../../support/services.ts";
import { sampled, world } from "../../support/sparkplug/world.ts";
import { until } from "../../support/until.ts";

/** Two hosts one after the other, each with a cache of its own opening. */
async function takesOver(t: TestContext, caches: [Cache, Cache]): Promise<void> {
  t.after(() => Promise.all(caches.map((cache) => cache.close())));
  const w = await world(t);
  const first = w.host({ births: new CachedBirths(caches[0], "H") });
  await until("connected", () => first.host.connected);
  const edge = w.edge(temporaryFolder(t));
  await until("online", () => first.host.nodes()[0]?.state === "online");
  edge.accept(sampled({ Kept: 1 }, 0, "Saw"));
  await until("value", () => first.values.has("G/N/Saw/Kept"));
  await first.host.close();
  const second = w.host({ births: new CachedBirths(caches[1], "H") });
  await until("births recalled", () => second.host.nodes()[0]?.state === "stale");
  await until("connected", () => second.host.connected);
  edge.accept(sampled({ Kept: 2 }, 0, "Saw"));
  await until("value at once", () => second.values.get("G/N/Saw/Kept")?.includes(2) === true);
  assert.deepEqual(second.errors, []);
}

test("a host that takes over resolves aliases from the births in Redis", async (t) => {
  if (missing(t, "redis-server", redisProgram)) return;
  const { port } = await startRedis(t, []);
  const open = (): Cache => openCache({ engine: "redis", nodes: [`127.0.0.1:${port}`] });
  await takesOver(t, [open(), open()]);
});

test("the same with the cache of the process; what two hosts add to the list is not lost", async (t) => {
  const cache = openCache({ engine: "embedded" });
  await takesOver(t, [cache, cache]);
  const shared = openCache({ engine: "embedded" });
  const [one, two] = [new CachedBirths(shared, "H"), new CachedBirths(shared, "H")];
  const payload = Uint8Array.of(1, 2, 3);
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one : two).save({ topic: `spBv1.0/G/NBIRTH/N${i}`, payload })),
  );
  const kept = await new CachedBirths(shared, "H").load();
  assert.equal(kept.length, 20);
  assert.deepEqual([...kept[0]!.payload], [1, 2, 3]);
  assert.deepEqual(await new CachedBirths(shared, "Other").load(), []);
  await shared.close();
});
