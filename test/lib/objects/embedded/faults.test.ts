import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { bufferOf, type ObjectStore, openObjects } from "../../../../lib/objects/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { until } from "../../../support/until.ts";

const open = (directory: string, more: { encryptionKey?: string } = {}): ObjectStore =>
  openObjects({ engine: "embedded", directory, ...more });
const textOf = async (store: ObjectStore, key: string): Promise<string> =>
  (await bufferOf((await store.get({ bucket: "plant", key })).stream)).toString();
const one = (directory: string, pattern: string): string => {
  const [found] = globSync(pattern, { cwd: directory }).sort().reverse();
  assert.ok(found, pattern);
  return path.join(directory, found);
};

test("a description cut at any byte, or with a bit flipped, is said with its file; an older version never takes its place", async (t) => {
  const directory = temporaryFolder(t);
  const store = open(directory);
  await store.keepVersions("plant", true);
  await store.put("plant", "a", "first");
  await store.put("plant", "a", "second");
  await store.put("plant", "b", "beside");
  const file = one(directory, "buckets/plant/objects/a@/*.json");
  const whole = readFileSync(file);
  const damages = [
    ...Array.from({ length: whole.length }, (_, cut) => whole.subarray(0, cut)),
    ...Array.from({ length: whole.length }, (_, at) => {
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 1;
      return flipped;
    }),
  ];
  for (const damaged of damages) {
    writeFileSync(file, damaged);
    await assert.rejects(textOf(store, "a"), {
      code: "objects.io",
      message: `${file} is damaged`,
      hint: /store it anew/,
    });
  }
  const { objects } = await store.list("plant", { recursive: true });
  assert.deepEqual(
    objects.map(({ key }) => key),
    ["b"],
  );
  assert.equal((await store.versions("plant", "a")).length, 1);
  assert.deepEqual([store.health().status, store.health().detail], ["degraded", `${file} is damaged`]);
  await store.put("plant", "a", "third");
  assert.equal(await textOf(store, "a"), "third");
  await store.delete({ bucket: "plant", key: "a" });
  await assert.rejects(textOf(store, "a"), { code: "objects.missing" });
  await store.close();
});

test("an object whose description is damaged can be deleted", async (t) => {
  const directory = temporaryFolder(t);
  const store = open(directory);
  await store.put("plant", "a", "one");
  writeFileSync(one(directory, "buckets/plant/objects/a@/*.json"), "{");
  await store.delete({ bucket: "plant", key: "a" });
  await assert.rejects(textOf(store, "a"), { code: "objects.missing" });
  assert.ok(!existsSync(path.join(directory, "buckets/plant/objects/a@")));
  await store.close();
});

test("settings of a bucket that are damaged cost nothing: all is read, and nothing is replaced or expires", async (t) => {
  const directory = temporaryFolder(t);
  let store = open(directory);
  await store.put("plant", "a", "first");
  await store.expire("plant", [{ prefix: "", days: 1 }]);
  await store.close();
  for (const damage of ["", "{", "null", "[]", '{"versions":"no"}']) {
    writeFileSync(path.join(directory, "buckets/plant/bucket.json"), damage);
    store = open(directory);
    assert.equal(await textOf(store, "a"), "first");
    assert.deepEqual(await store.expiry("plant"), []);
    const { status, detail } = store.health();
    assert.equal(status, "degraded");
    assert.match(detail, /bucket\.json is damaged/);
    await store.close();
  }
  store = open(directory);
  await store.put("plant", "a", "second");
  assert.equal((await store.versions("plant", "a")).length, 2);
  await store.close();
});

test("a key file that is damaged stops everything, and says which file to put back", async (t) => {
  const directory = temporaryFolder(t);
  const encryptionKey = "a long and secret text";
  const store = open(directory, { encryptionKey });
  await store.put("plant", "a", "secret");
  await store.close();
  const file = path.join(directory, "cipher.json");
  const whole = readFileSync(file, "utf8");
  for (const damage of ["", "{", "null", whole.slice(0, -3), '{"salt":"AAAA","check":"AAAA"}', '{"salt":1}']) {
    writeFileSync(file, damage);
    const damaged = open(directory, { encryptionKey });
    await assert.rejects(textOf(damaged, "a"), { code: "objects.io", message: `${file} is damaged`, hint: /backup/ });
    await damaged.close();
  }
  writeFileSync(file, whole);
  const again = open(directory, { encryptionKey });
  assert.equal(await textOf(again, "a"), "secret");
  await again.close();
});

test("bytes that are cut are no object, whole or in part", async (t) => {
  const directory = temporaryFolder(t);
  const store = open(directory);
  await store.put("plant", "a", "x".repeat(1000));
  writeFileSync(one(directory, "buckets/plant/objects/a@/*.data"), "x".repeat(400));
  await assert.rejects(textOf(store, "a"), { code: "objects.checksum" });
  const { stream } = await store.get({ bucket: "plant", key: "a" }, { start: 300, end: 600 });
  await assert.rejects(bufferOf(stream), { code: "objects.checksum" });
  await store.close();
});

test("a folder that is deleted or moved away while it is open is made again by the next object", async (t) => {
  const directory = path.join(temporaryFolder(t), "objects");
  const store = open(directory);
  await store.put("plant", "a", "one");
  rmSync(directory, { recursive: true });
  await assert.rejects(textOf(store, "a"), { code: "objects.missing" });
  await store.put("plant", "b", "two");
  renameSync(directory, `${directory}.away`);
  await store.put("plant", "c", "three");
  assert.equal(await textOf(store, "c"), "three");
  await assert.rejects(textOf(store, "b"), { code: "objects.missing" });
  await store.close();
  const away = open(`${directory}.away`);
  assert.equal(await textOf(away, "b"), "two");
  await away.close();
});

test("a second process on the folder is told so, and takes nothing from the first", async (t) => {
  const directory = temporaryFolder(t);
  const store = open(directory);
  let more!: () => void;
  const rest = new Promise<void>((resolve) => (more = resolve));
  async function* slowly(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(300_000, "a");
    await rest;
    yield Buffer.from("end");
  }
  const storing = store.put("plant", "a", slowly());
  await until("the object on its way", () => globSync("tmp/*", { cwd: directory }).length > 0);
  const code = `
    import { openObjects } from ${JSON.stringify(path.resolve(import.meta.dirname, "../../../../lib/objects/index.ts"))};
    const store = openObjects({ engine: "embedded", directory: process.argv[1] });
    store.put("plant", "b", "x").then(() => console.log("stored"), (error) => console.log(error.describe()));`;
  const other = spawnSync(process.execPath, ["--input-type=module", "-e", code, directory], { encoding: "utf8" });
  assert.match(other.stdout, /^objects\.io: .* is in use by another process \[directory\] .*give each its own/);
  more();
  assert.equal((await storing).size, 300_003);
  await store.close();
});

test("a folder that may not be written to says so, and works once it may", async (t) => {
  if (process.getuid?.() === 0) return t.skip("root may write everywhere");
  const directory = temporaryFolder(t);
  chmodSync(directory, 0o500);
  const store = open(directory);
  await assert.rejects(store.put("plant", "a", "one"), { code: "objects.io", hint: /may write/ });
  chmodSync(directory, 0o700);
  await store.put("plant", "a", "one");
  await store.close();
  return undefined;
});

test("a clock that leaps ahead by a year lets no object expire", async (t) => {
  const directory = temporaryFolder(t);
  let store = open(directory);
  await store.put("plant", "a", "one");
  await store.expire("plant", [{ prefix: "", days: 30 }]);
  await until("a sweep", () => existsSync(path.join(directory, "swept")));
  await store.close();
  const swept = path.join(directory, "swept");
  const before = readFileSync(swept, "utf8");
  rmSync(swept);
  writeFileSync(swept, before);
  const year = 365 * 86_400_000;
  const now = Date.now();
  t.mock.method(Date, "now", () => now + year);
  store = open(directory);
  await store.list("plant");
  const first = readFileSync(swept).toString();
  await until("a sweep with the wrong clock", () => {
    const text = readFileSync(swept, "utf8");
    return text !== "" && text === first;
  });
  assert.equal(await textOf(store, "a"), "one");
  await store.close();
  assert.equal(readFileSync(swept, "utf8"), before);
});
