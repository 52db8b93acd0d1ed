import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import type { TestContext } from "node:test";
import type { S3Client, S3Request, S3Response } from "./clients.ts";

const md5 = (bytes: Buffer | string): string => createHash("md5").update(bytes).digest("hex");
const all = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map((found) => found[1]!);
const one = (text: string, name: string): string => all(text, name)[0] ?? "";
/** Keys of a list, in their order; the folders beside them. */
const keysOf = ({ text }: S3Response): string[] => all(text, "Key");
const foldersOf = ({ text }: S3Response): string[] =>
  [...text.matchAll(/<CommonPrefixes><Prefix>([^<]*)/g)].map((found) => found[1]!);

const plain = (text: string): string =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll(/&#34;|&quot;/g, '"')
    .replaceAll(/&#39;|&apos;/g, "'")
    .replaceAll("&amp;", "&");
const etagOf = ({ text }: S3Response): string => plain(one(text, "ETag")).replaceAll('"', "");

/** What a server is known to do otherwise. */
export interface Differences {
  /**
   * Ceph makes a bucket of one's own again, knows no conditions of what is stored or copied, encodes slashes, gives no etag when an upload is
   * complete, takes parts in any order, finds no object where it was deleted, and leaves tags where they are (16.2, Debian 12).
   */
  readonly ceph?: boolean;
}

/**
 * The list of what an S3 server does, asked through a client: what passes here passes on MinIO, on Ceph and on the plant's own endpoint.
 * @param bucket a name that nothing has yet
 */
export async function s3Checks(
  t: TestContext,
  client: S3Client,
  bucket: string,
  { ceph = false }: Differences = {},
): Promise<void> {
  const ask = async (
    method: string,
    key?: string,
    request: Omit<S3Request, "bucket" | "key"> = {},
  ): Promise<S3Response> => await client.ask(method, { bucket, ...(key === undefined ? {} : { key }), ...request });
  const good = async (
    method: string,
    key?: string,
    request: Omit<S3Request, "bucket" | "key"> = {},
  ): Promise<S3Response> => {
    const answer = await ask(method, key, request);
    assert.ok(answer.status < 300, `${method} ${key ?? ""}: ${answer.status} ${answer.text}`);
    return answer;
  };
  const fails = async (status: number, code: string, method: string, key?: string, request = {}): Promise<void> => {
    const answer = await ask(method, key, request);
    assert.deepEqual([answer.status, answer.code], [status, code], `${method} ${key ?? ""}: ${answer.text}`);
  };

  await t.test("buckets are made once, found, listed and asked for their place", async () => {
    await fails(404, "NoSuchBucket", "GET");
    await fails(404, "NoSuchBucket", "PUT", "x", { body: "x" });
    assert.equal((await ask("HEAD")).status, 404);
    await good("PUT");
    if (!ceph) await fails(409, "BucketAlreadyOwnedByYou", "PUT");
    await good("HEAD");
    assert.ok(all((await client.ask("GET")).text, "Name").includes(bucket));
    assert.match((await good("GET", undefined, { query: { location: "" } })).text, /LocationConstraint/);
    assert.equal((await client.ask("PUT", { bucket: "Not_A_Bucket" })).status, 400);
  });

  await t.test("an object comes back with bytes, etag, type, metadata and headers", async () => {
    const body = randomBytes(300_000);
    const headers = {
      "content-type": "image/png",
      "cache-control": "max-age=60",
      "content-disposition": "inline",
      "x-amz-meta-line": "7",
    };
    assert.equal((await good("PUT", "media/a b+c&d (1)'ü°.png", { body, headers })).headers["etag"], `"${md5(body)}"`);
    for (const method of ["GET", "HEAD"]) {
      const answer = await good(method, "media/a b+c&d (1)'ü°.png");
      for (const [name, value] of Object.entries(headers)) assert.equal(answer.headers[name], value, name);
      assert.equal(answer.headers["etag"], `"${md5(body)}"`);
      assert.equal(answer.headers["content-length"], String(body.length));
      assert.ok(Math.abs(Date.parse(answer.headers["last-modified"]!) - Date.now()) < 120_000);
      if (method === "GET") assert.ok(answer.body.equals(body));
    }
    await good("PUT", "empty");
    assert.equal((await good("GET", "empty")).body.length, 0);
    const named = { query: { "response-content-type": "text/plain" } };
    assert.equal((await good("GET", "empty", named)).headers["content-type"], "text/plain");
    await fails(404, "NoSuchKey", "GET", "media");
    assert.equal((await ask("HEAD", "nothing")).status, 404);
  });

  await t.test("parts of an object, and conditions", async () => {
    const etag = `"${md5("0123456789")}"`;
    await good("PUT", "digits", { body: "0123456789" });
    for (const [range, text, shown] of [
      ["bytes=2-4", "234", "bytes 2-4/10"],
      ["bytes=7-", "789", "bytes 7-9/10"],
      ["bytes=-2", "89", "bytes 8-9/10"],
      ["bytes=8-99", "89", "bytes 8-9/10"],
    ] as const) {
      const answer = await good("GET", "digits", { headers: { range } });
      assert.deepEqual([answer.status, answer.text, answer.headers["content-range"]], [206, text, shown]);
    }
    await fails(416, "InvalidRange", "GET", "digits", { headers: { range: "bytes=10-" } });
    const long = new Date(Date.now() - 86_400_000).toUTCString();
    assert.equal((await ask("GET", "digits", { headers: { "if-none-match": etag } })).status, 304);
    assert.equal((await ask("GET", "digits", { headers: { "if-match": etag } })).status, 200);
    await fails(412, "PreconditionFailed", "GET", "digits", { headers: { "if-match": '"other"' } });
    await fails(412, "PreconditionFailed", "GET", "digits", { headers: { "if-unmodified-since": long } });
    assert.equal((await ask("GET", "digits", { headers: { "if-modified-since": long } })).status, 200);
    if (ceph) return;
    await fails(412, "PreconditionFailed", "PUT", "digits", { body: "x", headers: { "if-none-match": "*" } });
    await good("PUT", "digits-new", { body: "x", headers: { "if-none-match": "*" } });
    await good("DELETE", "digits-new");
  });

  await t.test("content that is not what was promised is not stored", async () => {
    const other = Buffer.from(md5("other"), "hex").toString("base64");
    await fails(400, "BadDigest", "PUT", "damaged", { body: "content", headers: { "content-md5": other } });
    await fails(400, "InvalidDigest", "PUT", "damaged", { body: "content", headers: { "content-md5": "AAAA" } });
    assert.equal((await ask("HEAD", "damaged")).status, 404);
    const right = Buffer.from(md5("content"), "hex").toString("base64");
    await good("PUT", "whole", { body: "content", headers: { "content-md5": right } });
    await good("DELETE", "whole");
  });

  await t.test("lists by prefix, folder and page, in both versions", async () => {
    const keys = ["l/a-b", "l/a/1", "l/a/2", "l/b/1", "l/c", "l/z&<>", "l/é"];
    for (const key of keys) await good("PUT", key, { body: key });
    const list = async (query: Record<string, string>): Promise<S3Response> => await good("GET", undefined, { query });
    const v2 = { "list-type": "2" };
    for (const version of [{}, v2] as Record<string, string>[]) {
      assert.deepEqual(
        keysOf(await list({ ...version, prefix: "l/" })),
        keys.map((key) => key.replace("&<>", "&amp;&lt;&gt;")),
      );
      const top = await list({ ...version, prefix: "l/", delimiter: "/" });
      assert.deepEqual(
        [keysOf(top), foldersOf(top)],
        [
          ["l/a-b", "l/c", "l/z&amp;&lt;&gt;", "l/é"],
          ["l/a/", "l/b/"],
        ],
      );
      const dashes = await list({ ...version, prefix: "l/a", delimiter: "-" });
      assert.deepEqual([keysOf(dashes), foldersOf(dashes)], [["l/a/1", "l/a/2"], ["l/a-"]]);
      const nothing = await list({ ...version, prefix: "none/" });
      assert.deepEqual([keysOf(nothing), one(nothing.text, "IsTruncated")], [[], "false"]);
      const encoded = await list({ ...version, prefix: "l/z", "encoding-type": "url" });
      assert.deepEqual(keysOf(encoded), [ceph ? "l%2Fz%26%3C%3E" : "l/z%26%3C%3E"]);
    }
    const first = await list({ ...v2, prefix: "l/", "max-keys": "2" });
    assert.deepEqual(
      [keysOf(first), one(first.text, "IsTruncated"), one(first.text, "KeyCount")],
      [["l/a-b", "l/a/1"], "true", "2"],
    );
    const token = one(first.text, "NextContinuationToken");
    assert.deepEqual(keysOf(await list({ ...v2, prefix: "l/", "max-keys": "2", "continuation-token": token })), [
      "l/a/2",
      "l/b/1",
    ]);
    assert.deepEqual(keysOf(await list({ ...v2, prefix: "l/", "start-after": "l/b/1" })).slice(0, 2), [
      "l/c",
      "l/z&amp;&lt;&gt;",
    ]);
    // Folders count, too, and a page goes on behind one.
    const names: string[] = [];
    for (let marker = "", more = true; more;) {
      const page = await list({ prefix: "l/", delimiter: "/", "max-keys": "1", marker });
      names.push(...keysOf(page), ...foldersOf(page));
      more = one(page.text, "IsTruncated") === "true";
      marker = plain(one(page.text, "NextMarker"));
    }
    assert.deepEqual(names, ["l/a-b", "l/a/", "l/b/", "l/c", "l/z&amp;&lt;&gt;", "l/é"]);
    const many = Object.fromEntries(Object.entries({ ...v2, "max-keys": "nine" }));
    assert.equal((await ask("GET", undefined, { query: many })).status, 400);
  });

  await t.test("copies, with the metadata of the source or its own", async () => {
    const headers = { "content-type": "text/x-recipe", "x-amz-meta-batch": "7" };
    await good("PUT", "copy/from ü", { body: "content", headers });
    const source = { "x-amz-copy-source": `/${bucket}/${encodeURIComponent("copy/from ü")}` };
    const copied = await good("PUT", "copy/to", { headers: source });
    assert.equal(etagOf(copied), md5("content"));
    const same = await good("GET", "copy/to");
    assert.deepEqual(
      [same.text, same.headers["content-type"], same.headers["x-amz-meta-batch"]],
      ["content", "text/x-recipe", "7"],
    );
    const own = {
      ...source,
      "x-amz-metadata-directive": "REPLACE",
      "content-type": "text/plain",
      "x-amz-meta-other": "8",
    };
    await good("PUT", "copy/own", { headers: own });
    const replaced = await good("HEAD", "copy/own");
    assert.equal(replaced.headers["content-type"], "text/plain");
    assert.deepEqual([replaced.headers["x-amz-meta-batch"], replaced.headers["x-amz-meta-other"]], [undefined, "8"]);
    await fails(404, "NoSuchKey", "PUT", "copy/none", { headers: { "x-amz-copy-source": `/${bucket}/nothing` } });
    const itself = { "x-amz-copy-source": `/${bucket}/copy/to` };
    await fails(400, "InvalidRequest", "PUT", "copy/to", { headers: itself });
    if (!client.ordersHeaders || ceph) return;
    const changed = { ...source, "x-amz-copy-source-if-match": '"other"' };
    await fails(412, "PreconditionFailed", "PUT", "copy/none", { headers: changed });
  });

  await t.test("an upload in parts is one object at its end, and nothing before", async () => {
    const parts = [randomBytes(5 << 20), randomBytes(5 << 20), randomBytes(1000)];
    const headers = { "content-type": "application/x-backup", "x-amz-meta-of": "plant" };
    const begin = async (key: string): Promise<string> =>
      one((await good("POST", key, { query: { uploads: "" }, headers })).text, "UploadId");
    const uploadId = await begin("parts/big");
    const send = async (number: number, body: Buffer): Promise<string> =>
      (await good("PUT", "parts/big", { query: { partNumber: String(number), uploadId }, body })).headers["etag"]!;
    const etags = [await send(2, parts[0]!), await send(5, parts[1]!), await send(9, parts[2]!)];
    etags[0] = await send(2, parts[0]!);
    assert.equal(etags[0], `"${md5(parts[0]!)}"`);
    assert.equal((await ask("HEAD", "parts/big")).status, 404);
    const listed = await good("GET", "parts/big", { query: { uploadId } });
    assert.deepEqual(all(listed.text, "PartNumber"), ["2", "5", "9"]);
    assert.deepEqual(
      all(listed.text, "Size"),
      parts.map((part) => String(part.length)),
    );
    const page = await good("GET", "parts/big", { query: { uploadId, "max-parts": "1", "part-number-marker": "2" } });
    assert.deepEqual([all(page.text, "PartNumber"), one(page.text, "IsTruncated")], [["5"], "true"]);
    assert.ok((await good("GET", undefined, { query: { uploads: "", prefix: "parts/big" } })).text.includes(uploadId));
    const body = (wanted: readonly (readonly [number, string])[]): string =>
      `<CompleteMultipartUpload>${wanted.map(([n, etag]) => `<Part><PartNumber>${n}</PartNumber><ETag>${etag}</ETag></Part>`).join("")}</CompleteMultipartUpload>`;
    const query = { uploadId };
    const wanted = [2, 5, 9].map((n, i) => [n, etags[i]!] as const);
    await fails(400, "InvalidPart", "POST", "parts/big", {
      query,
      body: body([[2, '"d41d8cd98f00b204e9800998ecf8427e"']]),
    });
    if (!ceph)
      await fails(400, "InvalidPartOrder", "POST", "parts/big", { query, body: body([wanted[1]!, wanted[0]!]) });
    await fails(400, "MalformedXML", "POST", "parts/big", { query, body: "<CompleteMultipartUpload><Part>" });
    const whole = await good("POST", "parts/big", { query, body: body(wanted) });
    const digests = Buffer.from(etags.map((etag) => etag.replaceAll('"', "")).join(""), "hex");
    if (!ceph) assert.equal(etagOf(whole), `${md5(digests)}-3`);
    const got = await good("GET", "parts/big");
    assert.ok(got.body.equals(Buffer.concat(parts)));
    assert.equal(got.headers["etag"], `"${md5(digests)}-3"`);
    assert.deepEqual([got.headers["content-type"], got.headers["x-amz-meta-of"]], ["application/x-backup", "plant"]);
    // Two bytes on each side of where two parts meet.
    const seam = await good("GET", "parts/big", { headers: { range: `bytes=${(5 << 20) - 2}-${(5 << 20) + 1}` } });
    assert.deepEqual(seam.body, Buffer.concat(parts).subarray((5 << 20) - 2, (5 << 20) + 2));

    const second = await begin("parts/copied");
    const source: Record<string, string> = { "x-amz-copy-source": `/${bucket}/parts/big` };
    if (client.ordersHeaders) source["x-amz-copy-source-range"] = "bytes=10-19";
    const part = await good("PUT", "parts/copied", { query: { partNumber: "1", uploadId: second }, headers: source });
    await good("POST", "parts/copied", {
      query: { uploadId: second },
      body: body([[1, etagOf(part)]]),
    });
    const range = client.ordersHeaders ? ([10, 20] as const) : ([0] as const);
    assert.ok((await good("GET", "parts/copied")).body.equals(Buffer.concat(parts).subarray(...range)));

    const third = await begin("parts/none");
    await good("PUT", "parts/none", { query: { partNumber: "1", uploadId: third }, body: "small" });
    await good("PUT", "parts/none", { query: { partNumber: "2", uploadId: third }, body: "small" });
    const small = body([1, 2].map((n) => [n, `"${md5("small")}"`] as const));
    await fails(400, "EntityTooSmall", "POST", "parts/none", { query: { uploadId: third }, body: small });
    const beyond = ceph ? "x" : "10001";
    assert.equal(
      (await ask("PUT", "parts/none", { query: { partNumber: beyond, uploadId: third }, body: "x" })).status,
      400,
    );
    await good("DELETE", "parts/none", { query: { uploadId: third } });
    await fails(404, "NoSuchUpload", "PUT", "parts/none", { query: { partNumber: "1", uploadId: third }, body: "x" });
    assert.ok(!(await good("GET", undefined, { query: { uploads: "" } })).text.includes(third));
  });

  await t.test("versions are kept once asked for, listed page by page, and a deletion is undone", async () => {
    const configuration = (status: string): string =>
      `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`;
    assert.doesNotMatch((await good("GET", undefined, { query: { versioning: "" } })).text, /<Status>/);
    await good("PUT", "v/a", { body: "0" });
    await good("PUT", undefined, { query: { versioning: "" }, body: configuration("Enabled") });
    assert.match((await good("GET", undefined, { query: { versioning: "" } })).text, /<Status>Enabled</);
    const first = (await good("PUT", "v/a", { body: "1" })).headers["x-amz-version-id"]!;
    await good("PUT", "v/a", { body: "2" });
    await good("PUT", "v/b", { body: "b" });
    assert.equal((await good("GET", "v/a", { query: { versionId: first } })).text, "1");
    assert.equal((await good("GET", "v/a", { query: { versionId: "null" } })).text, "0");
    const marker = await good("DELETE", "v/a");
    assert.equal(marker.headers["x-amz-delete-marker"], "true");
    await fails(404, "NoSuchKey", "GET", "v/a");
    const versionId = marker.headers["x-amz-version-id"]!;
    if (!ceph) await fails(405, "MethodNotAllowed", "GET", "v/a", { query: { versionId } });
    const listed = await good("GET", undefined, { query: { versions: "", prefix: "v/" } });
    assert.deepEqual(keysOf(listed), ["v/a", "v/a", "v/a", "v/a", "v/b"]);
    assert.equal((listed.text.match(/<DeleteMarker>/g) ?? []).length, 1);
    const seen: string[] = [];
    for (let at: Record<string, string> | undefined = {}; at !== undefined;) {
      const page: S3Response = await good("GET", undefined, {
        query: { versions: "", prefix: "v/", "max-keys": "2", ...at },
      });
      seen.push(...all(page.text, "VersionId"));
      const next = {
        "key-marker": one(page.text, "NextKeyMarker"),
        "version-id-marker": one(page.text, "NextVersionIdMarker"),
      };
      at = one(page.text, "IsTruncated") === "true" ? next : undefined;
    }
    assert.deepEqual(seen, all(listed.text, "VersionId"));
    await good("DELETE", "v/a", { query: { versionId } });
    assert.equal((await good("GET", "v/a")).text, "2");
    await good("PUT", undefined, { query: { versioning: "" }, body: configuration("Suspended") });
    assert.match((await good("GET", undefined, { query: { versioning: "" } })).text, /<Status>Suspended</);
    assert.equal(
      (await ask("PUT", undefined, { query: { versioning: "" }, body: configuration("Perhaps") })).status,
      400,
    );
    for (const id of all(listed.text, "VersionId"))
      for (const key of ["v/a", "v/b"]) await ask("DELETE", key, { query: { versionId: id } });
  });

  await t.test("tags, and rules by which objects go", async () => {
    const tagging = "<Tagging><TagSet><Tag><Key>line</Key><Value>7 + 8</Value></Tag></TagSet></Tagging>";
    await good("PUT", "tagged", { body: "x" });
    await good("PUT", "tagged", { query: { tagging: "" }, body: tagging });
    assert.match(
      (await good("GET", "tagged", { query: { tagging: "" } })).text,
      /<Key>line<\/Key><Value>7 \+ 8<\/Value>/,
    );
    await good("DELETE", "tagged", { query: { tagging: "" } });
    if (!ceph) assert.doesNotMatch((await good("GET", "tagged", { query: { tagging: "" } })).text, /<Tag>/);
    await fails(404, "NoSuchLifecycleConfiguration", "GET", undefined, { query: { lifecycle: "" } });
    const rules =
      "<LifecycleConfiguration><Rule><ID>logs</ID><Status>Enabled</Status><Filter><Prefix>logs/</Prefix></Filter><Expiration><Days>7</Days></Expiration></Rule></LifecycleConfiguration>";
    const checked = { "content-md5": Buffer.from(md5(rules), "hex").toString("base64") };
    await good("PUT", undefined, { query: { lifecycle: "" }, body: rules, headers: checked });
    assert.match(
      (await good("GET", undefined, { query: { lifecycle: "" } })).text,
      /<Prefix>logs\/<\/Prefix>.*<Days>7<\/Days>|<Days>7<\/Days>.*<Prefix>logs\/<\/Prefix>/s,
    );
    await good("DELETE", undefined, { query: { lifecycle: "" } });
    await fails(404, "NoSuchLifecycleConfiguration", "GET", undefined, { query: { lifecycle: "" } });
  });

  await t.test("deletes one, many, and a bucket with nothing in it", async () => {
    await fails(409, "BucketNotEmpty", "DELETE");
    await good("DELETE", "digits");
    await fails(404, "NoSuchKey", "GET", "digits");
    await good("DELETE", "digits");
    const removal = async (keys: readonly string[], quiet = false): Promise<S3Response> => {
      const body = `<Delete><Quiet>${quiet}</Quiet>${keys.map((key) => `<Object><Key>${key}</Key></Object>`).join("")}</Delete>`;
      const headers = { "content-md5": Buffer.from(md5(body), "hex").toString("base64") };
      return await good("POST", undefined, { query: { delete: "" }, body, headers });
    };
    assert.deepEqual(all((await removal(["l/z&amp;&lt;&gt;", "nothing"])).text, "Key"), [
      "l/z&amp;&lt;&gt;",
      "nothing",
    ]);
    assert.doesNotMatch((await removal(["l/c"], true)).text, /<Deleted>/);
    for (;;) {
      const left = keysOf(await good("GET", undefined, { query: { "list-type": "2" } }));
      if (left.length === 0) break;
      await removal(left);
    }
    // Whatever was deleted while versions were suspended has left a mark.
    const versions = await good("GET", undefined, { query: { versions: "" } });
    for (const [, key, id] of versions.text.matchAll(/<Key>([^<]*)<\/Key>.*?<VersionId>([^<]*)</gs)) {
      await good("DELETE", plain(key!), {
        query: { versionId: id! },
      });
    }
    await good("DELETE");
    assert.equal((await ask("HEAD")).status, 404);
  });
}
