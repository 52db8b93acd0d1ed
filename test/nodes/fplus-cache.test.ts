import assert from "node:assert/strict";
import { after, test, type TestContext } from "node:test";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import cache from "../../nodes/fplus-cache/fplus-cache.ts";
import listen from "../../nodes/fplus-cache-listen/fplus-cache-listen.ts";
import store from "../../nodes/fplus-cache-store/fplus-cache-store.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, nextMessage, unloadFlow } from "../support/nodes.ts";
import { redisProgram, startRedis } from "../support/redis.ts";
import { missing } from "../support/services.ts";
import { until } from "../support/until.ts";

after(() => processLeases.closeAll());

const part = () => processHealth.snapshot().find(({ kind }) => kind === "cache");

/** The flow of a cache-aside, counters, locks and messages, on a store of the dialog's values. */
async function exercise(t: TestContext, dialog: object, credentials: object): Promise<void> {
  const node = (id: string, action: string, more: object = {}): object => ({
    id,
    z: "tab",
    type: "fplus-cache",
    cache: "store",
    action,
    key: "topic",
    keyType: "msg",
    ttl: "",
    guard: true,
    when: "",
    by: "1",
    wait: "0",
    wires: [["first"], ["second"]],
    ...more,
  });
  const flow = [
    { id: "tab", type: "tab" },
    { id: "store", type: "fplus-cache-store", name: "Store", ...dialog },
    node("c-get", "get"),
    node("c-plain", "get", { guard: false }),
    node("c-set", "set", { ttl: "60" }),
    node("c-once", "set", { when: "absent" }),
    node("c-delete", "delete"),
    node("c-count", "count", { key: "$uppercase(topic)", keyType: "jsonata" }),
    node("c-publish", "publish", { key: "line/1/state", keyType: "str" }),
    node("c-lock", "lock", { ttl: "20" }),
    node("c-unlock", "unlock", { key: "" }),
    {
      id: "hear",
      z: "tab",
      type: "fplus-cache-listen",
      cache: "store",
      channels: "line/*/state, alarms",
      wires: [["heard"], ["state"]],
    },
    { id: "errors", z: "tab", type: "catch", scope: null, wires: [["caught"]] },
    ...["first", "second", "heard", "state", "caught"].map((id) => ({ id, z: "tab", type: "helper" })),
  ];
  const at = await loadFlow(temporaryFolder(t), [store, cache, listen], flow, credentials);
  const seen: Record<string, Record<string, unknown>[]> = {};
  for (const id of ["first", "second", "heard", "state", "caught"]) {
    seen[id] = [];
    at(id).on("input", (msg) => seen[id]!.push(msg));
  }
  const send = async (id: string, msg: Record<string, unknown>, output = "first"): Promise<Record<string, unknown>> => {
    const answer = nextMessage(at(output));
    at(id).receive(msg);
    return await answer;
  };

  await t.test("one of many that miss goes to load, the others get what it sets", async () => {
    for (let i = 0; i < 20; i++) at("c-get").receive({ topic: "report", payload: i });
    await until("the one", () => seen["second"]!.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual([seen["first"]!.length, seen["second"]!.length], [0, 1]);
    const [loader] = seen["second"]!;
    at("c-set").receive({ ...loader, payload: { pieces: 7 } });
    await until("all the others", () => seen["first"]!.length === 20);
    assert.ok(seen["first"]!.every(({ payload }) => JSON.stringify(payload) === '{"pieces":7}'));
    assert.equal(seen["second"]!.length, 1);
    assert.equal(seen["first"]![0]!["claim"], undefined);
  });

  await t.test("set, set once, delete, and that there is none", async () => {
    await send("c-once", { topic: "once", payload: 1 });
    await send("c-once", { topic: "once", payload: 2 }, "second");
    assert.equal((await send("c-plain", { topic: "once" }))["payload"], 1);
    assert.equal((await send("c-delete", { topic: "once" }))["removed"], 1);
    await send("c-plain", { topic: "once" }, "second");
    await send("c-set", { topic: "none" });
    const known = await send("c-plain", { topic: "none", payload: "old" });
    assert.equal(known["payload"], undefined);
    await send("c-set", { topic: "soon", payload: 1, ttl: 0.05 });
    await until("its end", async () => {
      at("c-plain").receive({ topic: "soon" });
      await new Promise((resolve) => setTimeout(resolve, 20));
      return (seen["second"]!.at(-1) ?? {})["topic"] === "soon";
    });
  });

  await t.test("counts, locks and publishes", async () => {
    assert.equal((await send("c-count", { topic: "pieces" }))["payload"], 1);
    assert.equal((await send("c-count", { topic: "Pieces", by: 5 }))["payload"], 6);
    const held = await send("c-lock", { topic: "press" });
    await send("c-lock", { topic: "press" }, "second");
    const released = await send("c-unlock", held);
    assert.equal(released["lock"], undefined);
    const next = await send("c-lock", { topic: "press" });
    const token = (msg: Record<string, unknown>): number => (msg["lock"] as { token: number }).token;
    assert.ok(token(next) > token(held));
    await send("c-unlock", held, "second");
    await until("the listener", () => seen["state"]!.some(({ payload }) => payload === true));
    const published = await send("c-publish", { payload: { state: "up" } });
    assert.equal(published["heard"], 1);
    await until("the message", () => seen["heard"]!.length === 1);
    assert.deepEqual([seen["heard"]![0]!["topic"], seen["heard"]![0]!["payload"]], ["line/1/state", { state: "up" }]);
  });

  await t.test("errors name the field and the way out", async () => {
    for (const [id, msg, said] of [
      ["c-get", {}, /no key \[key\]/],
      ["c-set", { topic: "k", payload: Buffer.from("x") }, /bytes cannot be cached \[k\]/],
      ["c-set", { topic: "k", payload: 1, ttl: "soon" }, /no number of seconds \[ttl\]/],
      ["c-unlock", {}, /holds no lock \[lock\]/],
    ] as const) {
      const caught = await send(id, { ...msg }, "caught");
      assert.match(String((caught["error"] as { message: string }).message), said);
    }
  });
}

test("cache nodes in this process", async (t) => {
  await exercise(t, { engine: "embedded", maxEntries: "1000", megabytes: "8" }, {});
  assert.deepEqual([part()?.status, part()?.mode, part()?.name], ["up", "embedded", "Store"]);
  assert.ok(part()!.gauges["hitRatio"]! > 0);
  await unloadFlow();
});

test("cache nodes on Redis", async (t) => {
  if (missing(t, "redis-server", redisProgram)) return;
  const server = await startRedis(t, ["--requirepass", "secret"]);
  const dialog = {
    engine: "redis",
    mode: "single",
    nodes: `127.0.0.1:${server.port}`,
    databaseNumber: "0",
    tls: false,
    prefix: "t:",
  };
  await exercise(t, dialog, { store: { password: "secret" } });
  assert.deepEqual([part()?.status, part()?.mode], ["up", "external"]);
  assert.doesNotMatch(JSON.stringify(part()), /secret/);
  await unloadFlow();
  await processLeases.closeAll();
});
