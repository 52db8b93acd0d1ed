import assert from "node:assert/strict";
import { test } from "node:test";
import { holdersOf } from "../../../../lib/objects/index.ts";
import { bufferOf } from "../../../../lib/objects/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { minioJs } from "./clients.ts";
import { EVERYTHING, serveFolder } from "./serving.ts";

const ACME = {
  name: "Acme",
  accessKey: "acme",
  secretKey: "secret-of-acme",
  buckets: "org-acme-*, shared/acme/",
  rights: "write",
} as const;
const ZETA = {
  name: "Zeta",
  accessKey: "zeta",
  secretKey: "secret-of-zeta",
  buckets: "org-zeta, org-zeta-*",
  rights: "write",
} as const;
const READER = {
  name: "Reports",
  accessKey: "reports",
  secretKey: "secret-of-reports",
  buckets: "org-*",
  rights: "read",
} as const;

test("an organisation's key sees and touches its own buckets, and nothing else", async (t) => {
  const served = await serveFolder(t, temporaryFolder(t), { keys: [EVERYTHING, ACME, ZETA, READER] });
  const client = (key: typeof ACME | typeof ZETA | typeof READER | typeof EVERYTHING) =>
    minioJs({ url: served.url, ...key });
  const [all, acme, zeta, reader] = [client(EVERYTHING), client(ACME), client(ZETA), client(READER)];
  const code = async (answer: Promise<{ status: number; code: string }>): Promise<unknown> => {
    const { status, code } = await answer;
    return code || status;
  };
  const at = (bucket: string, key?: string, more: object = {}) => ({
    bucket,
    ...(key === undefined ? {} : { key }),
    ...more,
  });
  const names = async (who: typeof all): Promise<string[]> => (await who.client.listBuckets()).map(({ name }) => name);

  // Buckets that keys name are there.
  assert.deepEqual(await names(all), ["org-zeta", "shared"]);
  assert.equal(await code(acme.ask("PUT", at("org-acme-line1"))), 200);
  for (const bucket of ["org-zeta-x", "acme", "xorg-acme-1", "org-zeta", "shared", "free"])
    assert.equal(await code(acme.ask("PUT", at(bucket))), "AccessDenied", bucket);
  assert.equal(await code(acme.ask("PUT", at("org-acme-line1", "a", { body: "acme's" }))), 200);
  assert.equal(await code(zeta.ask("PUT", at("org-zeta", "z", { body: "zeta's" }))), 200);
  assert.deepEqual(await names(acme), ["org-acme-line1", "shared"]);
  assert.deepEqual(await names(zeta), ["org-zeta"]);

  for (const [method, request] of [
    ["GET", at("org-zeta")],
    ["GET", at("org-zeta", "z")],
    ["GET", at("org-zeta", "none")],
    ["GET", at("not-there-at-all")],
    ["PUT", at("org-zeta", "z", { body: "x" })],
    ["DELETE", at("org-zeta", "z")],
    ["DELETE", at("org-zeta")],
    ["GET", at("org-zeta", undefined, { query: { versions: "" } })],
    ["GET", at("org-zeta", undefined, { query: { lifecycle: "" } })],
    ["POST", at("org-zeta", "z", { query: { uploads: "" } })],
    ["GET", at("org-zeta", "z", { query: { tagging: "" } })],
    [
      "POST",
      at("org-zeta", undefined, { query: { delete: "" }, body: "<Delete><Object><Key>z</Key></Object></Delete>" }),
    ],
    // Nor by way of a copy.
    ["PUT", at("org-acme-line1", "stolen", { headers: { "x-amz-copy-source": "/org-zeta/z" } })],
    ["PUT", at("org-acme-line1", "stolen", { headers: { "x-amz-copy-source": "/org-acme-line1/../org-zeta/z" } })],
  ] as const) {
    const answer = await acme.ask(method, request);
    if (answer.code !== "InvalidArgument" && answer.code !== "NoSuchKey")
      assert.equal(answer.code, "AccessDenied", `${method} ${JSON.stringify(request)}`);
    else assert.match(JSON.stringify(request), /\.\./);
    assert.doesNotMatch(answer.text, /zeta's/);
  }
  assert.equal((await acme.ask("HEAD", at("org-zeta", "z"))).status, 403);
  assert.equal((await zeta.ask("GET", at("org-zeta", "z"))).text, "zeta's");

  // A folder of a bucket that several share.
  assert.equal(await code(acme.ask("PUT", at("shared", "acme/report", { body: "r" }))), 200);
  assert.equal(await code(acme.ask("PUT", at("shared", "zeta/report", { body: "r" }))), "AccessDenied");
  assert.equal(await code(acme.ask("GET", at("shared"))), "AccessDenied");
  assert.match(
    (await acme.ask("GET", at("shared", undefined, { query: { prefix: "acme/" } }))).text,
    /<Key>acme\/report</,
  );
  assert.equal(await code(acme.ask("GET", at("shared", undefined, { query: { prefix: "ac" } }))), "AccessDenied");
  await all.ask("PUT", at("shared", "zeta/one", { body: "1" }));
  const body = "<Delete><Object><Key>acme/report</Key></Object><Object><Key>zeta/one</Key></Object></Delete>";
  const removed = await acme.ask("POST", at("shared", undefined, { query: { delete: "" }, body }));
  assert.match(removed.text, /<Deleted><Key>acme\/report<.*<Error><Key>zeta\/one<\/Key><Code>AccessDenied</);
  assert.equal((await all.ask("GET", at("shared", "zeta/one"))).text, "1");

  // Who only reads.
  assert.equal((await reader.ask("GET", at("org-zeta", "z"))).text, "zeta's");
  assert.equal((await reader.ask("GET", at("org-acme-line1", "a"))).text, "acme's");
  for (const [method, request] of [
    ["PUT", at("org-zeta", "new", { body: "x" })],
    ["DELETE", at("org-zeta", "z")],
    ["PUT", at("org-zeta-2")],
    ["POST", at("org-zeta", "z", { query: { uploads: "" } })],
    ["PUT", at("org-zeta", undefined, { query: { versioning: "" }, body: "<VersioningConfiguration/>" })],
  ] as const)
    assert.equal(await code(reader.ask(method, request)), "AccessDenied", method);

  // A link is good for what its key is good for.
  const link = await acme.client.presignedUrl("GET", "org-acme-line1", "a", 60);
  assert.equal(await (await fetch(link)).text(), "acme's");
  assert.equal((await fetch(await acme.client.presignedUrl("GET", "org-zeta", "z", 60))).status, 403);
  const put = await acme.client.presignedUrl("PUT", "org-acme-line1", "by-link", 60);
  assert.equal((await fetch(put, { method: "PUT", body: "from outside" })).status, 200);
  const { stream } = await served.store.get({ bucket: "org-acme-line1", key: "by-link" });
  assert.equal((await bufferOf(stream)).toString(), "from outside");

  // Keys change while it serves.
  await served.server.use([EVERYTHING, ZETA]);
  assert.equal(await code(acme.ask("GET", at("org-acme-line1", "a"))), "InvalidAccessKeyId");
  assert.equal((await zeta.ask("GET", at("org-zeta", "z"))).status, 200);
});

test("without a key, or with a wrong secret, nothing is answered", async (t) => {
  const served = await serveFolder(t, temporaryFolder(t));
  await served.store.put("plant", "a", "content");
  const wrong = minioJs({ ...served, secretKey: "minioadmin-of-another" });
  const unknown = minioJs({ ...served, accessKey: "nobody" });
  assert.equal((await wrong.ask("GET", { bucket: "plant", key: "a" })).code, "SignatureDoesNotMatch");
  assert.equal((await unknown.ask("GET", { bucket: "plant", key: "a" })).code, "InvalidAccessKeyId");
  const anonymous = await fetch(`${served.url}/plant/a`);
  assert.equal(anonymous.status, 403);
  assert.match(await anonymous.text(), /<Code>AccessDenied<.*<Resource>\/plant\/a</);
  await assert.rejects(wrong.client.listBuckets(), { code: "SignatureDoesNotMatch" });
  const { counters, status, detail } = served.server.health();
  assert.deepEqual([status, detail, counters["refused"], counters["errors"]], ["up", served.url, 4, 0]);
  assert.doesNotMatch(JSON.stringify(served.server.health()), /minioadmin-of/);
});

test("keys that cannot be used are named", () => {
  const wrong = (change: object, message: RegExp): void => {
    assert.throws(() => holdersOf([{ ...ACME, ...change }]), { code: "config.invalid", field: "keys", message });
  };
  wrong({ accessKey: "ab" }, /access key of Acme/);
  wrong({ accessKey: "a/b/c" }, /access key of Acme/);
  wrong({ secretKey: "short" }, /secret key of Acme is too short/);
  wrong({ buckets: " , " }, /Acme may enter no bucket/);
  wrong({ buckets: "Org" }, /Acme: Org is no bucket/);
  wrong({ buckets: "org/a*b" }, /Acme: org\/a\*b is no bucket/);
  assert.throws(() => holdersOf([ACME, { ...ZETA, accessKey: "acme" }]), { code: "config.invalid", field: "keys" });
  assert.throws(() => holdersOf([]), { code: "config.missing", field: "keys" });
});
