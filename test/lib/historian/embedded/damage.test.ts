import assert from "node:assert/strict";
import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type HistorianStore, openHistorian } from "../../../../lib/historian/index.ts";
import { SignalRegistry } from "../../../../lib/sample/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { seededRandom } from "../../../support/random.ts";
import { until } from "../../../support/until.ts";
import { batchOf, damageRounds, type Row } from "./damage-rounds.ts";

const ALL = { signals: ["**"], from: -8e15, to: 8e15 };
const open = (directory: string, registry = new SignalRegistry()): HistorianStore =>
  openHistorian({ engine: "embedded", directory, registry });

/** A folder with two signals of some chunks each, and some samples that only the journal holds. */
async function filled(directory: string, change: (database: DatabaseSync) => void): Promise<void> {
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "embedded", directory, registry });
  const rows = Array.from({ length: 4000 }, (_, i): Row => [`p/m/${i % 2 === 0 ? "even" : "odd"}`, i, Math.sin(i)]);
  await store.write(batchOf(registry, rows));
  await store.close();
  const database = new DatabaseSync(path.join(directory, "history.sqlite"));
  change(database);
  database.close();
}

test("a chunk that is damaged is said and set aside; all other samples are read, and late ones find their place", async (t) => {
  const directory = temporaryFolder(t);
  await filled(directory, (database) => {
    const row = database.prepare("select id, data from chunk where series = 1 and open = 0 order by t0 limit 1").get();
    const data = Buffer.from(row!["data"] as Uint8Array);
    data[100]! ^= 4;
    database.prepare("update chunk set data = ? where id = ?").run(data, row!["id"]!);
  });
  const registry = new SignalRegistry();
  const store = open(directory, registry);
  for (let round = 0; round < 2; round++) {
    const [even, odd] = await store.query(ALL);
    assert.equal(odd!.time.length, 2000);
    assert.deepEqual(even!.time.length, 2000 - 512);
    assert.ok(even!.value.every((value, i) => value === Math.sin(even!.time[i]!)));
  }
  const { status, detail, gauges } = store.health();
  assert.deepEqual([status, gauges["damaged"]], ["degraded", 1]);
  assert.match(detail, /^512 samples of p\/m\/even from 1970-01-01T00:00:00.000Z to .* cannot be read/);
  await store.write(batchOf(registry, [["p/m/even", 10, 7]]));
  const [late] = await store.query({ ...ALL, signals: ["p/m/even"] });
  assert.deepEqual([late!.time[0], late!.value[0], late!.time.length], [10, 7, 2000 - 511]);
  await store.close();
});

test("statistics of a chunk that are damaged are made again from its samples", async (t) => {
  const directory = temporaryFolder(t);
  const windows = { ...ALL, from: 0, to: 4000, aggregate: "max", windowMs: 4000 } as const;
  let max = 0;
  for (let i = 0; i < 4000; i += 2) max = Math.max(max, Math.sin(i));
  await filled(directory, (database) => database.exec("update chunk set max = 99 where series = 1 and open = 0"));
  const store = open(directory);
  const [even] = await store.query(windows);
  assert.deepEqual([...even!.value], [max]);
  assert.equal(store.health().status, "up");
  await store.close();
});

test("a damaged end of a series and a damaged journal row are set aside, and the store opens and takes samples", async (t) => {
  const directory = temporaryFolder(t);
  await filled(directory, (database) => {
    database.exec("update chunk set data = x'120000000000' where series = 1 and open = 1");
    database.exec("insert into journal(data) values(x'00'), (x'ffffffff'), (x'01')");
    database.exec("update series set about = '{\"source' where id = 2");
  });
  const registry = new SignalRegistry();
  const store = open(directory, registry);
  await store.write(batchOf(registry, [["p/m/even", 5000, 1]]));
  const [even, odd] = await store.query(ALL);
  assert.deepEqual([even!.time.at(-1), odd!.time.length], [5000, 2000]);
  assert.equal(store.health().gauges["damaged"], 4);
  await store.close();
  const again = open(directory);
  assert.equal((await again.query(ALL))[0]!.time.at(-1), 5000);
  assert.equal(again.health().gauges["damaged"], 4);
  await again.close();
});

test("a file that is none says which, and the way out; a folder that another process uses, too", async (t) => {
  const directory = temporaryFolder(t);
  await filled(directory, () => undefined);
  const file = path.join(directory, "history.sqlite");
  const whole = readFileSync(file);
  const holder = open(directory);
  await holder.open();
  await assert.rejects(open(directory).open(), { code: "historian.io", field: "directory", hint: /give each its own/ });
  await holder.close();
  writeFileSync(file, whole.fill(0x41, 0, 100));
  const store = open(directory);
  await assert.rejects(store.open(), {
    code: "historian.io",
    field: "directory",
    message: /history\.sqlite: file is not a database/,
    hint: /backup.*\.recover/,
  });
  assert.equal(store.health().status, "down");
  await store.close();
});

test("a file that is deleted or replaced while it is open refuses samples, and the next write begins where it should be", async (t) => {
  const directory = path.join(temporaryFolder(t), "history");
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "embedded", directory, registry });
  await store.write(batchOf(registry, [["p/m/x", 1, 1]]));
  rmSync(directory, { recursive: true });
  const again = async (time: number): Promise<void> => {
    await assert.rejects(store.write(batchOf(registry, [["p/m/x", time, 2]])), {
      code: "historian.io",
      message: /history\.sqlite was deleted or replaced while it was open/,
    });
    await until("a new thread", () =>
      store.write(batchOf(registry, [["p/m/x", time, 2]])).then(
        () => true,
        () => false,
      ),
    );
  };
  await again(2);
  renameSync(directory, `${directory}.away`);
  await again(3);
  assert.equal(store.health().status, "up");
  await store.close();
  for (const [folder, time] of [
    [directory, 3],
    [`${directory}.away`, 2],
  ] as const) {
    const left = open(folder);
    assert.deepEqual([...(await left.query(ALL))[0]!.time], [time]);
    await left.close();
  }
});

test("a file with bits flipped, or cut, anywhere: what can be read is right, and nothing hangs or crashes", async (t) => {
  await damageRounds(1, 12, () => temporaryFolder(t));
});

test("a WAL that is cut or damaged opens with whole batches only", async (t) => {
  const directory = temporaryFolder(t);
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "embedded", directory, registry });
  for (let i = 0; i < 40; i++)
    await store.write(
      batchOf(registry, [
        ["p/m/a", i, i],
        ["p/m/b", i, i],
      ]),
    );
  const files = ["history.sqlite", "history.sqlite-wal"].map(
    (name) => [name, readFileSync(path.join(directory, name))] as const,
  );
  await store.close();
  const random = seededRandom(5);
  for (let round = 0; round < 12; round++) {
    const copy = temporaryFolder(t);
    for (const [name, bytes] of files) writeFileSync(path.join(copy, name), bytes);
    const wal = path.join(copy, "history.sqlite-wal");
    const size = files[1]![1].length;
    if (round % 2 === 0) truncateSync(wal, Math.floor(random() * size));
    else {
      const bytes = Buffer.from(files[1]![1]);
      bytes[Math.floor(random() * size)]! ^= 1 << Math.floor(random() * 8);
      writeFileSync(wal, bytes);
    }
    const after = open(copy);
    const [a, b] = await after.query(ALL);
    assert.deepEqual(
      [...(a?.time ?? [])],
      Array.from({ length: a?.time.length ?? 0 }, (_, i) => i),
    );
    assert.deepEqual(a?.value, b?.value);
    await after.close();
  }
});

test("a write that SQLite will never take is refused alone and for good; those that came with it are stored", async (t) => {
  const registry = new SignalRegistry();
  const store = openHistorian({ engine: "embedded", directory: temporaryFolder(t), registry });
  assert.throws(() => registry.intern({ source: "p", device: "m", metric: "\ud800" }), { code: "sample.invalid" });
  const good = batchOf(registry, [["p/m/good", 1, 1]]);
  // Past every check, as a program may that makes its signals itself.
  const bad = batchOf(registry, [["p/m/bad", 1, 1]]);
  registry.find("p/m/bad")!.unit = (2n ** 70n) as never;
  const results = await Promise.allSettled([store.write(good), store.write(bad), store.write(good)]);
  assert.deepEqual(
    results.map((result) => (result.status === "fulfilled" ? "stored" : (result.reason as { code: string }).code)),
    ["stored", "historian.rejected", "stored"],
  );
  assert.equal((await store.query(ALL)).length, 1);
  await store.close();
});
