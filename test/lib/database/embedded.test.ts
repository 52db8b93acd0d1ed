import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { HealthBoard } from "../../../lib/health/index.ts";
import { type Database, openDatabase } from "../../../lib/database/index.ts";
import { startChild } from "../../support/child.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { openFolder } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";
import { databaseContract } from "./contract.ts";

const embedded = (directory: string): Database => openDatabase({ engine: "embedded", directory, program: "postgres" });

const postmaster = (directory: string): number =>
  Number(readFileSync(path.join(directory, "server/postmaster.pid"), "utf8").split("\n")[0]);

function isAlive(pid: number): boolean {
  // A zombie (nobody has asked for its exit code) is not alive.
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : "";
  return /\) [^ZX]/.test(stat);
}

test("the embedded PostgreSQL", async (t) => {
  const directory = path.join(openFolder(t), "database");
  const board = new HealthBoard();
  const database = embedded(directory);
  board.add(() => database.health());
  t.after(() => database.close());
  await databaseContract(t, database);

  await t.test("keeps its password to itself, and syncs to disk", async () => {
    assert.equal(statSync(path.join(directory, "password")).mode & 0o777, 0o600);
    assert.doesNotMatch(
      JSON.stringify(board.snapshot()),
      new RegExp(readFileSync(path.join(directory, "password"), "utf8").trim()),
    );
    const { rows } = await database.query(
      "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'listen_addresses') ORDER BY 1",
    );
    assert.deepEqual(
      rows.map(({ setting }) => setting),
      ["on", "127.0.0.1"],
    );
    assert.deepEqual(
      board.snapshot().map(({ kind, mode }) => [kind, mode]),
      [["database", "embedded"]],
    );
  });

  await t.test("streams a million rows in constant memory", async () => {
    const sql = "SELECT g, repeat('x', 100) AS t FROM generate_series(1, 1000000) g";
    let rows = 0;
    let early = 0;
    let late = 0;
    for await (const batch of database.stream(sql, [], { batchRows: 1000 })) {
      rows += batch.length;
      if (rows <= 300_000) early = Math.max(early, process.memoryUsage.rss());
      else late = Math.max(late, process.memoryUsage.rss());
    }
    assert.equal(rows, 1_000_000);
    assert.ok(late - early < 100e6, `${Math.round((late - early) / 1e6)} MB more after 300,000 rows`);
  });

  await t.test("comes back when its server was killed", async () => {
    const pid = postmaster(directory);
    const states: boolean[] = [];
    const heard: string[] = [];
    const stop = await database.listen(["alarm"], {
      heard: ({ payload }) => heard.push(payload),
      listening: (up) => states.push(up),
    });
    process.kill(pid, "SIGKILL");
    await until("its end", () => !isAlive(pid));
    await until("its return", () =>
      database.query("SELECT 1").then(
        () => true,
        () => false,
      ),
    );
    assert.notEqual(postmaster(directory), pid);
    await until("the listener", () => states.length === 3);
    assert.deepEqual(states, [true, false, true]);
    await database.query("NOTIFY alarm, 'again'");
    await until("the notification", () => heard.length === 1);
    await stop();
  });

  await t.test("stops with its last user, starts again with its data, over a lock file of somebody else", async () => {
    const pid = postmaster(directory);
    await database.close();
    assert.ok(!isAlive(pid));
    await assert.rejects(database.query("SELECT 1"), { code: "database.engine" });
    // After a restart of the machine the number in a stale lock file may be anybody's.
    const lock = path.join(directory, "server/postmaster.pid");
    writeFileSync(lock, `${process.pid}\n${directory}/server\n0\n1\n\n127.0.0.1\n\nready   \n`);
    const again = embedded(directory);
    const { rows } = await again.query("SELECT count(*) FROM machines");
    assert.deepEqual(rows, [{ count: 3 }]);
    await again.close();
  });

  await t.test("loses nothing committed when the process is killed, and its server is taken over", async () => {
    const program = path.join(import.meta.dirname, "durability.child.ts");
    const child = startChild(process.execPath, [program, directory], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await until("1,000 transactions", () => said.split("\n").length > 1000);
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    const pid = postmaster(directory);
    assert.ok(isAlive(pid), "the server outlives its parent");
    const again = embedded(directory);
    const { rows } = await again.query("SELECT n FROM commits ORDER BY n");
    assert.equal(postmaster(directory), pid, "it was taken over");
    const acknowledged = said.split("\n").filter(Boolean).map(Number);
    const kept = new Set(rows.map(({ n }) => n));
    assert.deepEqual(
      acknowledged.filter((n) => !kept.has(n)),
      [],
    );
    const { rows: partial } = await again.query("SELECT n FROM commits GROUP BY n HAVING count(*) <> 2");
    assert.deepEqual(partial, []);
    await again.close();
    assert.ok(!isAlive(pid));
  });

  await t.test("two processes that start it at once share it", async () => {
    const [first, second] = [embedded(directory), embedded(directory)];
    await Promise.all([first.open(), second.open()]);
    await first.close();
    // The second one starts it again.
    await until("the other one", () =>
      second.query("SELECT 1").then(
        () => true,
        () => false,
      ),
    );
    await second.close();
  });
});

test("PGlite", async (t) => {
  const directory = path.join(openFolder(t), "database");
  const database = openDatabase({ engine: "embedded", directory, program: "pglite" });
  t.after(() => database.close());
  await databaseContract(t, database, { oneSession: true });
  await t.test("is chosen where the folder holds its data, and keeps them", async () => {
    await database.close();
    const again = openDatabase({ engine: "embedded", directory });
    assert.deepEqual((await again.query("SELECT count(*) FROM machines")).rows, [{ count: 3 }]);
    assert.match(again.health().detail, /PGlite/);
    await again.close();
  });
});

test("root in a folder that no other account may enter: PGlite, and why; never over a server's data", async (t) => {
  if (process.getuid?.() !== 0) {
    t.skip("not root");
    return;
  }
  const closed = temporaryFolder(t);
  const fresh = openDatabase({ engine: "embedded", directory: path.join(closed, "database") });
  await fresh.open();
  assert.match(fresh.health().detail, /PGlite .*PostgreSQL cannot run here .*may not enter/);
  await fresh.close();
  mkdirSync(path.join(closed, "other/server"), { recursive: true });
  const existing = openDatabase({ engine: "embedded", directory: path.join(closed, "other") });
  await assert.rejects(existing.open(), { code: "database.engine" });
  assert.equal(existing.health().status, "down");
  await existing.close();
});
