import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { FplusError } from "../../../lib/errors/index.ts";
import { Indexer, openSearch, type SearchDocument, type SearchStore } from "../../../lib/search/index.ts";
import { startChild } from "../../support/child.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { seededRandom } from "../../support/random.ts";
import { missing } from "../../support/services.ts";
import { until } from "../../support/until.ts";

const ROOM = JSON.stringify(path.resolve(import.meta.dirname, "../../../lib/search/index.ts"));
/** A program of its own; the engine's thread takes no options of `node -e`. */
function programOf(t: TestContext, code: string): string {
  const file = path.join(temporaryFolder(t), "program.mjs");
  writeFileSync(file, code);
  return file;
}
const open = (directory: string): SearchStore => openSearch({ engine: "embedded", directory });
const document = (n: number): SearchDocument => ({ id: `d${n}`, text: `document ${n} ${"word ".repeat(n % 50)}` });

test("what is no document is the caller's fault and named; the store goes on", async (t) => {
  const store = open(temporaryFolder(t));
  const cyclic: Record<string, unknown> = { id: "cyclic" };
  cyclic["self"] = { cyclic };
  let deep: unknown = 1;
  for (let i = 0; i < 5000; i++) deep = [deep];
  let doubled: unknown = 1;
  for (let i = 0; i < 60; i++) doubled = [doubled, doubled];
  const throws = {
    toJSON() {
      throw new Error("no");
    },
  };
  const hostile: [field: string, document: Record<string, unknown>][] = [
    ["self", cyclic],
    ["deep", { id: "deep", deep }],
    ["doubled", { id: "doubled", doubled }],
    ["big", { id: "bigint", fine: 1, big: 1n }],
    ["throws", { id: "throws", throws }],
    ["id", { id: "\ud800" }],
    ["id", { id: "" }],
    ["id", { id: "x".repeat(100_000) }],
    ["id", { id: 7 }],
    ["id", [] as never],
  ];
  for (const [field, one] of hostile) {
    await assert.rejects(
      store.upsert("x", [document(1), one as SearchDocument]),
      (error) => error instanceof FplusError && error.code === "search.document" && error.field === field,
      field,
    );
  }
  const { status, counters } = store.health();
  assert.deepEqual([status, counters["refused"], counters["errors"]], ["off", hostile.length, 0]);
  const odd = {
    id: "a\0b",
    text: "\ud800 \0 word",
    ["__proto__"]: 1,
    when: new Date(Number.NaN),
    bytes: Buffer.from("x"),
  };
  await store.upsert("x", [odd as unknown as SearchDocument]);
  assert.deepEqual((await store.search("x", "word")).hits[0]?.id, "a\0b");
  assert.equal(store.health().status, "up");
  await store.close();
});

test("a document that the store will never take does not hold up the others", async (t) => {
  const store = open(temporaryFolder(t));
  const indexer = new Indexer(store, { gatherMs: 5, retryMs: 20 });
  const cyclic: Record<string, unknown> = { id: "cyclic" };
  cyclic["self"] = cyclic;
  indexer.upsert("x", document(1));
  indexer.upsert("x", cyclic as SearchDocument);
  indexer.upsert("x", document(2));
  await until("the others", () => indexer.stats().waiting === 0);
  assert.deepEqual([indexer.stats().indexed, indexer.stats().dropped], [2, 1]);
  assert.equal(await store.count("x"), 2);
  await indexer.close();
  await store.close();
});

test("a full disk is an error that says so and passes when there is room again", async (t) => {
  if (missing(t, "prlimit", existsSync("/usr/bin/prlimit") ? "prlimit" : undefined)) return;
  const directory = temporaryFolder(t);
  const code = `
    import { openSearch } from ${ROOM};
    const store = openSearch({ engine: "embedded", directory: process.argv[2] });
    for (let n = 0; ; n++) {
      try {
        await store.upsert("kept", [{ id: String(n), text: "safe ".repeat(2000) }]);
        console.log(n);
      } catch (error) {
        console.log("error " + error.describe() + " " + store.health().status);
        n -= 1;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }`;
  const child = startChild(process.execPath, [programOf(t, code), directory], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  await next();
  execFileSync("/usr/bin/prlimit", ["--pid", String(child.pid), "--fsize=1000000:unlimited"]);
  let line = "";
  let acknowledged = 0;
  while (!(line = await next()).startsWith("error")) acknowledged = Number(line);
  assert.match(line, /^error search\.io: (database or disk is full|disk I\/O error).* down$/);
  execFileSync("/usr/bin/prlimit", ["--pid", String(child.pid), "--fsize=unlimited"]);
  while ((line = await next()).startsWith("error"));
  assert.equal(Number(line), acknowledged + 1);
  child.kill("SIGKILL");
  while ((await lines.next()).done !== true);
  const store = open(directory);
  assert.ok((await store.count("kept")) >= acknowledged + 2);
  await store.close();
});

test("a second process on the folder is told so", async (t) => {
  const directory = temporaryFolder(t);
  const store = open(directory);
  await store.upsert("x", [document(1)]);
  const code = `
    import { openSearch } from ${ROOM};
    const store = openSearch({ engine: "embedded", directory: process.argv[2] });
    await store.count("x").then(console.log, (error) => console.log(error.describe()));
    await store.close();`;
  const other = spawnSync(process.execPath, [programOf(t, code), directory], { encoding: "utf8" });
  assert.match(other.stdout, /^search\.io: cannot open the search index in .*locked \[directory\] .*give each its own/);
  await store.upsert("x", [document(2)]);
  await store.close();
});

test("a file that is deleted or replaced while it is open refuses documents, and the next ones go where they should", async (t) => {
  const directory = path.join(temporaryFolder(t), "search");
  const store = open(directory);
  await store.upsert("x", [document(1)]);
  for (const [n, change] of [
    [2, () => rmSync(directory, { recursive: true })],
    [3, () => renameSync(directory, `${directory}.away`)],
  ] as const) {
    change();
    await assert.rejects(store.upsert("x", [document(n)]), { code: "search.io", message: /was deleted or replaced/ });
    await until("a new thread", () =>
      store.upsert("x", [document(n)]).then(
        () => true,
        () => false,
      ),
    );
    assert.equal(await store.count("x"), 1);
  }
  await store.close();
  const away = open(`${directory}.away`);
  assert.ok((await away.get("x", "d2")) !== undefined);
  await away.close();
});

test("documents and settings that are damaged are said and left out; everything else is found", async (t) => {
  const directory = temporaryFolder(t);
  let store = open(directory);
  await store.configure("x", { filterable: ["text"] });
  await store.upsert("x", [document(1), document(2), document(3)]);
  await store.close();
  const database = new DatabaseSync(path.join(directory, "search.sqlite"));
  database.exec(`update document set body = replace(body, 'document 2', 'document 9') where id = 'd2'`);
  database.exec(`update document set body = '{' where id = 'd3'; update catalogue set settings = '{"sear'`);
  database.close();
  store = open(directory);
  assert.deepEqual(
    (await store.search("x", "document")).hits.map(({ id }) => id),
    ["d1"],
  );
  assert.equal(await store.get("x", "d2"), undefined);
  assert.equal(store.health().status, "degraded");
  assert.match(store.health().detail, /the document d\d of x in .* is damaged/);
  await store.upsert("x", [document(2)]);
  assert.equal((await store.search("x", "document")).estimatedTotalHits, 2);
  await store.close();
});

test("a file with bits flipped, or cut, anywhere: what is found is right, or the error says what is wrong", async (t) => {
  const origin = temporaryFolder(t);
  const first = open(origin);
  await first.upsert(
    "x",
    Array.from({ length: 200 }, (_, n) => document(n)),
  );
  await first.close();
  const whole = readFileSync(path.join(origin, "search.sqlite"));
  let found = 0;
  for (let seed = 1; seed <= 15; seed++) {
    const random = seededRandom(seed);
    const bytes = Buffer.from(whole);
    for (let i = 0; i < 10; i++) bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
    const directory = temporaryFolder(t);
    const cut = seed % 5 === 0 ? Math.floor(random() * bytes.length) : bytes.length;
    writeFileSync(path.join(directory, "search.sqlite"), bytes.subarray(0, cut));
    const store = open(directory);
    try {
      for (let n = 0; n < 200; n++) {
        const one = await store.get("x", `d${n}`);
        if (one === undefined) continue;
        assert.deepEqual(one, document(n), `seed ${seed}`);
        found += 1;
      }
    } catch (error) {
      assert.ok(error instanceof FplusError, `seed ${seed}: ${String(error)}`);
      assert.ok(["search.io", "search.missing"].includes(error.code), `seed ${seed}: ${error.describe()}`);
    }
    await store.close();
  }
  assert.ok(found > 1000, `${found} documents were still found`);
});
