import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { openObjects } from "../../../lib/objects/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { minioProgram, startMinio } from "../../support/minio.ts";
import { freePorts } from "../../support/ports.ts";
import { missing } from "../../support/services.ts";
import { objectsContract } from "./contract.ts";

test("MinIO is an object store", async (t) => {
  if (missing(t, "minio", minioProgram)) return;
  const server = await startMinio(temporaryFolder(t));
  t.after(() => server.stop());
  const { url, accessKey, secretKey } = server;
  await objectsContract(
    t,
    async () => {
      const store = openObjects({ engine: "s3", url, accessKey, secretKey });
      await store.open();
      return store;
    },
    (_store, link, init) => fetch(link, init),
    { listsUnderObjects: false },
  );

  await t.test("an upload that breaks off leaves no parts behind", async () => {
    const store = openObjects({ engine: "s3", url, accessKey, secretKey });
    async function* broken(): AsyncGenerator<Buffer> {
      for (let i = 0; i < 20; i++) yield Buffer.alloc(1 << 20, i);
      throw new Error("the line went down");
    }
    await assert.rejects(store.put("parts", "half", broken()), /the line went down/);
    const { Client } = await import("minio");
    const { hostname, port } = new URL(url);
    const client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey });
    const left: unknown[] = [];
    for await (const part of client.listIncompleteUploads("parts", "", true)) left.push(part);
    assert.deepEqual(left, []);
    await store.close();
  });

  await t.test("a wrong secret is refused by name; a server that is away is unreachable", async () => {
    const wrong = openObjects({ engine: "s3", url, accessKey, secretKey: "wrong-secret" });
    await assert.rejects(wrong.open(), { code: "objects.refused", field: "secretKey" });
    await assert.rejects(wrong.put("factory-plus", "x", "x"), { code: "objects.refused" });
    await wrong.close();
    const [free] = await freePorts(1);
    const away = openObjects({ engine: "s3", url: `http://127.0.0.1:${free!}`, accessKey, secretKey });
    await assert.rejects(away.stat({ bucket: "factory-plus", key: "x" }), {
      code: "objects.unreachable",
      field: "url",
    });
    assert.equal(away.health().status, "down");
    await away.close();
  });

  await t.test("of two servers the one that answers serves", async () => {
    const [free] = await freePorts(1);
    const store = openObjects({ engine: "s3", url: `http://127.0.0.1:${free!}, ${url}`, accessKey, secretKey });
    await store.put("factory-plus", "replica", "both");
    assert.equal((await store.stat({ bucket: "factory-plus", key: "replica" })).size, 4);
    assert.equal(store.health().status, "up");
    await store.close();
  });
});

test("a server that goes away in the middle of an upload leaves nothing half, and serves again when it is back", async (t) => {
  if (missing(t, "minio", minioProgram)) return;
  const folder = temporaryFolder(t);
  const first = await startMinio(folder);
  const { url, accessKey, secretKey } = first;
  const store = openObjects({ engine: "s3", url, accessKey, secretKey });
  await store.put("plant", "before", "there");
  async function* stream(): AsyncGenerator<Buffer> {
    for (let i = 0; i < 30; i++) {
      if (i === 20) await first.stop("SIGKILL");
      yield Buffer.alloc(1 << 20, i);
    }
  }
  await assert.rejects(store.put("plant", "half", stream()), { code: "objects.unreachable" });
  assert.equal(store.health().status, "down");
  const again = await startMinio(folder, Number(new URL(url).port));
  t.after(() => again.stop());
  assert.deepEqual(
    (await store.list("plant")).objects.map(({ key }) => key),
    ["before"],
  );
  await store.put("plant", "half", "whole now");
  assert.equal((await store.stat({ bucket: "plant", key: "half" })).size, 9);
  assert.equal(store.health().status, "up");
  await store.close();
});

test("a server that takes the request and says nothing is given up", async (t) => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const store = openObjects({ engine: "s3", url, accessKey: "a", secretKey: "b", timeoutMs: 200 });
  await assert.rejects(store.open(), { code: "objects.unreachable" });
  await store.close();
});

test("wrong settings are named", () => {
  const good = { engine: "s3", url: "http://127.0.0.1:9000", accessKey: "a", secretKey: "b" } as const;
  assert.throws(() => openObjects({ ...good, url: "127.0.0.1:9000" }), { code: "config.invalid", field: "url" });
  assert.throws(() => openObjects({ ...good, url: "http://host/bucket" }), { code: "config.invalid", field: "url" });
  assert.throws(() => openObjects({ ...good, secretKey: "" }), { code: "config.missing", field: "secretKey" });
});
