import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import cache from "../../nodes/fplus-cache/fplus-cache.ts";
import cacheStore from "../../nodes/fplus-cache-store/fplus-cache-store.ts";
import database from "../../nodes/fplus-database/fplus-database.ts";
import historian from "../../nodes/fplus-historian/fplus-historian.ts";
import historianQuery from "../../nodes/fplus-historian-query/fplus-historian-query.ts";
import historianWrite from "../../nodes/fplus-historian-write/fplus-historian-write.ts";
import objectStore from "../../nodes/fplus-object-store/fplus-object-store.ts";
import objects from "../../nodes/fplus-objects/fplus-objects.ts";
import search from "../../nodes/fplus-search/fplus-search.ts";
import searchEngine from "../../nodes/fplus-search-engine/fplus-search-engine.ts";
import sql from "../../nodes/fplus-sql/fplus-sql.ts";
import { startInfluxd } from "../support/influxd.ts";
import { startMeiliStandIn } from "../support/meili.ts";
import { minioProgram, startMinio } from "../support/minio.ts";
import { loadFlow, nextMessage, unloadFlow } from "../support/nodes.ts";
import { openFolder, postgresPrograms, startPostgres } from "../support/postgres.ts";
import { redisProgram, startRedis } from "../support/redis.ts";
import { findProgram, missing } from "../support/services.ts";

after(() => processLeases.closeAll());

const TYPES = [cache, cacheStore, database, historian, historianQuery, historianWrite];
const MORE_TYPES = [objectStore, objects, search, searchEngine, sql];
const INFLUXD = process.env["FPLUS_TEST_INFLUXD18"] ?? findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");
const T0 = Date.UTC(2026, 0, 15);
const STORES = ["cache", "database", "historian", "objects", "search"];

const RANGE = { signals: "Line1/**", range: "between", from: "2026-01-15", to: "2026-01-16", aggregate: "raw" };
const REQUEST = { filter: "", facets: "", sort: "name:asc", limit: "20", highlight: false, output: "hits", idFrom: "" };
const SETTINGS = { searchable: "name", filterable: "line", sortable: "name" };
const OBJECT = { bucket: "configs", key: "line1.json", source: "payload", output: "json", file: "", allow: "" };

test("every store goes from embedded to its server by one command and one field, with the same answers", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms) || missing(t, "redis-server", redisProgram)) return;
  if (missing(t, "influxd", INFLUXD) || missing(t, "minio", minioProgram)) return;
  const user = openFolder(t);
  const folder = (name: string): string => {
    const made = path.join(user, name);
    mkdirSync(made);
    return made;
  };
  const [postgres, redis, influx, minio, meili] = await Promise.all([
    startPostgres(t),
    startRedis(t),
    startInfluxd(INFLUXD!, folder("influxd")),
    startMinio(folder("minio")),
    startMeiliStandIn(folder("meili"), "key-of-the-test"),
  ]);
  t.after(() => Promise.all([influx.stop(), minio.stop(), meili.stop()]));

  // Both places are filled in; only the choice of the engine differs.
  const flow = (isServer: boolean): object[] => {
    const engine = (server: string): string => (isServer ? server : "embedded");
    const place = {
      host: "127.0.0.1",
      port: String(postgres.port),
      databaseName: "plant",
      user: "tester",
      tls: "auto",
    };
    return [
      { id: "tab", type: "tab" },
      { id: "h", type: "fplus-historian", engine: engine("influx"), folder: "", url: influx.url, bucket: "plant" },
      { id: "d", type: "fplus-database", engine: engine("postgres"), folder: "", ...place },
      { id: "o", type: "fplus-object-store", engine: engine("s3"), folder: "", url: minio.url, style: "path" },
      { id: "e", type: "fplus-search-engine", engine: engine("meilisearch"), folder: "", url: meili.url },
      { id: "c", type: "fplus-cache-store", engine: engine("redis"), mode: "single", nodes: `127.0.0.1:${redis.port}` },
      { id: "n-write", z: "tab", type: "fplus-historian-write", historian: "h", wires: [["out"], []] },
      { id: "n-read", z: "tab", type: "fplus-historian-query", historian: "h", ...RANGE, wires: [["out"]] },
      {
        id: "n-sql",
        z: "tab",
        type: "fplus-sql",
        database: "d",
        action: "query",
        query: "",
        output: "rows",
        wires: [["out"]],
      },
      { id: "n-put", z: "tab", type: "fplus-objects", store: "o", operation: "put", ...OBJECT, wires: [["out"]] },
      { id: "n-get", z: "tab", type: "fplus-objects", store: "o", operation: "get", ...OBJECT, wires: [["out"]] },
      {
        id: "n-index",
        z: "tab",
        type: "fplus-search",
        engine: "e",
        mode: "upsert",
        index: "devices",
        ...REQUEST,
        ...SETTINGS,
        wires: [["out"]],
      },
      {
        id: "n-find",
        z: "tab",
        type: "fplus-search",
        engine: "e",
        mode: "search",
        index: "devices",
        ...REQUEST,
        searchable: "",
        filterable: "",
        sortable: "",
        wires: [["out"]],
      },
      {
        id: "n-count",
        z: "tab",
        type: "fplus-cache",
        cache: "c",
        action: "count",
        key: "pieces",
        keyType: "str",
        by: "1",
        wires: [["out"], []],
      },
      { id: "out", z: "tab", type: "helper" },
    ];
  };
  const credentials = {
    d: { password: "secret" },
    o: { accessKey: minio.accessKey, secretKey: minio.secretKey },
    e: { key: "key-of-the-test" },
  };
  let node = await loadFlow(user, [...TYPES, ...MORE_TYPES], flow(false), credentials);
  const ask = async (id: string, msg: Record<string, unknown> = {}): Promise<unknown> => {
    const answered = nextMessage(node("out"));
    node(id).receive(msg);
    return (await answered)["payload"];
  };
  const stores = (): unknown[] =>
    processHealth
      .snapshot()
      .filter(({ kind }) => STORES.includes(kind))
      .map(({ kind, mode, status }) => `${kind} ${mode} ${status}`)
      .sort();
  const answers = async (): Promise<unknown[]> => [
    await ask("n-read"),
    await ask("n-sql", { query: "SELECT id, name, at FROM orders ORDER BY id" }),
    await ask("n-get"),
    await ask("n-find", { payload: "temprature" }),
    await ask("n-find", { payload: { q: "", filter: "line = 2" } }),
  ];

  const samples = Array.from({ length: 500 }, (_, i) => ({
    name: "Line1/Press/Temp",
    value: i / 8,
    timestamp: T0 + i * 1000,
    unit: "Cel",
  }));
  await ask("n-write", { payload: samples });
  await ask("n-sql", {
    query: `CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, at timestamptz);
      INSERT INTO orders (name, at) SELECT 'Order ' || g, timestamptz '2026-01-15T00:00:00Z' + g * interval '1 hour' FROM generate_series(1, 100) g`,
  });
  await ask("n-put", { payload: { name: "Line 1", machines: ["Press", "Lathe"] } });
  const devices = ["Temperature sensor", "Cooling pump", "Temperature switch"];
  await ask("n-index", { payload: devices.map((name, i) => ({ id: `d${i}`, name, line: i + 1 })) });
  assert.equal(await ask("n-count"), 1);
  const before = await answers();
  assert.deepEqual(
    before.map((each) => (Array.isArray(each) ? each.length : typeof each)),
    [1, 100, "object", 2, 1],
  );
  assert.deepEqual(
    stores(),
    STORES.map((kind) => `${kind} embedded up`),
  );
  await unloadFlow();
  await processLeases.closeAll();

  const script = path.resolve(import.meta.dirname, "../../scripts/copy-store.ts");
  const env = {
    ...process.env,
    FPLUS_STATE: folder("copies"),
    FPLUS_S3_ACCESS_KEY: minio.accessKey,
    FPLUS_S3_SECRET_KEY: minio.secretKey,
    FPLUS_MEILI_KEY: "key-of-the-test",
  };
  for (const [kind, to, said] of [
    ["historian", `${influx.url}/plant`, /^500 samples of 1 signals are copied and verified/m],
    [
      "database",
      `postgres://tester:secret@127.0.0.1:${postgres.port}/plant`,
      /^100 rows of 1 tables are copied and verified/m,
    ],
    ["objects", minio.url, /^1 objects are copied, read back and the same/m],
    ["search", meili.url, /^3 documents of 1 indexes are copied and verified/m],
  ] as const) {
    const from = `embedded:${path.join(user, "fplus", kind)}`;
    const { stdout } = await promisify(execFile)(process.execPath, [script, kind, from, to], { env });
    assert.match(stdout, said);
  }

  node = await loadFlow(user, [...TYPES, ...MORE_TYPES], flow(true), credentials);
  assert.deepEqual(await answers(), before);
  assert.equal(await ask("n-count"), 1, "a cache starts anew");
  assert.deepEqual(
    stores(),
    STORES.map((kind) => `${kind} external up`),
  );
  // And it goes on there.
  await ask("n-sql", { query: "INSERT INTO orders (name) VALUES ('next')" });
  assert.deepEqual(await ask("n-sql", { query: "SELECT max(id) AS id FROM orders" }), [{ id: 101 }]);
  await unloadFlow();
  await processLeases.closeAll();
});
