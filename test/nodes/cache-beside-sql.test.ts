import assert from "node:assert/strict";
import { after, test, type TestContext } from "node:test";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import cache from "../../nodes/fplus-cache/fplus-cache.ts";
import store from "../../nodes/fplus-cache-store/fplus-cache-store.ts";
import database from "../../nodes/fplus-database/fplus-database.ts";
import sql from "../../nodes/fplus-sql/fplus-sql.ts";
import { loadFlow, nextMessage, unloadFlow } from "../support/nodes.ts";
import { openFolder, postgresPrograms, startPostgres } from "../support/postgres.ts";
import { redisProgram, startRedis } from "../support/redis.ts";
import { missing } from "../support/services.ts";
import { until } from "../support/until.ts";

after(() => processLeases.closeAll());

/** The report is slow, counts how often it is asked for, and knows no machine but the press. */
const REPORT = `SELECT pg_sleep(0.2)::text AS waited, nextval('asked')::int AS asked, machine, pieces
  FROM report WHERE machine = :topic`;

/** cache get -> (not known) -> sql -> cache set, a write that goes to both, and what the database was asked. */
async function exercise(t: TestContext, dialog: object): Promise<void> {
  const server = await startPostgres(t);
  const cached = (id: string, action: string, wires: string[][], more: object = {}): object => {
    const usual = { key: "topic", keyType: "msg", ttl: "60", guard: true, when: "", by: "1", wait: "0" };
    return { id, z: "tab", type: "fplus-cache", cache: "store", action, ...usual, wires, ...more };
  };
  const statement = (id: string, query: string, wires: string[][]): object => {
    const usual = { action: "query", params: "params", output: "rows", timeout: "" };
    return { id, z: "tab", type: "fplus-sql", database: "d", ...usual, query, wires };
  };
  const place = { host: "127.0.0.1", port: String(server.port), databaseName: "plant", user: "tester", tls: "auto" };
  const flow = [
    { id: "tab", type: "tab" },
    { id: "store", type: "fplus-cache-store", name: "Store", ...dialog },
    { id: "d", type: "fplus-database", engine: "postgres", ...place, connections: "4", timeout: "20" },
    cached("n-get", "get", [["answer"], ["n-ask"]]),
    statement("n-ask", REPORT, [["n-set"]]),
    cached("n-set", "set", [["answer"]]),
    statement("n-write", "UPDATE report SET pieces = :pieces WHERE machine = 'Press' RETURNING machine, pieces", [
      ["n-keep"],
    ]),
    cached("n-keep", "set", [["written"], []], { key: "Press", keyType: "str" }),
    statement("n-any", "", [["rows"]]),
    ...["answer", "written", "rows"].map((id) => ({ id, z: "tab", type: "helper" })),
  ];
  const node = await loadFlow(openFolder(t), [store, cache, database, sql], flow, { d: { password: "secret" } });
  const answers: Record<string, unknown>[] = [];
  node("answer").on("input", (msg) => answers.push(msg));
  const rows = async (query: string): Promise<Record<string, unknown>[]> => {
    const answer = nextMessage(node("rows"));
    node("n-any").receive({ query });
    return (await answer)["payload"] as Record<string, unknown>[];
  };
  const get = (topic: string): void => node("n-get").receive({ topic, params: { topic } });
  await rows(`CREATE TABLE report (machine text PRIMARY KEY, pieces int); INSERT INTO report VALUES ('Press', 7);
    CREATE SEQUENCE asked`);
  const asked = async (): Promise<unknown> =>
    (await rows("SELECT CASE WHEN is_called THEN last_value ELSE 0 END::int AS n FROM asked"))[0]!["n"];

  await t.test("100 parallel misses ask the database once, and all get its answer", async () => {
    for (let i = 0; i < 100; i++) get("Press");
    await until("100 answers", () => answers.length === 100);
    assert.equal(await asked(), 1);
    for (const { payload } of answers) {
      assert.deepEqual(payload, [{ waited: "", asked: 1, machine: "Press", pieces: 7 }]);
    }
  });

  await t.test("what is known is answered from the cache, and the share of it is a metric", async () => {
    const before = part("cache")!;
    for (let i = 0; i < 50; i++) get("Press");
    await until("150 answers", () => answers.length === 150);
    assert.equal(await asked(), 1);
    const { counters, gauges } = part("cache")!;
    assert.equal(counters["hits"]! - before.counters["hits"]!, 50);
    assert.equal(counters["misses"], before.counters["misses"]);
    const { hits = 0, misses = 0 } = counters;
    assert.equal(gauges["hitRatio"], Math.round((hits / (hits + misses)) * 1000) / 1000);
  });

  await t.test("written through: a write to the table and to the cache is read without asking again", async () => {
    const written = nextMessage(node("written"));
    node("n-write").receive({ params: { pieces: 9 } });
    await written;
    get("Press");
    await until("the answer", () => answers.length === 151);
    assert.deepEqual(answers.at(-1)!["payload"], [{ machine: "Press", pieces: 9 }]);
    assert.deepEqual(await rows("SELECT pieces FROM report"), [{ pieces: 9 }]);
    assert.equal(await asked(), 1);
  });

  await t.test("that there is nothing is remembered too", async () => {
    for (let i = 0; i < 10; i++) get("Nobody");
    await until("the answers", () => answers.length === 161);
    const { misses } = part("cache")!.counters;
    get("Nobody");
    await until("the last", () => answers.length === 162);
    assert.deepEqual(answers.at(-1)!["payload"], []);
    assert.equal(part("cache")!.counters["misses"], misses);
  });

  await unloadFlow();
  await processLeases.closeAll();
}

const part = (kind: string) => processHealth.snapshot().find((each) => each.kind === kind);

test("a cache in this process beside a database", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  await exercise(t, { engine: "embedded", maxEntries: "1000", megabytes: "8" });
});

test("Redis beside a database", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms) || missing(t, "redis-server", redisProgram)) return;
  const redis = await startRedis(t);
  const place = { nodes: `127.0.0.1:${redis.port}`, databaseNumber: "0", tls: false, prefix: "t:" };
  await exercise(t, { engine: "redis", mode: "single", ...place });
});
