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
