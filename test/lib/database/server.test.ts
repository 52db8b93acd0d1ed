import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { type Database, openDatabase, optionsOfUrl } from "../../../lib/database/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { freePorts } from "../../support/ports.ts";
import { postgresPrograms, startPostgres } from "../../support/postgres.ts";
import { findProgram, missing } from "../../support/services.ts";
import { until } from "../../support/until.ts";
import { databaseContract } from "./contract.ts";

const openssl = findProgram("OPENSSL", "/usr/bin/openssl");

const at = (port: number, more: object = {}): Database =>
  openDatabase({ ...optionsOfUrl(`postgres://tester:secret@127.0.0.1:${port}/plant`), ...more });

test("TLS is checked unless one says otherwise", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms) || missing(t, "openssl", openssl)) return;
  const folder = temporaryFolder(t);
  const [key, certificate] = ["key.pem", "cert.pem"].map((name) => path.join(folder, name));
  const names = ["-subj", "/CN=plant", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(
    openssl!,
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key!, "-out", certificate!, "-days", "2", ...names],
    { stdio: "ignore" },
  );
  const pem = readFileSync(certificate!, "utf8");
  const { port } = await startPostgres(t, "ssl = on\n", {
    "server.key": readFileSync(key!, "utf8"),
    "server.crt": pem,
  });
  const secured = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
  const ask = async (more: object): Promise<unknown> => {
    const database = at(port, more);
    try {
      return (await database.query(secured)).rows[0]?.["ssl"];
    } finally {
      await database.close();
    }
  };
  assert.equal(await ask({ tls: "auto" }), false, "on this machine it is off");
  assert.equal(await ask({ tls: "encrypt" }), true);
  assert.equal(await ask({ tls: "verify", ca: pem }), true);
  await assert.rejects(ask({ tls: "verify" }), (error: { code: string; hint: string }) => {
    assert.equal(error.code, "database.unreachable");
    assert.match(error.hint, /authority/);
    return true;
  });
});

test("a PostgreSQL server", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  const server = await startPostgres(t);
  const database = at(server.port);
  t.after(() => database.close());
  await databaseContract(t, database);

  await t.test("health names the extensions that a new connection finds", async () => {
    await database.query("CREATE EXTENSION pgcrypto");
    const next = at(server.port);
    await next.open();
    assert.match(next.health().detail, /PostgreSQL [\d.]+ with pgcrypto$/);
    await next.close();
    await database.query("DROP EXTENSION pgcrypto");
  });

  await t.test(
    "1,000 requests use no more backends than the pool has, and none is left in use, whatever went wrong",
    async () => {
      const pool = at(server.port, { connections: 4, name: "pool" });
      const watcher = at(server.port, { connections: 1 });
      const pids = async (): Promise<number[]> => {
        // Those of the pool alone: the others of this test were there before.
        const { rows } = await watcher.query(
          "SELECT pid FROM pg_stat_activity WHERE application_name = 'Factory+' AND NOT pid = ANY($1)",
          [strangers],
        );
        return rows.map(({ pid }) => Number(pid));
      };
      let strangers: number[] = [];
      strangers = [...(await pids()), Number((await watcher.query("SELECT pg_backend_pid() AS pid")).rows[0]?.["pid"])];
      let most = 0;
      let looks = 0;
      let isDone = false;
      const watching = until("the requests", async () => {
        most = Math.max(most, (await pids()).length);
        looks += 1;
        return isDone;
      });
      await Promise.all(
        Array.from({ length: 1000 }, async (_, i) => {
          const sql = "SELECT pg_sleep(0.002), $1::int AS n";
          assert.equal((await pool.query(sql, [i])).rows[0]?.["n"], i);
        }),
      );
      isDone = true;
      await watching;
      assert.ok(most >= 2 && most <= 4, `${most} backends in ${looks} looks`);
      // Everything that a caller can do wrong gives its connection back.
      for (let i = 0; i < 20; i++) {
        await assert.rejects(pool.query("SELECT nonsense"));
        await assert.rejects(pool.query("SELECT pg_sleep(60)", [], { timeoutMs: 20 }), { code: "database.timeout" });
        await assert.rejects(
          pool.transaction(() => Promise.reject(new Error("of the flow"))),
          /of the flow/,
        );
        await assert.rejects(
          pool.transaction((session) => session.query("SELECT 1 / 0")),
          { status: "22012" },
        );
        for await (const rows of pool.stream("SELECT generate_series(1, 100000) AS g")) if (rows.length > 0) break;
        await (await pool.begin()).rollback();
      }
      const { gauges } = pool.health();
      assert.deepEqual([gauges["waiting"], gauges["open"]], [0, 0]);
      assert.equal(gauges["idle"], gauges["connections"], "none is left in use");
      assert.ok((await pids()).length <= 4);
      await pool.close();
      await until("their end on the server", async () => (await pids()).length === 0);
      await watcher.close();
    },
  );

  await t.test("all connections in use: the next one waits, then hears why", async () => {
    const small = at(server.port, { connections: 1, acquireMs: 200 });
    const held = await small.begin();
    await assert.rejects(small.query("SELECT 1"), { code: "database.busy" });
    await held.rollback();
    assert.equal((await small.query("SELECT 1 AS x")).rows[0]?.["x"], 1);
    await small.close();
  });

  await t.test("a wrong password, database, name and port are named", async () => {
    const wrong = async (url: string, code: string): Promise<void> => {
      const elsewhere = openDatabase({ ...optionsOfUrl(url), acquireMs: 3000 });
      await assert.rejects(elsewhere.query("SELECT 1"), (error: { code: string; message: string }) => {
        assert.equal(error.code, code, error.message);
        assert.doesNotMatch(error.message, /wrong-secret/);
        return true;
      });
      assert.equal(elsewhere.health().status, "down");
      await elsewhere.close();
    };
    const [closed] = await freePorts(1);
    await wrong(`postgres://tester:wrong-secret@127.0.0.1:${server.port}/plant`, "database.refused");
    await wrong(`postgres://tester:secret@127.0.0.1:${server.port}/elsewhere`, "database.refused");
    await wrong(`postgres://tester:secret@127.0.0.1:${closed}/plant`, "database.unreachable");
    await wrong(`postgres://tester:secret@127.0.0.1:${server.port}/plant?sslmode=verify-full`, "database.unreachable");
    assert.throws(() => optionsOfUrl("http://x"), { code: "config.invalid", field: "url" });
    assert.throws(() => openDatabase({ engine: "postgres", host: "x", database: "", user: "u" }), {
      field: "database",
    });
  });

  await t.test("survives a restart of the server: errors meanwhile, listeners again afterwards", async () => {
    const heard: string[] = [];
    const states: boolean[] = [];
    const stop = await database.listen(["alarm"], {
      heard: ({ payload }) => heard.push(payload),
      listening: (up) => states.push(up),
    });
    await server.stop();
    await assert.rejects(database.query("SELECT 1"), { code: "database.unreachable" });
    assert.equal(database.health().status, "down");
    await server.start();
    await until("the database", () =>
      database.query("SELECT 1").then(
        () => true,
        () => false,
      ),
    );
    await until("the listener", () => states.at(-1) === true);
    await database.query("NOTIFY alarm, 'back'");
    await until("the notification", () => heard.length === 1);
    assert.equal(database.health().status, "up");
    await stop();
  });
});
