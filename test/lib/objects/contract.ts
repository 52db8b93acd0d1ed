import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { bufferOf, type ObjectName, type ObjectStore } from "../../../lib/objects/index.ts";

const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");

/**
 * What every object store must do, asked of one with nothing in it.
 * @param open opens the same store again, as a restarted process would
 * @param reach fetches a link of the store, as a browser would
 * @param limits what a server is known not to do: MinIO leaves `a/b` out of lists where there is an object `a`; `many` = objects in the
 *   longest list, beyond 1000 for servers, whose answers end there
 */
export async function objectsContract(
  t: TestContext,
  open: () => Promise<ObjectStore>,
  reach: (store: ObjectStore, link: string, init?: RequestInit) => Promise<Response>,
  { listsUnderObjects = true, many = 1105 }: { readonly listsUnderObjects?: boolean; readonly many?: number } = {},
): Promise<void> {
  const store = await open();
  const bucket = "factory-plus";
  const read = async (name: ObjectName): Promise<string> => (await bufferOf((await store.get(name)).stream)).toString();

  await t.test("gives back bytes, type, metadata and checksum; the bucket is made on demand", async () => {
    assert.ok(!(await store.buckets()).includes(bucket));
    const text = '{"line":1,"name":"Füller"}';
    const metadata = { line: "Füller 1 → 2", Owner: "ann" };
    const info = await store.put(bucket, "configs/Line 1.json", text, { metadata });
    assert.equal(info.size, Buffer.byteLength(text));
    assert.equal(info.contentType, "application/json");
    assert.equal(info.sha256, sha256(text));
    assert.deepEqual(info.metadata, { line: "Füller 1 → 2", owner: "ann" });
    assert.ok(Math.abs(info.modified - Date.now()) < 120_000);
    const name = { bucket, key: "configs/Line 1.json" };
    assert.deepEqual(await store.stat(name), info);
    assert.equal(await read(name), text);
    assert.ok((await store.buckets()).includes(bucket));
    await store.put(bucket, "configs/Line 1.json", "{}");
    assert.equal(await read(name), "{}");
    assert.deepEqual((await store.stat(name)).metadata, {});
  });

  await t.test("keeps the empty object and keys that file systems would mix up or refuse", async () => {
    const nested = listsUnderObjects ? ["e/a/b"] : [];
    const keys = [
      "e/a",
      "e/A",
      ...nested,
      "e/con",
      "e/NUL.txt",
      "e/ü/°C.json",
      "e/%2e%2e",
      "e/a.",
      "e/ a",
      "e/#x",
      "e/x@",
      "e/!b",
      `e/${"Ä".repeat(120)}/name`,
      'e/a:b*?"<>|',
      "e/🏭",
    ];
    for (const key of keys) await store.put(bucket, key, key);
    await store.put(bucket, "e/empty", "");
    for (const key of keys) assert.equal(await read({ bucket, key }), key, key);
    assert.equal(await read({ bucket, key: "e/empty" }), "");
    const { objects } = await store.list(bucket, { prefix: "e/", recursive: true });
    const byBytes = [...keys, "e/empty"].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.deepEqual(
      objects.map(({ key }) => key),
      byBytes,
    );
  });

  await t.test("refuses names that lead elsewhere or that no store can hold", async () => {
    for (const key of [
      "",
      "/etc/passwd",
      "../x",
      "a/../../x",
      "a/./b",
      "a//b",
      "a/",
      "a\\..\\b",
      "a\0b",
      "a\nb",
      "x".repeat(256),
      "\ud800",
    ]) {
      await assert.rejects(store.put(bucket, key, "x"), { code: "objects.name", field: "key" }, JSON.stringify(key));
      await assert.rejects(store.get({ bucket, key }), { code: "objects.name", field: "key" });
    }
    for (const name of ["", "..", "a", "A-bucket", "a/b", "a..b", "-ab", "10.0.0.1", "x".repeat(64)]) {
      await assert.rejects(store.put(name, "k", "x"), { code: "objects.name", field: "bucket" }, name);
      await assert.rejects(store.list(name), { code: "objects.name", field: "bucket" });
    }
    await assert.rejects(store.get({ bucket, key: "e/a", versionId: "../../x" }), { field: "versionId" });
  });

  await t.test("says what is not there", async () => {
    await assert.rejects(store.get({ bucket, key: "none" }), { code: "objects.missing", field: "key" });
    await assert.rejects(store.stat({ bucket, key: "none" }), { code: "objects.missing" });
    await assert.rejects(store.stat({ bucket: "no-such-bucket", key: "none" }), { code: "objects.missing" });
    await assert.rejects(store.list("no-such-bucket"), { code: "objects.missing", field: "bucket" });
    await store.delete({ bucket, key: "none" });
  });

  await t.test("lists by folder and by page, in order, more than one answer of a server", async () => {
    const keys = Array.from(
      { length: many },
      (_, i) => `many/${i % 2 === 0 ? "even" : "odd"}/${String(i).padStart(5, "0")}`,
    );
    for (let at = 0; at < keys.length; at += 50) {
      await Promise.all(keys.slice(at, at + 50).map((key) => store.put(bucket, key, key)));
    }
    const top = await store.list(bucket, { prefix: "many/" });
    assert.deepEqual([top.objects, top.prefixes, top.cursor], [[], ["many/even/", "many/odd/"], undefined]);
    const seen: string[] = [];
    let pages = 0;
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await store.list(bucket, {
        prefix: "many/",
        recursive: true,
        ...(many > 1000 ? {} : { limit: many - 5 }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      seen.push(...page.objects.map(({ key }) => key));
      cursor = page.cursor;
      pages += 1;
    }
    assert.deepEqual(seen, keys.toSorted());
    assert.equal(pages, 2);
    // Folders and objects one by one.
    const one: string[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await store.list(bucket, { prefix: "e/", limit: 1, ...(cursor === undefined ? {} : { cursor }) });
      assert.ok(page.objects.length + page.prefixes.length <= 1);
      one.push(...page.objects.map(({ key }) => key), ...page.prefixes);
      cursor = page.cursor;
    }
    const whole = await store.list(bucket, { prefix: "e/" });
    assert.deepEqual(one.toSorted(), [...whole.objects.map(({ key }) => key), ...whole.prefixes].toSorted());
    assert.deepEqual((await store.list(bucket, { prefix: "e/ü" })).prefixes, ["e/ü/"]);
    assert.deepEqual((await store.list(bucket, { prefix: "nothing/" })).objects, []);
    await assert.rejects(store.list(bucket, { limit: 0 }), { code: "objects.request", field: "limit" });
  });

  await t.test("stores a stream of unknown length in parts, and reads ranges of it", async () => {
    const piece = randomBytes(1 << 20);
    const whole = createHash("sha256");
    const pieces = 20;
    for (let i = 0; i < pieces; i++) whole.update(piece);
    let progress = 0;
    async function* stream(): AsyncGenerator<Buffer> {
      for (let i = 0; i < pieces; i++) yield piece;
    }
    const key = "backups/big.bin";
    const info = await store.put(bucket, key, Readable.from(stream()), { onProgress: (bytes) => (progress = bytes) });
    assert.equal(info.size, pieces << 20);
    assert.equal(progress, info.size);
    assert.equal(info.sha256, whole.digest("hex"));
    const range = async (start: number, end?: number): Promise<Buffer> => {
      const content = await store.get({ bucket, key }, end === undefined ? { start } : { start, end });
      const bytes = await bufferOf(content.stream);
      assert.equal(bytes.length, content.length);
      return bytes;
    };
    assert.deepEqual(await range(0, 9), piece.subarray(0, 10));
    assert.deepEqual(await range((9 << 20) + 5, (9 << 20) + 5), piece.subarray(5, 6));
    assert.deepEqual(await range(info.size - 3), piece.subarray(-3));
    assert.deepEqual(await range(info.size - 3, info.size + 100), piece.subarray(-3));
    await assert.rejects(range(info.size), { code: "objects.request", field: "range" });
    await assert.rejects(range(5, 2), { code: "objects.request", field: "range" });
    const back = createHash("sha256");
    for await (const chunk of (await store.get({ bucket, key })).stream) back.update(chunk as Buffer);
    assert.equal(back.digest("hex"), info.sha256);
  });

  await t.test("stores nothing of content that is broken off, of another length or checksum", async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      for (let i = 0; i < 12; i++) yield randomBytes(1 << 20);
      throw new Error("the line went down");
    }
    await assert.rejects(store.put(bucket, "half/a", broken()), /the line went down/);
    await assert.rejects(store.put(bucket, "half/b", "abc", { sha256: sha256("abd") }), {
      code: "objects.checksum",
      field: "sha256",
    });
    await assert.rejects(store.put(bucket, "half/c", Readable.from([Buffer.from("abc")]), { size: 4 }), {
      code: "objects.checksum",
      field: "size",
    });
    await assert.rejects(store.put(bucket, "half/d", Readable.from([Buffer.from("abcde")]), { size: 4 }), {
      field: "size",
    });
    await assert.rejects(store.put(bucket, "half/e", Readable.from([{ no: "bytes" }])), { code: "objects.request" });
    assert.deepEqual((await store.list(bucket, { prefix: "half/" })).objects, []);
    await store.put(bucket, "half/f", "abc", { sha256: sha256("abc").toUpperCase(), size: 3 });
    assert.equal(await read({ bucket, key: "half/f" }), "abc");
  });

  await t.test("compares what is declared with what the content is", async () => {
    assert.equal((await store.put(bucket, "media/photo", PNG)).contentType, "image/png");
    const text = { contentType: "text/plain" };
    await assert.rejects(store.put(bucket, "media/x.txt", PNG, text), {
      code: "objects.content-type",
      field: "contentType",
    });
    await assert.rejects(store.put(bucket, "media/x.png", "no picture", { contentType: "image/png" }), {
      code: "objects.content-type",
    });
    const images = { allow: ["image/*"] };
    await assert.rejects(store.put(bucket, "media/x.html", "<!DOCTYPE html><script>", images), {
      code: "objects.content-type",
    });
    await store.put(bucket, "media/ok.png", PNG, images);
  });

  await t.test("copies with everything, also to a bucket that is not there", async () => {
    await store.put(bucket, "copy/from", "content", { contentType: "text/x-recipe", metadata: { batch: "7" } });
    const info = await store.copy({ bucket, key: "copy/from" }, { bucket: "other-bucket", key: "to/here" });
    assert.equal(info.contentType, "text/x-recipe");
    assert.deepEqual(info.metadata, { batch: "7" });
    assert.equal(info.sha256, sha256("content"));
    assert.equal(await read({ bucket: "other-bucket", key: "to/here" }), "content");
    await assert.rejects(store.copy({ bucket, key: "nope" }, { bucket, key: "x" }), { code: "objects.missing" });
  });

  await t.test("deletes", async () => {
    await store.delete({ bucket, key: "copy/from" });
    await assert.rejects(store.stat({ bucket, key: "copy/from" }), { code: "objects.missing" });
    assert.deepEqual((await store.list(bucket, { prefix: "copy/" })).prefixes, []);
  });

  await t.test("keeps versions once asked to, reads them, and brings a deleted object back", async () => {
    const home = "versioned";
    const key = "recipe.json";
    await store.put(home, key, "0");
    await store.keepVersions(home, true);
    const first = await store.put(home, key, "1");
    const second = await store.put(home, key, "2");
    assert.ok(first.versionId !== undefined && first.versionId !== second.versionId);
    assert.equal(await read({ bucket: home, key, versionId: first.versionId }), "1");
    assert.equal(await read({ bucket: home, key }), "2");
    await store.delete({ bucket: home, key });
    await assert.rejects(store.get({ bucket: home, key }), { code: "objects.missing" });
    assert.deepEqual((await store.list(home)).objects, []);
    const versions = await store.versions(home, key);
    assert.deepEqual(
      versions.map((version) => [version.deleted, version.latest]),
      [
        [true, true],
        [false, false],
        [false, false],
        [false, false],
      ],
    );
    assert.deepEqual(
      versions.slice(1).map(({ versionId }) => versionId),
      [second.versionId, first.versionId, "null"],
    );
    assert.equal(await read({ bucket: home, key, versionId: "null" }), "0");
    await store.delete({ bucket: home, key, versionId: versions[0]!.versionId });
    assert.equal(await read({ bucket: home, key }), "2");
    const restored = await store.copy({ bucket: home, key, versionId: first.versionId }, { bucket: home, key });
    assert.equal(await read({ bucket: home, key }), "1");
    assert.notEqual(restored.versionId, first.versionId);
    await assert.rejects(store.get({ bucket: home, key, versionId: "abc" }), { code: "objects.missing" });
  });

  await t.test("gives links that fetch and store one object, and nothing else", async () => {
    const key = "media/Foto ü.png";
    await store.put(bucket, key, PNG);
    const get = await store.link({ bucket, key }, { expiresSeconds: 600 });
    const fetched = await reach(store, get);
    assert.equal(fetched.status, 200);
    assert.equal(fetched.headers.get("content-type"), "image/png");
    assert.deepEqual(Buffer.from(await fetched.arrayBuffer()), PNG);
    const part = await reach(store, get, { headers: { range: "bytes=1-3" } });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get("content-range"), `bytes 1-3/${PNG.length}`);
    assert.equal(await part.text(), "PNG");
    const known = { "if-none-match": fetched.headers.get("etag") ?? "" };
    assert.equal((await reach(store, get, { headers: known })).status, 304);
    const saved = await reach(store, await store.link({ bucket, key }, { fileName: "Bild ü.png" }));
    assert.match(saved.headers.get("content-disposition") ?? "", /^attachment; filename\*=UTF-8''Bild%20%C3%BC\.png$/);
    await saved.arrayBuffer();
    const put = await store.link({ bucket, key: "uploads/new.txt" }, { method: "PUT", expiresSeconds: 600 });
    assert.equal((await reach(store, put, { method: "PUT", body: "from outside" })).status, 200);
    assert.equal(await read({ bucket, key: "uploads/new.txt" }), "from outside");
    // Changed links and links for something else.
    for (const [link, init] of [
      [get.replace("media/", "configs/"), {}],
      [get.replace("Foto", "foto"), {}],
      [get.replace(/(signature=)(.)/i, (_, name: string, c: string) => name + (c === "1" ? "2" : "1")), {}],
      [put, { method: "GET" }],
      [get, { method: "PUT", body: "overwritten" }],
    ] as [string, RequestInit][]) {
      const refused = await reach(store, link, init);
      assert.ok([400, 403, 405].includes(refused.status), `${refused.status} for ${init.method ?? "GET"}`);
      await refused.text();
    }
    assert.deepEqual((await bufferOf((await store.get({ bucket, key })).stream)).toString("hex"), PNG.toString("hex"));
    await assert.rejects(store.link({ bucket, key }, { expiresSeconds: 0 }), { field: "expiresSeconds" });
    await assert.rejects(store.link({ bucket, key }, { expiresSeconds: 8 * 86_400 }), { field: "expiresSeconds" });
  });

  await t.test("remembers when objects go", async () => {
    const rules = [
      { prefix: "logs/", days: 7 },
      { prefix: "tmp/", days: 1 },
    ];
    await store.expire("with-rules", rules);
    assert.deepEqual(
      (await store.expiry("with-rules")).toSorted((a, b) => b.days - a.days),
      rules,
    );
    await store.expire("with-rules", []);
    assert.deepEqual(await store.expiry("with-rules"), []);
    await assert.rejects(store.expire("with-rules", [{ prefix: "", days: 0 }]), {
      code: "objects.request",
      field: "days",
    });
  });

  await t.test("takes many at once, and the last of one key wins whole", async () => {
    const bodies = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000 + i));
    await Promise.all(bodies.map((body) => store.put(bucket, "race/one", body)));
    const winner = await read({ bucket, key: "race/one" });
    assert.ok(bodies.includes(winner));
  });

  await t.test("knows everything after a restart", async () => {
    await store.close();
    await assert.rejects(store.stat({ bucket, key: "e/a" }), /closed/);
    const again = await open();
    assert.equal((await bufferOf((await again.get({ bucket, key: "e/A" })).stream)).toString(), "e/A");
    assert.equal((await again.versions("versioned", "recipe.json")).length, 4);
    const health = again.health();
    assert.deepEqual([health.kind, health.status], ["objects", "up"]);
    await again.close();
  });
}
