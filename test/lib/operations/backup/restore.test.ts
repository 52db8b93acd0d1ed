import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { type DatabaseOptions, optionsOfUrl, plantSchema } from "../../../../lib/database/index.ts";
import type { ObjectsOptions } from "../../../../lib/objects/index.ts";
import { type BackupProgress, BackupShelf, backUp, restore, verifyArchive } from "../../../../lib/operations/index.ts";
import { startChild } from "../../../support/child.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { minioProgram, startMinio } from "../../../support/minio.ts";
import { openFolder, postgresPrograms, startPostgres } from "../../../support/postgres.ts";
import { missing } from "../../../support/services.ts";
import { until } from "../../../support/until.ts";
import {
  bytesOf,
  fillPlant,
  fingerprint,
  KEY,
  openSmallPlant,
  opener,
  OPTIONS,
  type SmallPlant,
  wipe,
} from "./plant.ts";

const secretsOf = { passphrase: KEY };

/** Backup to the plant's own object store, everything wiped, restore: the plant is the same to the last byte. */
async function wholeCircle(
  t: TestContext,
  folder: string,
  database?: DatabaseOptions,
  objects?: ObjectsOptions,
): Promise<void> {
  let plant = openSmallPlant(folder, database, objects);
  t.after(() => plant.close());
  await fillPlant(plant);
  const before = await fingerprint(plant);
  const shelf = new BackupShelf({ objects: plant.objects, bucket: "backups", plant: OPTIONS.plant });
  const { report, stored } = await backUp(plant, OPTIONS, (content, head) => shelf.put(content, head, true));
  assert.match(stored.key, /^werk-sud-1\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.fpbackup$/);
  const [listed] = await shelf.list();
  assert.deepEqual([listed?.key, listed?.size], [stored.key, report.size]);
  const info = await plant.objects.stat({ bucket: "backups", key: stored.key });
  assert.equal(info.sha256, report.sha256, "the store keeps the checksum beside it");
  assert.equal(info.metadata["id"], report.id);
  assert.equal(report.rows, 3000 + 1 + plantSchema.length);
  assert.ok(report.samples >= 4100);
  const verified = await verifyArchive(await shelf.open(stored.key), KEY);
  assert.deepEqual([verified.id, verified.sha256, verified.entries], [report.id, report.sha256, report.entries]);

  await wipe(folder, plant);
  await plant.close();
  rmSync(path.join(folder, "historian"), { recursive: true, force: true });
  plant = openSmallPlant(folder, database, objects);
  assert.notEqual(await fingerprint(plant), before);
  const again = new BackupShelf({ objects: plant.objects, bucket: "backups", plant: OPTIONS.plant });
  const key = await again.keyOf("latest");
  const said: BackupProgress[] = [];
  const done = await restore(() => again.open(key), plant, {
    ...secretsOf,
    onProgress: (progress) => said.push(progress),
  });
  assert.equal(await fingerprint(plant), before);
  assert.deepEqual(
    [done.rows, done.samples, done.rejected, done.objects, done.kept],
    [report.rows, report.samples, 0, 3, []],
  );
  assert.ok(
    done.ms >= done.verifyMs && said.some(({ doing }) => doing === "verify") && said.at(-1)?.doing === "restore",
  );
  await plant.database.query("INSERT INTO parts (name) VALUES ('next')");
}

test("a plant with PostgreSQL embedded is backed up, wiped and restored to the last byte", async (t) => {
  await wholeCircle(t, openFolder(t));
});

test("a plant on PGlite is backed up, wiped and restored to the last byte", async (t) => {
  const folder = temporaryFolder(t);
  await wholeCircle(t, folder, { engine: "embedded", directory: path.join(folder, "database"), program: "pglite" });
});

test("a plant on PostgreSQL and MinIO is backed up, wiped and restored to the last byte", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms) || missing(t, "minio", minioProgram)) return;
  const { port } = await startPostgres(t);
  const server = await startMinio(temporaryFolder(t));
  t.after(() => server.stop());
  const { url, accessKey, secretKey } = server;
  const database = optionsOfUrl(`postgres://tester:secret@127.0.0.1:${port}/plant`);
  await wholeCircle(t, openFolder(t), database, { engine: "s3", url, accessKey, secretKey });
});

/** A plant on a server with an archive of it. */
async function archived(t: TestContext): Promise<{ plant: SmallPlant; folder: string; url: string; archive: Buffer }> {
  const { port } = await startPostgres(t);
  const folder = openFolder(t);
  const url = `postgres://tester:secret@127.0.0.1:${port}/plant`;
  const plant = openSmallPlant(folder, optionsOfUrl(url));
  t.after(() => plant.close());
  await fillPlant(plant);
  const { stored } = await backUp(plant, OPTIONS, bytesOf);
  return { plant, folder, url, archive: stored };
}

test("what is damaged, cut, or under another key is refused before anything changes", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  const { plant, archive } = await archived(t);
  writeFileSync(path.join(plant.nodeRed.userDir, "flows.json"), "[] since then");
  await plant.database.query("DELETE FROM parts WHERE id > 5");
  const before = await fingerprint(plant);
  const changed = Buffer.from(archive);
  changed[archive.length - 20_000]! ^= 1;
  const replacing = (bytes: Buffer, passphrase = KEY): Promise<unknown> =>
    restore(opener(bytes), plant, { passphrase, replace: true });
  await assert.rejects(replacing(changed), { code: "backup.damaged" });
  await assert.rejects(replacing(archive.subarray(0, archive.length - 1)), { code: "backup.damaged" });
  await assert.rejects(replacing(archive, "another long key"), { code: "backup.key", field: "key" });
  await assert.rejects(restore(opener(archive), plant, secretsOf), { code: "database.engine", hint: /empty database/ });
  const { historian: _, ...others } = plant;
  await assert.rejects(restore(opener(archive), others, { ...secretsOf, replace: true }), {
    code: "backup.target",
    field: "historian",
  });
  let opened = 0;
  const other = (await backUp(plant, OPTIONS, bytesOf)).stored;
  const exchanged = (): Promise<AsyncIterable<Buffer>> => opener(opened++ === 0 ? archive : other)();
  await assert.rejects(restore(exchanged, plant, { ...secretsOf, replace: true }), /another one than was verified/);
  assert.equal(await fingerprint(plant), before);
  assert.deepEqual(
    readdirSync(plant.nodeRed.userDir).filter((name) => /restoring|before/.test(name)),
    [],
  );

  const done = await restore(opener(archive), plant, { ...secretsOf, replace: true, only: ["database", "node-red"] });
  assert.equal(done.samples + done.objects, 0);
  assert.equal(done.kept.length, 1, "the flows that were there are kept");
  assert.equal(readFileSync(done.kept[0]!, "utf8"), "[] since then");
  assert.equal((await plant.database.query("SELECT id FROM parts")).rows.length, 3000);
});

test("kill -9 during a restore leaves the old state whole, and the next one ends it", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  const { plant, folder, url, archive } = await archived(t);
  const restored = await fingerprint(plant, ["files", "database"]);
  writeFileSync(path.join(plant.nodeRed.userDir, "flows.json"), "[] since then");
  await plant.database.query("DELETE FROM parts WHERE id > 5; CREATE TABLE mine (x int); INSERT INTO mine VALUES (1)");
  const before = await fingerprint(plant, ["files", "database"]);
  const file = path.join(folder, "archive.fpbackup");
  writeFileSync(file, archive);
  // The historian and the objects are one process's; the child writes to other ones.
  const childFolder = path.join(folder, "child");
  mkdirSync(childFolder);
  for (const moment of ["restore user/flows.json", "restore public.parts"]) {
    const child = startChild(
      process.execPath,
      [path.join(import.meta.dirname, "restore.child.ts"), childFolder, url, file],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let said = "";
    child.stdout.on("data", (text: Buffer) => {
      said += text.toString();
      if (said.includes(moment)) child.kill("SIGKILL");
    });
    await once(child, "close");
    assert.ok(said.includes(moment) && !said.includes("done"), said.slice(-200));
    await until("the server to end what the child had begun", async () => {
      const { rows } = await plant.database.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE '%transaction%'",
      );
      return rows.length === 0;
    });
    assert.equal(await fingerprint(plant, ["files", "database"]), before, moment);
    assert.ok(!existsSync(path.join(childFolder, "user/flows.json")));
  }
  await restore(opener(archive), plant, { ...secretsOf, replace: true });
  assert.equal(await fingerprint(plant, ["files", "database"]), restored);
});

test("two at once on one database: the second is told", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  const { plant, url, folder } = await archived(t);
  const other = openSmallPlant(path.join(folder, "other"), optionsOfUrl(url));
  t.after(() => other.close());
  await backUp(plant, OPTIONS, async (content) => {
    const busy = { code: "backup.busy" };
    await assert.rejects(backUp({ database: plant.database }, OPTIONS, bytesOf), busy, "in this process");
    await assert.rejects(backUp({ database: other.database }, OPTIONS, bytesOf), busy, "in another one");
    await bytesOf(content);
  });
  await backUp({ database: other.database }, OPTIONS, bytesOf);
});

test("an archive without a key holds no keys, and what a store does not take to its end is no backup", async (t) => {
  const folder = openFolder(t);
  const plant = openSmallPlant(folder);
  t.after(() => plant.close());
  await fillPlant(plant);
  const { nodeRed, objects } = plant;
  const { passphrase: _, ...open } = OPTIONS;
  const { report, stored } = await backUp({ nodeRed, objects }, { ...open, buckets: ["configs", "gone"] }, bytesOf);
  assert.equal(report.encrypted, false);
  assert.deepEqual(report.left.toSorted(), [
    "bucket gone: there is none",
    "the key of Node-RED's credentials, settings and certificates: only an encrypted archive holds them",
  ]);
  const target = openSmallPlant(path.join(folder, "new"));
  t.after(() => target.close());
  await restore(opener(stored), target);
  const restored = readdirSync(target.nodeRed.userDir).toSorted();
  assert.deepEqual(restored, ["flows.json", "flows_cred.json", "package.json"]);
  await assert.rejects(
    backUp({ nodeRed }, OPTIONS, () => Promise.resolve()),
    { code: "backup.damaged" },
  );
});
