import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import {
  type Database,
  explainStatement,
  type Notification,
  type Parameters,
  TransactionTable,
} from "../../../lib/database/index.ts";
import { until } from "../../support/until.ts";

/** What an engine cannot do; everything else is asked of all. */
export interface Exceptions {
  /** PGlite has one session: no second connection, and no way to end a statement. */
  readonly oneSession?: boolean;
}

/** What every database must do, asked of an empty one. */
export async function databaseContract(
  t: TestContext,
  database: Database,
  { oneSession = false }: Exceptions = {},
): Promise<void> {
  const one = async (sql: string, parameters?: Parameters): Promise<unknown> => {
    const { rows } = await database.query(sql, parameters);
    return Object.values(rows[0] ?? {})[0];
  };

  await t.test("is off until it is used, then up", async () => {
    assert.equal(database.health().status, "off");
    await database.open();
    await database.open();
    assert.equal(database.health().status, "up");
    assert.match(String(await one("SELECT version()")), /^PostgreSQL/);
    assert.match(database.health().detail, /, PostgreSQL \d+(\.\d+)?$/);
  });

  await t.test("gives rows, row count, command and columns", async () => {
    await database.query("CREATE TABLE machines (id int PRIMARY KEY, name text NOT NULL, speed float8)");
    const inserted = await database.query("INSERT INTO machines VALUES (1, 'Press', 1.5), (2, 'Lathe', NULL)");
    assert.deepEqual([inserted.command, inserted.rowCount, inserted.rows], ["INSERT", 2, []]);
    const read = await database.query("SELECT name, speed FROM machines ORDER BY id");
    assert.deepEqual(read, {
      rows: [
        { name: "Press", speed: 1.5 },
        { name: "Lathe", speed: null },
      ],
      rowCount: 2,
      command: "SELECT",
      columns: ["name", "speed"],
    });
    const last = await database.query("CREATE TABLE a (x int); INSERT INTO a VALUES (7); SELECT x FROM a; ");
    assert.deepEqual(last.rows, [{ x: 7 }]);
  });

  await t.test("keeps every value as it was", async () => {
    const date = new Date("2026-03-29T01:30:00.123Z");
    const cases: [string, unknown, unknown][] = [
      ["text", "it's; DROP TABLE machines; --", "it's; DROP TABLE machines; --"],
      ["int", -5, -5],
      ["bigint", 9007199254740991n, 9007199254740991],
      ["bigint", 9007199254740993n, "9007199254740993"],
      ["numeric", "21.50", 21.5],
      ["numeric", "12345678901234567.25", "12345678901234567.25"],
      ["float8", 0.1, 0.1],
      ["boolean", true, true],
      ["timestamp", date, date],
      ["timestamptz", date, date],
      ["date", "2026-03-29", "2026-03-29"],
      ["jsonb", { a: [1, { b: null }] }, { a: [1, { b: null }] }],
      ["bytea", Buffer.from([0, 255]), Buffer.from([0, 255])],
      ["int[]", [1, 2], [1, 2]],
      ["bigint[]", [1n, null], [1, null]],
      ["timestamp[]", [date], [date]],
      ["text", undefined, null],
    ];
    for (const [type, given, read] of cases) {
      assert.deepEqual(await one(`SELECT $1::${type} AS value`, [given]), read, type);
    }
  });

  await t.test("takes parameters by name, beside text that only looks like them", async () => {
    const sql = `SELECT :a::int + $b AS sum, ':c' AS quoted, "d:e"."x" AS x, (ARRAY[1,2,3])[2:3] AS slice, $tag$ :f $tag$ AS dollar
      FROM (SELECT 1 AS x) AS "d:e" -- :g
      /* $h */ WHERE :a = :a`;
    assert.deepEqual((await database.query(sql, { a: 1, b: 2 })).rows, [
      { sum: 3, quoted: ":c", x: 1, slice: [2, 3], dollar: " :f " },
    ]);
    await assert.rejects(database.query("SELECT :a, :missing", { a: 1 }), { code: "database.query", field: "missing" });
    await assert.rejects(database.query("SELECT $1, $2", [1]), { code: "database.query", field: "2" });
    await assert.rejects(database.query("SELECT $1", [1, 2]), { code: "database.query", field: "params" });
    await assert.rejects(database.query("SELECT :a", { toString: 1 }), { field: "a" });
    await assert.rejects(database.query("SELECT * FROM machines WHERE name = '{{payload}}'"), (error) => {
      assert.match((error as { hint: string }).hint, /msg\.params/);
      return true;
    });
    await assert.rejects(database.query("SELECT '$\u{7b}msg.payload}'"), { code: "database.query", field: "query" });
  });

  await t.test("an injection stays a value", async () => {
    const evil = "x'); DROP TABLE machines; --";
    await database.query("INSERT INTO machines VALUES (:id, :name)", { id: 3, name: evil });
    assert.equal(await one("SELECT name FROM machines WHERE name = $1", [evil]), evil);
    assert.equal(await one("SELECT count(*) FROM machines"), 3);
  });

  await t.test("says what is wrong with SQLSTATE, field and place", async () => {
    const fails = async (sql: string, expected: object, parameters: Parameters = []): Promise<void> => {
      await assert.rejects(database.query(sql, parameters), expected, sql);
    };
    await fails("INSERT INTO machines VALUES (1, 'x')", {
      code: "database.constraint",
      status: "23505",
      field: "machines_pkey",
    });
    await fails("INSERT INTO machines VALUES (9, NULL)", {
      code: "database.constraint",
      status: "23502",
      field: "name",
    });
    await fails("SELECT *\nFROM nowhere", { code: "database.query", status: "42P01" });
    await fails("SELECT $1::uuid", { code: "database.query", status: "22P02" }, ["device-001"]);
    await assert.rejects(database.query("SELECT *\nFROM nowhere"), /line 2, column 6 .*42P01/);
    assert.equal(database.health().status, "up");
  });

  await t.test("transactions: all or nothing, and none left open", async () => {
    const count = (): Promise<unknown> => one("SELECT count(*) FROM a");
    await database.transaction(async (tx) => {
      await tx.query("INSERT INTO a VALUES (1)");
      await tx.query("INSERT INTO a VALUES (2)");
    });
    assert.equal(await count(), 3);
    await assert.rejects(
      database.transaction(async (tx) => {
        await tx.query("INSERT INTO a VALUES (3)");
        throw new Error("no");
      }),
      /no/,
    );
    const failing = await database.begin();
    await assert.rejects(failing.query("INSERT INTO a VALUES ('x')"), { status: "22P02" });
    await assert.rejects(failing.commit(), { code: "database.transaction" });
    await assert.rejects(failing.query("SELECT 1"), { code: "database.transaction" });
    await failing.rollback();
    const readOnly = database.transaction((tx) => tx.query("INSERT INTO a VALUES (4)"), { readOnly: true });
    await assert.rejects(readOnly, { status: "25006" });
    assert.equal(await count(), 3);
    assert.equal(database.health().gauges["open"], 0);
  });

  await t.test("transactions by id: shared, bounded, rolled back in time", async () => {
    const table = new TransactionTable(database, 1, 30_000);
    const id = await table.begin();
    await assert.rejects(table.begin(), { code: "database.busy" });
    await table.within(id, (session) => session.query("INSERT INTO a VALUES (5)"));
    await table.commit(id);
    await assert.rejects(table.commit(id), /committed already/);
    assert.equal(await one("SELECT count(*) FROM a"), 4);
    const failing = await table.begin();
    await assert.rejects(
      table.within(failing, (session) => session.query("SELECT nonsense")),
      { status: "42703" },
    );
    await assert.rejects(
      table.within(failing, (session) => session.query("SELECT 1")),
      /a statement failed/,
    );
    const forgotten = await table.begin({}, 50);
    await table.within(forgotten, (session) => session.query("INSERT INTO a VALUES (6)"));
    await until("the roll back", () => table.size === 0);
    await assert.rejects(table.commit(forgotten), /rolled back after 0\.05 s/);
    await assert.rejects(table.commit("nobody"), /not known/);
    assert.equal(await one("SELECT count(*) FROM a"), 4);
  });

  await t.test("streams in batches at the reader's pace, and can be left", async () => {
    const sizes: number[] = [];
    let sum = 0;
    const sql = "SELECT g FROM generate_series(1, :n::int) g";
    for await (const rows of database.stream(sql, { n: 2500 }, { batchRows: 1000 })) {
      sizes.push(rows.length);
      for (const { g } of rows) sum += Number(g);
    }
    assert.deepEqual([sizes, sum], [[1000, 1000, 500], (2500 * 2501) / 2]);
    for await (const rows of database.stream(sql, { n: 1e6 })) if (rows.length > 0) break;
    const nothing: unknown[] = [];
    for await (const rows of database.stream(sql, { n: 0 })) nothing.push(rows);
    assert.equal(nothing.length, 0);
    await assert.rejects(
      async () => {
        for await (const rows of database.stream("SELECT 1 / (3 - g) FROM generate_series(1, 5) g", [], {
          batchRows: 1,
        }))
          nothing.push(rows);
      },
      { status: "22012" },
    );
    assert.equal(nothing.length, 2);
    assert.equal(await one("SELECT 1"), 1);
  });

  await t.test("hears notifications, from the moment it listens until it stops", async () => {
    const heard: Notification[] = [];
    const states: boolean[] = [];
    const stop = await database.listen(["orders", "Mixed Case"], {
      heard: (notification) => heard.push(notification),
      listening: (up) => states.push(up),
    });
    await database.query("SELECT pg_notify('orders', :text)", { text: "one" });
    await database.query("NOTIFY \"Mixed Case\", 'two'; NOTIFY other, 'three'");
    await until("the notifications", () => heard.length === 2);
    assert.deepEqual(
      heard.map(({ channel, payload }) => [channel, payload]),
      [
        ["orders", "one"],
        ["Mixed Case", "two"],
      ],
    );
    assert.deepEqual(states, [true]);
    await stop();
    await database.query("NOTIFY orders, 'late'");
    assert.equal(heard.length, 2);
    await assert.rejects(database.listen([""], { heard: () => undefined }), {
      code: "database.query",
      field: "channel",
    });
  });

  if (!oneSession) {
    await t.test("ends what takes too long, on the server too", async () => {
      await assert.rejects(database.query("SELECT pg_sleep(60)", [], { timeoutMs: 100 }), { code: "database.timeout" });
      const controller = new AbortController();
      const waiting = database.query("SELECT pg_sleep(61)", [], { signal: controller.signal });
      setTimeout(() => controller.abort(), 100);
      await assert.rejects(waiting, { code: "database.timeout" });
      const left = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(6%'";
      await until("the server's end of it", async () => (await one(left)) === 0);
    });
  }

  await t.test("lists what took long, without values, and how the server runs it", async () => {
    const sql = "SELECT pg_sleep(0.3), :secret::text AS secret";
    await database.query(sql, { secret: "of the plant" });
    await database.transaction((session) => session.query(sql, { secret: "of the plant" }));
    const slow = database.slowStatements().find((each) => each.sql.includes("$1::text AS secret"));
    assert.equal(slow?.count, 2);
    assert.ok(slow.totalMs >= 600 && slow.maxMs >= 300);
    assert.doesNotMatch(JSON.stringify(database.slowStatements()), /of the plant/);
    assert.ok(database.health().counters["slow"]! >= 2);
    const { rows } = await database.query("SELECT current_setting('server_version_num')::int >= 160000 AS plans");
    if (rows[0]?.["plans"] === true) assert.match(await explainStatement(database, slow.sql), /Result/);
    else await assert.rejects(explainStatement(database, slow.sql), /needs PostgreSQL 16/);
    await assert.rejects(explainStatement(database, "SELECT 1; DROP TABLE IF EXISTS x"), { code: "database.query" });
  });

  await t.test("asks many at once over few connections", async () => {
    const asked = Array.from({ length: 1000 }, (_, i) => i);
    const sums = await Promise.all(asked.map((i) => one("SELECT $1::int * 2", [i])));
    assert.deepEqual(
      sums,
      asked.map((i) => i * 2),
    );
    // The connection that listens is not of the pool.
    const backends = await one("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'Factory+'");
    assert.ok(Number(backends) <= 11, `${String(backends)} backends`);
    const { gauges } = database.health();
    assert.ok(gauges["connections"]! <= 10 && gauges["waiting"] === 0);
    assert.equal(gauges["idle"], gauges["connections"], "none is left in use");
  });
}
