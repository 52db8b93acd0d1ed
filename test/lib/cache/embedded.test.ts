import assert from "node:assert/strict";
import { test } from "node:test";
import { openCache } from "../../../lib/cache/index.ts";
import { cacheContract } from "./contract.ts";

test("the embedded cache", async (t) => {
  const cache = openCache({ engine: "embedded" });
  await cacheContract(t, cache, cache);
  assert.equal(cache.health().mode, "embedded");
  await cache.close();
  await assert.rejects(cache.get("k"), { code: "cache.unreachable" });
});

test("it stays within its bounds, and says what it displaced", async () => {
  const few = openCache({ engine: "embedded", maxEntries: 100 });
  for (let i = 0; i < 1000; i++) await few.set(`k${i}`, i);
  assert.deepEqual([few.health().gauges["entries"], few.health().gauges["evicted"]], [100, 900]);
  assert.deepEqual(await few.get("k0"), { hit: false });
  assert.equal((await few.get("k999")).hit, true);
  const small = openCache({ engine: "embedded", maxBytes: 1_000_000 });
  for (let i = 0; i < 100; i++) await small.set(`k${i}`, "x".repeat(10_000));
  assert.ok(small.health().gauges["bytes"]! <= 1_000_000);
  await assert.rejects(small.set("huge", "x".repeat(1_000_000)), { code: "cache.command", field: "huge" });
  await Promise.all([few.close(), small.close()]);
});
