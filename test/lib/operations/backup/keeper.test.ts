import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { optionsOfUrl } from "../../../../lib/database/index.ts";
import type { FplusError } from "../../../../lib/errors/index.ts";
import { openObjects, type ObjectStore } from "../../../../lib/objects/index.ts";
import { BackupKeeper, BackupShelf, type KeeperOptions, type MadeBackup } from "../../../../lib/operations/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { openFolder, postgresPrograms, startPostgres } from "../../../support/postgres.ts";
import { missing } from "../../../support/services.ts";
import { until } from "../../../support/until.ts";
import { openSmallPlant } from "./plant.ts";

const HOUR = 3_600_000;
const hourly = (after: number): number => after + HOUR;
const keyAt = (time: number): string =>
  `plant/${new Date(time).toISOString().replaceAll(":", "-").slice(0, 19)}Z.fpbackup`;

function keeperOf(
  t: TestContext,
  more: Partial<KeeperOptions> = {},
): { keeper: BackupKeeper; objects: ObjectStore; folder: string; userDir: string } {
  const folder = temporaryFolder(t);
  const userDir = path.join(folder, "user");
  mkdirSync(userDir);
  writeFileSync(path.join(userDir, "flows.json"), "[]");
  const objects = openObjects({ engine: "embedded", directory: path.join(folder, "objects") });
  const keeper = new BackupKeeper({
    name: "Backups",
    places: { nodeRed: { userDir, stateDir: userDir } },
    shelf: new BackupShelf({ objects, bucket: "backups", plant: "plant" }),
    backup: { plant: "plant", version: "1" },
    ...more,
  });
  t.after(async () => {
    await keeper.close();
    await objects.close();
  });
  return { keeper, objects, folder, userDir };
}

test("a backup is made, proved, listed, verified and deleted on demand", async (t) => {
  const { keeper } = keeperOf(t);
  assert.equal(keeper.health().status, "off");
  await assert.rejects(keeper.verify(), { code: "objects.missing" });
  const made = await keeper.make();
  assert.deepEqual(
    (await keeper.list()).map(({ key }) => key),
    [made.key],
  );
  assert.equal((await keeper.verify()).sha256, made.sha256);
  assert.equal((await keeper.verify(made.key)).key, made.key);
  const { status, gauges, counters, detail } = keeper.health();
  assert.deepEqual([status, gauges["kept"], counters["made"], counters["verified"]], ["up", 1, 1, 2]);
  assert.match(detail, /^last backup 0 min ago$/);
  const busy = [keeper.make(), keeper.verify()];
  await assert.rejects(busy[1]!, { code: "backup.busy" });
  await busy[0];
  await assert.rejects(keeper.delete("elsewhere/file"), { code: "backup.target", field: "key" });
  await assert.rejects(keeper.delete("plant/other.txt"), { code: "backup.target" });
  for (const { key } of await keeper.list()) await keeper.delete(key);
  assert.deepEqual(await keeper.list(), []);
});

test("a run that was missed is caught up once, and what is not due is not made", async (t) => {
  const made: MadeBackup[] = [];
  const { keeper, objects } = keeperOf(t, { next: hourly, onMade: (one) => made.push(one) });
  const old = Date.now() - 50 * HOUR;
  await objects.put("backups", keyAt(old), "an old one");
  keeper.start();
  await until("the missed run", () => made.length > 0);
  await until("its end", () => keeper.state.running === undefined);
  assert.equal(keeper.state.kept, 2);
  assert.ok(Math.abs(keeper.state.next! - (made[0]!.time + HOUR)) < 1000);
  await keeper.close();

  const shelf = new BackupShelf({ objects, bucket: "backups", plant: "plant" });
  const next = new BackupKeeper({
    name: "b",
    places: {},
    shelf,
    backup: { plant: "plant", version: "1" },
    next: hourly,
  });
  next.start();
  await until("the next process to have looked", () => next.state.last !== undefined);
  await next.close();
  assert.equal(made.length, 1);
  assert.equal((await shelf.list()).length, 2, "not made again after a restart");
});

test("a plant without any backup gets its first one at once", async (t) => {
  const made: MadeBackup[] = [];
  const { keeper } = keeperOf(t, { next: hourly, onMade: (one) => made.push(one) });
  keeper.start();
  await until("the first backup", () => made.length === 1);
});

test("of two processes that are due at once one makes the backup", async (t) => {
  if (missing(t, "PostgreSQL", postgresPrograms)) return;
  const { port } = await startPostgres(t);
  const url = `postgres://tester:secret@127.0.0.1:${port}/plant`;
  const shared = openObjects({ engine: "embedded", directory: path.join(temporaryFolder(t), "objects") });
  t.after(() => shared.close());
  const shelf = new BackupShelf({ objects: shared, bucket: "backups", plant: "plant" });
  await shared.put("backups", keyAt(Date.now() - 9 * HOUR), "an old one");
  const keepers = Array.from({ length: 4 }, () => {
    const plant = openSmallPlant(openFolder(t), optionsOfUrl(url));
    const keeper = new BackupKeeper({
      name: "b",
      places: { database: plant.database },
      shelf,
      backup: { plant: "plant", version: "1" },
      next: hourly,
    });
    t.after(async () => {
      await keeper.close();
      await plant.close();
    });
    return keeper;
  });
  for (const keeper of keepers) keeper.start();
  await until("a backup", async () => (await shelf.list()).length > 1);
  for (const keeper of keepers) await keeper.close();
  assert.equal((await shelf.list()).length, 2);
  assert.equal(
    keepers.reduce((sum, keeper) => sum + keeper.health().counters["made"]!, 0),
    1,
  );
  assert.ok(keepers.every((keeper) => keeper.state.fault === ""));
});

test("old ones go as the retention says, and only after the new one has proved good", async (t) => {
  const { keeper, objects, folder } = keeperOf(t, { retention: { daily: 2, weekly: 0, monthly: 0 } });
  for (const days of [1, 2, 3]) await objects.put("backups", keyAt(Date.now() - days * 24 * HOUR), `${days} days old`);
  await objects.put("backups", "plant/notes.txt", "mine");
  await objects.put("backups", "other-plant/2020-01-01T00-00-00Z.fpbackup", "another plant's");
  const made = await keeper.make();
  assert.equal(made.deleted.length, 2);
  assert.equal((await keeper.list()).length, 2);
  assert.equal((await objects.list("backups", { recursive: true })).objects.length, 4, "what is not ours stays");

  // A store that gives back other bytes than it took.
  const lying = {
    buckets: () => objects.buckets(),
    list: objects.list.bind(objects),
    delete: objects.delete.bind(objects),
    get: objects.get.bind(objects),
    async put(...args: Parameters<ObjectStore["put"]>) {
      const [bucket, key, body] = args;
      for await (const _ of body as AsyncIterable<Buffer>);
      return await objects.put(bucket, key, "FPBACKUP and what a bad disk made of it, long enough for a header");
    },
  } as unknown as ObjectStore;
  const shelf = new BackupShelf({ objects: lying, bucket: "backups", plant: "plant" });
  const userDir = path.join(folder, "user");
  const other = new BackupKeeper({
    name: "b",
    places: { nodeRed: { userDir, stateDir: userDir } },
    shelf,
    backup: { plant: "plant", version: "1" },
    retention: { daily: 0, weekly: 0, monthly: 0 },
  });
  await assert.rejects(other.make(), ({ code }: FplusError) => code.startsWith("backup."));
  assert.deepEqual((await keeper.list()).length, 2, "the bad one is gone, the good ones stay");
});

test("one that fails is said, shown and tried again; one that is too old is warned of", async (t) => {
  const failed: FplusError[] = [];
  const { keeper, objects, userDir } = keeperOf(t, {
    next: hourly,
    warnAfterMs: 5 * HOUR,
    onFailed: (error) => failed.push(error),
  });
  await objects.put("backups", keyAt(Date.now() - 9 * HOUR), "an old one");
  writeFileSync(path.join(path.dirname(userDir), "x"), "");
  await objects.close();
  keeper.start();
  await until("the failure", () => failed.length > 0);
  assert.equal(keeper.health().status, "down");
  assert.notEqual(keeper.state.fault, "");

  const good = keeperOf(t, { warnAfterMs: 5 * HOUR });
  await good.objects.put("backups", keyAt(Date.now() - 9 * HOUR), "an old one");
  await good.keeper.list();
  const { status, detail } = good.keeper.health();
  assert.deepEqual([status, detail], ["degraded", "last backup 9 h ago, which is too long"]);
  assert.ok(readdirSync(good.userDir).length > 0);
});
