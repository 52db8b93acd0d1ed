import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";
import { openDatabase, plantSchema } from "../../lib/database/index.ts";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import database from "../../nodes/fplus-database/fplus-database.ts";
import sql from "../../nodes/fplus-sql/fplus-sql.ts";
import listen from "../../nodes/fplus-sql-listen/fplus-sql-listen.ts";
import { loadFlow, nextMessage, unloadFlow } from "../support/nodes.ts";
import { openFolder, postgresPrograms, startPostgres } from "../support/postgres.ts";
import { missing } from "../support/services.ts";
import { until } from "../support/until.ts";

after(() => processLeases.closeAll());

const statement = (id: string, query: string, more: object = {}): object => ({
  id,
  z: "tab",
  type: "fplus-sql",
  database: "d",
  action: "query",
  query,
  params: "params",
  output: "rows",
  wires: [["out"], ["end"]],
  ...more,
});

test("statements, transactions, streams and notifications of messages", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  const server = await startPostgres(t);
  const flow = [
    { id: "tab", type: "tab" },
    {
      id: "d",
      type: "fplus-database",
      name: "Server",
      engine: "postgres",
      host: "127.0.0.1",
      port: String(server.port),
      databaseName: "plant",
      user: "tester",
      tls: "auto",
      connections: "4",
      timeout: "20",
      transaction: "20",
    },
    statement("sql-any", ""),
    statement("sql-add", "INSERT INTO orders VALUES (:id, :name)"),
    statement("sql-count", "SELECT count(*) AS n FROM orders"),
    statement("sql-begin", "", { action: "begin" }),
    statement("sql-commit", "", { action: "commit" }),
    statement("sql-tables", "", { action: "tables" }),
    statement("sql-rollback", "", { action: "rollback" }),
    statement("sql-stream", "SELECT g FROM generate_series(1, :n::int) g", { output: "batches", batchRows: "100" }),
    statement("sql-rows", "SELECT g FROM generate_series(1, :n::int) g", { output: "row", batchRows: "2" }),
    statement("sql-asked", "SELECT g FROM generate_series(1, 1000000) g", {
      output: "batches",
      batchRows: "10",
      pace: "asked",
    }),
    statement("sql-slow", "SELECT pg_sleep(60)", { timeout: "" }),
    statement("sql-late", "SELECT pg_sleep(62)", { timeout: "0.2" }),
    statement(
      "sql-shift",
      `WITH shift AS (SELECT name, pieces, at FROM runs WHERE line = :line AND at >= :from::timestamptz)
       SELECT name, pieces, sum(pieces) OVER (PARTITION BY name ORDER BY at)::int AS total,
              rank() OVER (ORDER BY pieces DESC)::int AS place, lag(pieces) OVER (PARTITION BY name ORDER BY at) AS before
       FROM shift ORDER BY at`,
    ),
    {
      id: "l",
      z: "tab",
      type: "fplus-sql-listen",
      database: "d",
      channels: "orders",
      format: "auto",
      wires: [["heard"], ["state"]],
    },
    { id: "errors", z: "tab", type: "catch", scope: null, wires: [["caught"]] },
    ...["out", "end", "heard", "state", "caught"].map((id) => ({ id, z: "tab", type: "helper" })),
  ];
  const credentials = { d: { password: "secret" } };
  const node = await loadFlow(openFolder(t), [database, sql, listen], flow, credentials);
  const heard: Record<string, Record<string, unknown>[]> = {};
  for (const id of ["out", "end", "heard", "state", "caught"]) {
    heard[id] = [];
    node(id).on("input", (msg) => heard[id]!.push(msg));
  }
  const ask = async (id: string, msg: Record<string, unknown> = {}): Promise<Record<string, unknown>> => {
    const answer = nextMessage(node("out"));
    node(id).receive(msg);
    return await answer;
  };
  const fails = async (id: string, msg: Record<string, unknown> = {}): Promise<Record<string, unknown>> => {
    const caught = nextMessage(node("caught"));
    node(id).receive(msg);
    return (await caught)["error"] as Record<string, unknown>;
  };
  const count = async (): Promise<unknown> => ((await ask("sql-count"))["payload"] as { n: number }[])[0]?.n;

  await t.test("rows with parameters, and what was changed", async () => {
    await ask("sql-any", { query: "CREATE TABLE orders (id int PRIMARY KEY, name text)" });
    const added = await ask("sql-add", { params: { id: 1, name: "'); DROP TABLE orders; --" }, keep: "me" });
    assert.deepEqual([added["rowCount"], added["command"], added["keep"]], [1, "INSERT", "me"]);
    const read = await ask("sql-any", { query: "SELECT name FROM orders WHERE id = $1", params: [1] });
    assert.deepEqual(read["payload"], [{ name: "'); DROP TABLE orders; --" }]);
  });

  await t.test("the Factory+ tables are made, once, and taken away again", async () => {
    const newest = plantSchema.length;
    const made = await ask("sql-tables");
    assert.deepEqual(made["payload"], { from: 0, to: newest, adopted: [] });
    assert.deepEqual((await ask("sql-tables"))["payload"], { from: newest, to: newest, adopted: [] });
    assert.deepEqual((await ask("sql-any", { query: "SELECT status FROM devices" }))["payload"], []);
    const wrong = await fails("sql-tables", { schemaVersion: "0" });
    assert.equal((wrong["cause"] as { field: string }).field, "schemaVersion");
    assert.equal((await fails("sql-tables", { schemaVersion: newest + 1 }))["code"], "database.migration");
    await ask("sql-tables", { schemaVersion: 0 });
    assert.equal((await fails("sql-any", { query: "SELECT * FROM devices" }))["code"], "database.query");
  });

  await t.test("a CTE with windows and parameters; an injection stays a value in each of them", async () => {
    await ask("sql-any", { query: "CREATE TABLE runs (line text, name text, pieces int, at timestamptz)" });
    const evil = "a' OR '1'='1'; DROP TABLE runs; --";
    const rows = [
      ["a", "Press", 5, 0],
      ["a", "Lathe", 9, 1],
      ["a", "Press", 7, 2],
      [evil, "Press", 100, 3],
    ];
    const insert = "INSERT INTO runs VALUES ($1, $2, $3, '2026-01-01T00:00:00Z'::timestamptz + $4 * interval '1 hour')";
    for (const params of rows) await ask("sql-any", { query: insert, params });
    const shift = async (line: string): Promise<unknown> =>
      (await ask("sql-shift", { params: { line, from: new Date("2026-01-01T00:00:00Z") } }))["payload"];
    assert.deepEqual(await shift("a"), [
      { name: "Press", pieces: 5, total: 5, place: 3, before: null },
      { name: "Lathe", pieces: 9, total: 9, place: 1, before: null },
      { name: "Press", pieces: 7, total: 12, place: 2, before: 5 },
    ]);
    assert.deepEqual(await shift(evil), [{ name: "Press", pieces: 100, total: 100, place: 1, before: null }]);
    assert.deepEqual(await shift("a' OR '1'='1"), []);
    const late = await fails("sql-shift", { params: { line: "a", from: "2026-01-01'; DROP TABLE runs; --" } });
    assert.equal((late["cause"] as { status: string }).status, "22007", "no time, and no statement either");
    const { payload } = await ask("sql-any", { query: "SELECT count(*) AS n FROM runs" });
    assert.deepEqual(payload, [{ n: 4 }]);
  });

  await t.test("errors say code, SQLSTATE, field and the way out", async () => {
    const twice = await fails("sql-add", { params: { id: 1, name: "x" } });
    assert.equal(twice["code"], "database.constraint");
    assert.match(String(twice["message"]), /duplicate key.*23505.*\[orders_pkey\]/);
    assert.deepEqual(((cause) => [cause.status, cause.field])(twice["cause"] as { status: string; field: string }), [
      "23505",
      "orders_pkey",
    ]);
    assert.match(
      String((await fails("sql-add", { params: { id: 2 } }))["message"]),
      /no value for the parameter :name/,
    );
    assert.match(String((await fails("sql-any", { query: "SELECT '{{payload}}'" }))["message"]), /msg\.params/);
    assert.match(String((await fails("sql-any"))["message"]), /no statement \[query\]/);
    assert.match(String((await fails("sql-add", { params: 5 }))["message"]), /msg\.params is no list/);
  });

  await t.test("a transaction along a message: committed, rolled back, rolled back by a failure", async () => {
    const begun = await ask("sql-begin");
    await ask("sql-add", { ...begun, params: { id: 10, name: "a" } });
    assert.equal(await count(), 1, "nobody else sees it yet");
    const committed = await ask("sql-commit", begun);
    assert.equal(committed["transaction"], undefined);
    assert.equal(await count(), 2);
    const second = await ask("sql-begin");
    await ask("sql-add", { ...second, params: { id: 11, name: "b" } });
    await ask("sql-rollback", second);
    assert.equal(await count(), 2);
    const third = await ask("sql-begin");
    await ask("sql-add", { ...third, params: { id: 12, name: "c" } });
    await fails("sql-add", { ...third, params: { id: 10, name: "twice" } });
    assert.match(String((await fails("sql-commit", third))["message"]), /a statement failed/);
    assert.equal(await count(), 2);
    const open = [await ask("sql-begin"), await ask("sql-begin")];
    assert.equal((await fails("sql-begin"))["code"], "database.busy");
    for (const msg of open) await ask("sql-rollback", msg);
  });

  await t.test("streams of batches and rows, with their parts", async () => {
    heard["out"] = [];
    const ended = nextMessage(node("end"));
    node("sql-stream").receive({ params: { n: 250 } });
    assert.equal((await ended)["payload"], 250);
    assert.deepEqual(
      heard["out"].map(({ payload, parts }) => [
        (payload as unknown[]).length,
        (parts as { index: number; count?: number }).index,
        (parts as { count?: number }).count,
      ]),
      [
        [100, 0, undefined],
        [100, 1, undefined],
        [50, 2, 3],
      ],
    );
    heard["out"] = [];
    const rowsEnded = nextMessage(node("end"));
    node("sql-rows").receive({ params: { n: 3 } });
    assert.equal((await rowsEnded)["payload"], 3);
    assert.deepEqual(
      heard["out"].map(({ payload, parts }) => [payload, (parts as { count?: number }).count]),
      [
        [{ g: 1 }, undefined],
        [{ g: 2 }, undefined],
        [{ g: 3 }, 3],
      ],
    );
  });

  await t.test("a stream that waits to be asked: next, next, stop", async () => {
    heard["out"] = [];
    const first = await ask("sql-asked");
    const second = await ask("sql-asked", { stream: "next", parts: first["parts"] });
    assert.deepEqual((second["payload"] as { g: number }[])[0], { g: 11 });
    const ended = nextMessage(node("end"));
    node("sql-asked").receive({ stream: "stop", parts: first["parts"] });
    assert.equal((await ended)["payload"], 20);
    assert.equal(heard["out"].length, 2);
    assert.match(
      String((await fails("sql-asked", { stream: "next", parts: first["parts"] }))["message"]),
      /no stream waits/,
    );
  });

  const SLEEPERS =
    "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(6%'";
  const sleepers = async (): Promise<unknown> => {
    const { payload } = await ask("sql-any", { query: SLEEPERS });
    return (payload as { n: number }[])[0]!.n;
  };

  await t.test("cancels what runs, and ends what takes too long, on the server too", async () => {
    const caught = nextMessage(node("caught"));
    node("sql-slow").receive({});
    await until("the statement", async () => (await sleepers()) === 1);
    node("sql-slow").receive({ cancel: true });
    assert.equal(((await caught)["error"] as { code: string }).code, "database.timeout");
    assert.equal((await fails("sql-late"))["code"], "database.timeout");
    await until("the server's end of both", async () => (await sleepers()) === 0);
  });

  await t.test(
    "notifications come as messages, again after the server was away, and the pool says how it is",
    async () => {
      await until("the listener", () => heard["state"]!.at(-1)?.["payload"] === true);
      await ask("sql-any", { query: "SELECT pg_notify('orders', :order)", params: { order: '{"id":7}' } });
      await until("the notification", () => heard["heard"]!.length === 1);
      assert.deepEqual([heard["heard"]![0]!["topic"], heard["heard"]![0]!["payload"]], ["orders", { id: 7 }]);
      await server.stop();
      await until("the loss", () => heard["state"]!.at(-1)?.["payload"] === false);
      assert.equal((await fails("sql-count"))["code"], "database.unreachable");
      // The nodes of the helper share what they showed.
      await until("the status", () => /ECONNREFUSED/.test(JSON.stringify(node("sql-count").status.args)));
      assert.equal(part()?.status, "down");
      await server.start();
      await until("the listener again", () => heard["state"]!.at(-1)?.["payload"] === true);
      await until("the pool", async () => (await ask("sql-count"))["payload"] !== undefined);
      assert.deepEqual([part()?.status, part()?.mode, part()?.name], ["up", "external", "Server"]);
      assert.doesNotMatch(JSON.stringify(part()), /secret/);
    },
  );

  await unloadFlow();
  await processLeases.closeAll();
});

const part = () => processHealth.snapshot().find(({ kind }) => kind === "database");
test("without a database node, the plant's own starts at the first statement and not before", async (t) => {
  const user = openFolder(t);
  const flow = [
    { id: "tab", type: "tab" },
    statement("q", "SELECT version() AS version", { database: "" }),
    { id: "out", z: "tab", type: "helper" },
    { id: "end", z: "tab", type: "helper" },
  ];
  const node = await loadFlow(user, [sql], flow);
  assert.deepEqual([part()?.status, part()?.mode], ["off", "embedded"]);
  const answer = nextMessage(node("out"));
  node("q").receive({});
  assert.match(JSON.stringify((await answer)["payload"]), /PostgreSQL 18/);
  assert.deepEqual([part()?.status, part()?.mode], ["up", "embedded"]);
  await unloadFlow();
  await processLeases.closeAll();
  // Another process, or a later start, finds the same database there.
  const again = openDatabase({ engine: "embedded", directory: path.join(user, "fplus", "database") });
  await again.open();
  await again.close();
});
