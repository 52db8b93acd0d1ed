import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { type Database, openDatabase } from "../../../lib/database/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { openFolder, postgresPrograms, startPostgres } from "../../support/postgres.ts";
import { missing } from "../../support/services.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";

const at = (port: number, more: object = {}): Database =>
  openDatabase({
    engine: "postgres",
    host: "127.0.0.1",
    port,
    user: "tester",
    password: "secret",
    database: "plant",
    tls: "off",
    ...more,
  });

test("a PostgreSQL server in trouble", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  const server = await startPostgres(t, "max_connections = 8\nsuperuser_reserved_connections = 0\n");
  const database = at(server.port);
  t.after(() => database.close());
  await database.query("CREATE TABLE counted(n int PRIMARY KEY)");

  await t.test("a backend that is ended takes its statement with it, and the next one works", async () => {
    const sleeping = database.query("SELECT pg_sleep(100)");
    const refused = assert.rejects(sleeping, { code: "database.unreachable" });
    await until("the statement to be ended", async () => {
      const { rows } = await database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(100)' AND pid <> pg_backend_pid()",
      );
      return rows.length > 0;
    });
    await refused;
    assert.equal((await database.query("SELECT 1 AS one")).rows[0]?.["one"], 1);
    assert.equal(database.health().status, "up");
  });

  await t.test(
    "a transaction whose backend is ended has done nothing, and its connection is not used again",
    async () => {
      const transaction = await database.begin();
      await transaction.query("INSERT INTO counted VALUES (1)");
      const { rows } = await transaction.query("SELECT pg_backend_pid() AS pid");
      await database.query("SELECT pg_terminate_backend($1)", [rows[0]!["pid"]]);
      await assert.rejects(transaction.commit());
      await transaction.rollback();
      assert.equal((await database.query("SELECT FROM counted")).rowCount, 0);
    },
  );

  await t.test(
    "more connections than the server has are said with the way out, and free ones serve again",
    async () => {
      const many = Array.from({ length: 8 }, () => at(server.port, { connections: 1 }));
      const outcomes = await Promise.allSettled(many.map((one) => one.begin()));
      const failed = outcomes.flatMap((one) =>
        one.status === "rejected" ? [one.reason as { code: string; hint: string }] : [],
      );
      assert.ok(failed.length > 0 && failed.length < 8, `${failed.length} of 8 were refused`);
      for (const { code, hint } of failed)
        assert.deepEqual([code, /max_connections/.test(hint)], ["database.busy", true]);
      for (const one of outcomes) if (one.status === "fulfilled") await one.value.rollback();
      for (const one of many) await one.close();
      assert.equal((await database.query("SELECT 1 AS one")).rows[0]?.["one"], 1);
    },
  );

  await t.test("a replica that may only be read says so", async () => {
    await database.query("ALTER ROLE tester SET default_transaction_read_only = on");
    const replica = at(server.port, { connections: 1 });
    await assert.rejects(replica.query("INSERT INTO counted VALUES (2)"), { status: "25006", hint: /primary/ });
    assert.equal((await replica.query("SELECT FROM counted")).rowCount, 0);
    await replica.close();
    const writer = at(server.port, { connections: 1 });
    await writer.query("SET default_transaction_read_only = off");
    await writer.query("ALTER ROLE tester RESET default_transaction_read_only");
    await writer.close();
  });

  await t.test(
    "a connection that is reset in the middle of an answer is an error, and no row is taken for another",
    async () => {
      const proxy = await startTcpProxy(server.port);
      const far = at(proxy.port, { connections: 1 });
      try {
        assert.equal((await far.query("SELECT 1 AS one")).rows[0]?.["one"], 1);
        proxy.reset();
        await assert.rejects(far.query("SELECT g FROM generate_series(1, 5000) g"), { code: "database.unreachable" });
        assert.equal((await far.query("SELECT 2 AS two")).rows[0]?.["two"], 2);
      } finally {
        await far.close();
        await proxy.close();
      }
    },
  );
});

test("a second process on the folder of PGlite is told so before it can do harm", async (t) => {
  const directory = path.join(openFolder(t), "database");
  const database = openDatabase({ engine: "embedded", directory, program: "pglite" });
  t.after(() => database.close());
  await database.query("CREATE TABLE mine(n int)");
  const room = JSON.stringify(path.resolve(import.meta.dirname, "../../../lib/database/index.ts"));
  const code = `
    import { openDatabase } from ${room};
    const database = openDatabase({ engine: "embedded", directory: process.argv[1], program: "pglite" });
    await database.query("SELECT 1").then(console.log, (error) => console.log(error.describe()));
    await database.close();`;
  const other = spawnSync(process.execPath, ["--input-type=module", "-e", code, directory], {
    encoding: "utf8",
    cwd: temporaryFolder(t),
  });
  assert.match(other.stdout, /^database\.engine: .* is in use by another process \[directory\] .*give each its own/);
  assert.equal((await database.query("INSERT INTO mine VALUES (1)")).rowCount, 1);
});
