import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { temporaryFolder } from "../../../support/folder.ts";
import { until } from "../../../support/until.ts";
import { minioJs } from "./clients.ts";
import { EVERYTHING, serveFolder } from "./serving.ts";

test("whatever a client sends is answered or ended, and the next request is served", async (t) => {
  const folder = temporaryFolder(t);
  const served = await serveFolder(t, folder);
  const minio = minioJs(served);
  const { client } = minio;
  await client.makeBucket("plant");
  await client.putObject("plant", "good", "still here");
  const refused = async (
    status: number,
    code: string,
    method: string,
    key: string | undefined,
    more: object,
  ): Promise<void> => {
    const answer = await minio.ask(method, { bucket: "plant", ...(key === undefined ? {} : { key }), ...more });
    assert.deepEqual(
      [answer.status, answer.code],
      [status, code],
      `${method} ${key ?? ""} ${JSON.stringify(more).slice(0, 100)}`,
    );
  };

  const remove = { query: { delete: "" } };
  const bomb =
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>';
  for (const body of [
    "",
    "no xml",
    "<Delete>",
    "<Other/>",
    "<Delete></Delete>",
    bomb,
    `<Delete>${"<Object>".repeat(5000)}`,
    `<Delete>${"<a>".repeat(50)}${"</a>".repeat(50)}</Delete>`,
    `<Delete>${"<Object><Key>k</Key></Object>".repeat(1001)}</Delete>`,
    "<Delete><__proto__>x</__proto__></Delete>",
  ])
    await refused(400, "MalformedXML", "POST", undefined, { ...remove, body });
  await refused(400, "EntityTooLarge", "POST", undefined, { ...remove, body: Buffer.alloc(5 << 20, 32) });
  await refused(400, "MalformedXML", "PUT", undefined, { query: { lifecycle: "" }, body: "<LifecycleConfiguration/>" });
  const rule =
    "<LifecycleConfiguration><Rule><Status>Enabled</Status><Prefix/><Transition><Days>1</Days></Transition></Rule></LifecycleConfiguration>";
  await refused(501, "NotImplemented", "PUT", undefined, { query: { lifecycle: "" }, body: rule });
  await refused(501, "NotImplemented", "PUT", undefined, { query: { policy: "" }, body: "{}" });
  await refused(501, "NotImplemented", "PUT", "good", { query: { acl: "" } });
  await refused(404, "NoSuchBucketPolicy", "GET", undefined, { query: { policy: "" } });
  await refused(501, "NotImplemented", "PUT", "c", {
    body: "x",
    headers: { "x-amz-server-side-encryption": "aws:kms" },
  });
  await refused(400, "InvalidArgument", "GET", undefined, { query: { "max-keys": "-1" } });
  await refused(400, "InvalidArgument", "GET", undefined, { query: { "list-type": "2", "continuation-token": "§" } });
  await refused(400, "InvalidTag", "PUT", "good", {
    query: { tagging: "" },
    body: `<Tagging><TagSet>${"<Tag><Key>a</Key></Tag>".repeat(2)}</TagSet></Tagging>`,
  });
  await refused(400, "InvalidArgument", "PUT", "c", { body: "x", headers: { "x-amz-meta-long": "x".repeat(3000) } });
  await refused(400, "InvalidArgument", "PUT", "c", { headers: { "x-amz-copy-source": "/%ff" } });
  await refused(404, "NoSuchUpload", "PUT", "c", { query: { uploadId: "../../buckets", partNumber: "1" }, body: "x" });
  for (const key of ["../x", "a/../../x", "a//b", "a/", "a\\b", "x".repeat(300), "a\nb"]) {
    const answer = await minio.ask("PUT", { bucket: "plant", key, body: "x" });
    assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} for ${JSON.stringify(key)}`);
  }
  assert.equal((await fetch(`${served.url}/%zz`)).status, 400);
  assert.equal((await fetch(`${served.url}/plant?${"a&".repeat(200)}`)).status, 400);
  assert.equal((await fetch(`${served.url}/`, { method: "OPTIONS" })).status, 403);

  // Not even HTTP, and bodies that are never sent.
  for (const text of [
    "\0\u0001\u0002\r\n\r\n",
    "GET\r\n\r\n",
    `GET / HTTP/1.1\r\n${"x: y\r\n".repeat(5000)}\r\n`,
    "PUT /plant/a HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999\r\n\r\n",
  ]) {
    const socket = connect(Number(new URL(served.url).port), "127.0.0.1", () => socket.write(text, "latin1"));
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.on("error", () => undefined);
    await until("an answer or the end", () => answer !== "" || socket.destroyed);
    socket.destroy();
    if (answer !== "") assert.match(answer, /^HTTP\/1\.1 4\d\d/);
  }
  assert.equal((await minio.ask("GET", { bucket: "plant", key: "good" })).text, "still here");
  assert.deepEqual(readdirSync(`${folder}/tmp`), []);
  assert.equal(served.server.health().counters["errors"], 0);
});

test("a body that stops coming, or trickles, ends its connection and leaves nothing", async (t) => {
  const folder = temporaryFolder(t);
  const served = await serveFolder(t, folder, { patienceMs: 300 });
  const { client } = minioJs(served);
  await client.makeBucket("plant");
  const link = new URL(await client.presignedUrl("PUT", "plant", "slow", 60));
  const socket = connect(Number(link.port), link.hostname);
  socket.on("error", () => undefined);
  socket.write(`PUT ${link.pathname}${link.search} HTTP/1.1\r\nhost: ${link.host}\r\ncontent-length: 100000\r\n\r\n`);
  const drip = setInterval(() => socket.writable && socket.write("x"), 20);
  t.after(() => clearInterval(drip));
  await once(socket, "close");
  await until("the file to be removed", () => readdirSync(`${folder}/tmp`).length === 0);
  await assert.rejects(client.statObject("plant", "slow"), { code: "NotFound" });
  // Neither is that a fault of the store.
  const [endpoint, store] = [served.server.health(), served.store.health()];
  assert.deepEqual([endpoint.counters["errors"], store.status, store.counters["errors"]], [0, "up", 0]);
});

test("a port that is taken is named, and so is a store that is served elsewhere", async (t) => {
  const served = await serveFolder(t, temporaryFolder(t));
  const { ObjectServer, openObjects } = await import("../../../../lib/objects/index.ts");
  const store = openObjects({ engine: "embedded", directory: temporaryFolder(t) });
  t.after(() => store.close());
  const port = Number(new URL(served.url).port);
  const second = new ObjectServer(store, { port, keys: [EVERYTHING] });
  await assert.rejects(second.open(), { code: "config.invalid", field: "port" });
  assert.equal(second.health().status, "down");
  await second.close();
  const away = openObjects({ engine: "s3", url: served.url, accessKey: served.accessKey, secretKey: served.secretKey });
  t.after(() => away.close());
  await assert.rejects(new ObjectServer(away, { port: 1, keys: [EVERYTHING] }).open(), {
    code: "config.invalid",
    field: "engine",
  });
});
