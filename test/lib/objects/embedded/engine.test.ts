import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, globSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { EmbeddedEngine } from "../../../../lib/objects/embedded/engine.ts";
import { bufferOf, openObjects } from "../../../../lib/objects/index.ts";
import { ObjectStore } from "../../../../lib/objects/store.ts";
import { startChild } from "../../../support/child.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { until } from "../../../support/until.ts";

const DAY_MS = 86_400_000;

test("no name leads out of the folder, and none is lost in it", async (t) => {
  const outside = temporaryFolder(t);
  const directory = path.join(outside, "store");
  const engine = new EmbeddedEngine({ engine: "embedded", directory });
  await engine.open();
  await engine.ensureBucket("hostile");
  // Straight at the engine, past the checks that stand before it.
  const parts = [
    "..",
    ".",
    "...",
    "%2e%2e",
    "..%2f",
    "C:",
    "CON",
    "a\0",
    "\\..\\",
    "~",
    "@",
    "#",
    "#name",
    "name",
    "x".repeat(255),
    "Ü".repeat(127),
  ];
  const keys = parts.flatMap((a) => [`${a}/f`, `x/${a}/f`, `y/${a}`]);
  async function* one(text: string): AsyncGenerator<Buffer> {
    yield Buffer.from(text);
  }
  for (const key of keys) {
    const plan = {
      contentType: "text/plain",
      metadata: {},
      size: undefined,
      sha256: () => "0".repeat(64),
      etag: () => "0".repeat(32),
    };
    await engine.put({ bucket: "hostile", key }, one(key), plan);
  }
  for (const key of keys) {
    const { stream } = await engine.get({ bucket: "hostile", key });
    assert.equal((await bufferOf(stream)).toString(), key);
  }
  assert.deepEqual(readdirSync(outside), ["store"]);
  assert.deepEqual(readdirSync(directory).toSorted(), ["buckets", "lock", "swept", "tmp"]);
  assert.equal(globSync("buckets/hostile/objects/**/*.data", { cwd: directory }).length, keys.length);
  // What Windows, or a file system that ignores case, would take for another name.
  for (const name of globSync("buckets/hostile/objects/**", { cwd: directory }))
    for (const part of name.split(path.sep).slice(3)) assert.match(part, /^(?!.*[. ]$)(?!(con|nul)$)[^A-Z:\\*?"<>|]+$/);
  await engine.close();
});

test("a process that is killed loses nothing that it acknowledged, and leaves nothing half", async (t) => {
  const directory = temporaryFolder(t);
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round++) {
    const child = startChild(process.execPath, [path.join(import.meta.dirname, "../durability.child.ts"), directory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await until("objects to be stored", () => text.split("\n").length > 15);
    child.kill("SIGKILL");
    await once(child, "close");
    acknowledged.push(...text.split("\n").slice(0, -1));
  }
  const store = openObjects({ engine: "embedded", directory });
  const { objects } = await store.list("kept", { recursive: true });
  const listed = new Set(objects.map(({ key }) => key));
  for (const key of acknowledged) assert.ok(listed.has(key), `${key} was acknowledged and is gone`);
  for (const { key } of objects) {
    const { stream } = await store.get({ bucket: "kept", key });
    assert.equal((await bufferOf(stream)).toString(), `${key} `.repeat(5000));
  }
  assert.ok(listed.size >= acknowledged.length);
  assert.deepEqual(readdirSync(path.join(directory, "tmp")), []);
  await store.close();
});

test("bytes that changed on the disk are not given out as good", async (t) => {
  const directory = temporaryFolder(t);
  const store = openObjects({ engine: "embedded", directory });
  await store.put("plant", "report.txt", "all is well");
  const [file] = globSync("buckets/plant/objects/**/*.data", { cwd: directory });
  writeFileSync(path.join(directory, file!), "all is ill!");
  const { stream } = await store.get({ bucket: "plant", key: "report.txt" });
  await assert.rejects(bufferOf(stream), { code: "objects.checksum", field: "key" });
  await store.close();
});

test("objects go when their days are over, by prefix, and only they", async (t) => {
  const directory = temporaryFolder(t);
  const engine = new EmbeddedEngine({ engine: "embedded", directory });
  const store = new ObjectStore(engine);
  for (const key of ["logs/a", "logs/deep/b", "logsbook", "keep/c"]) await store.put("plant", key, key);
  await store.expire("plant", [{ prefix: "logs/", days: 7 }]);
  const now = Date.now();
  assert.equal(await engine.sweep(now + 6 * DAY_MS), 0);
  assert.equal(await engine.sweep(now + 8 * DAY_MS), 2);
  const { objects } = await store.list("plant", { recursive: true });
  assert.deepEqual(
    objects.map(({ key }) => key),
    ["keep/c", "logsbook"],
  );
  assert.ok(!existsSync(path.join(directory, "buckets/plant/objects/logs")), "empty folders go too");
  await store.close();
  // The rules survive, and the sweep runs by itself.
  const again = openObjects({ engine: "embedded", directory });
  assert.deepEqual(await again.expiry("plant"), [{ prefix: "logs/", days: 7 }]);
  await again.put("plant", "logs/new", "x");
  const [sidecar] = globSync("buckets/plant/objects/logs/new@/*.json", { cwd: directory });
  const about = JSON.parse(readFileSync(path.join(directory, sidecar!), "utf8")) as { modified: number };
  // Without a checksum, as former releases wrote it.
  const old = JSON.stringify({ ...about, modified: now - 8 * DAY_MS, check: undefined });
  writeFileSync(path.join(directory, sidecar!), old);
  await again.expire("plant", [{ prefix: "logs/", days: 7 }]);
  await until("the sweep", async () => (await again.list("plant", { prefix: "logs/" })).objects.length === 0);
  await again.close();
});

test("links outlive a restart, expire, and their key is nobody else's to read", async (t) => {
  const directory = temporaryFolder(t);
  const first = new EmbeddedEngine({ engine: "embedded", directory });
  await first.open();
  const link = await first.link({ bucket: "plant", key: "a b/c" }, { method: "GET", expiresSeconds: 60 });
  await first.close();
  assert.equal(statSync(path.join(directory, "link.key")).mode & 0o777, 0o600);
  const engine = new EmbeddedEngine({ engine: "embedded", directory });
  await engine.open();
  assert.deepEqual(await engine.grant(link, Date.now()), {
    method: "GET",
    name: { bucket: "plant", key: "a b/c" },
    fileName: "",
  });
  await assert.rejects(engine.grant(link, Date.now() + 61_000), { code: "objects.refused" });
  for (const target of [
    "",
    "/",
    "//x",
    "/plant/%ff?signature=x",
    "/plant/a%20b/../../x",
    `${link}&version=1`,
    link.replace("GET", "PUT"),
  ]) {
    await assert.rejects(engine.grant(target, Date.now()), /link/, target);
  }
  await engine.close();
});

test("a folder that cannot be made says so, and works once it can", async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(path.join(folder, "taken"), "");
  const store = openObjects({ engine: "embedded", directory: path.join(folder, "taken") });
  await assert.rejects(store.put("plant", "x", "x"), { code: "objects.io" });
  assert.equal(store.health().status, "down");
  await store.close();
});

test("with a key nothing of the content is on the disk, and nothing is read without it", async (t) => {
  const directory = temporaryFolder(t);
  const encryptionKey = "correct horse battery staple";
  const options = { engine: "embedded", directory } as const;
  const plain = openObjects(options);
  await plain.put("plant", "before", "stored before there was a key");
  await plain.close();
  const store = openObjects({ ...options, encryptionKey });
  const secret = "the recipe of the house ".repeat(50);
  await store.put("plant", "recipe", secret, { metadata: { by: "ann" } });
  await store.copy({ bucket: "plant", key: "recipe" }, { bucket: "plant", key: "copy" });
  const read = async (key: string, start: number, end: number): Promise<string> =>
    (await bufferOf((await store.get({ bucket: "plant", key }, { start, end })).stream)).toString();
  for (const [start, end] of [
    [0, 3],
    [15, 16],
    [17, 40],
    [1000, 1199],
    [1199, 1199],
  ] as const) {
    assert.equal(await read("copy", start, end), secret.slice(start, end + 1), `${start} to ${end}`);
  }
  assert.equal(await read("before", 0, 5), "stored");
  await store.close();
  let files = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    files += 1;
    const bytes = readFileSync(path.join(entry.parentPath, entry.name), "latin1");
    assert.ok(!bytes.includes("recipe of"), `${entry.name} has the content`);
    assert.ok(!bytes.includes(encryptionKey), `${entry.name} has the key`);
  }
  assert.ok(files >= 8);
  const without = openObjects(options);
  await assert.rejects(without.get({ bucket: "plant", key: "recipe" }), {
    code: "objects.refused",
    field: "encryptionKey",
  });
  assert.equal((await without.stat({ bucket: "plant", key: "recipe" })).size, secret.length);
  await without.close();
  const wrong = openObjects({ ...options, encryptionKey: "another long key" });
  await assert.rejects(wrong.open(), { code: "objects.refused", field: "encryptionKey" });
  await wrong.close();
  assert.throws(() => openObjects({ ...options, encryptionKey: "short" }), {
    code: "config.invalid",
    field: "encryptionKey",
  });
});
