import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import type { EmbeddedEngine } from "../../../../lib/objects/embedded/engine.ts";
import { startChild } from "../../../support/child.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { freePorts } from "../../../support/ports.ts";
import { until } from "../../../support/until.ts";
import { minioJs } from "./clients.ts";
import { EVERYTHING, serveFolder } from "./serving.ts";

const CHILD = path.join(import.meta.dirname, "serve.child.ts");
const { accessKey, secretKey } = EVERYTHING;
const DAY_MS = 86_400_000;

/** A process of its own that serves a folder. */
async function startServing(
  t: TestContext,
  folder: string,
): Promise<{ url: string; pid: number; kill(): Promise<void> }> {
  const [port] = await freePorts(1);
  const child = startChild(process.execPath, [CHILD, folder, String(port!), accessKey, secretKey], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  t.after(kill);
  let said = "";
  child.stdout.on("data", (text: Buffer) => (said += text.toString()));
  await until("the endpoint", () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    return said.includes("ready");
  });
  return { url: `http://127.0.0.1:${port!}`, pid: child.pid!, kill };
}

test("a process that is killed in the middle of an upload leaves nothing half, and the upload goes on", async (t) => {
  const folder = temporaryFolder(t);
  const first = await startServing(t, folder);
  const { client } = minioJs({ ...first, accessKey, secretKey });
  const [bucket, key] = ["plant", "backups/big"];
  const part = randomBytes(5 << 20);
  const uploadId = await client.initiateNewMultipartUpload(bucket, key, {});
  const send = async (to: typeof client, partNumber: number, bytes: Buffer): Promise<string> => {
    const where = { bucketName: bucket, objectName: key, uploadID: uploadId, partNumber, headers: {} };
    return (await to.uploadPart(where, bytes)).etag;
  };
  const etags = [await send(client, 1, part), await send(client, 2, part)];
  // The third is under way when the process ends.
  const { hostname, port } = new URL(first.url);
  const link = await client.presignedUrl("PUT", bucket, key, 600, { partNumber: "3", uploadId } as never);
  const { pathname, search } = new URL(link);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.write(
    `PUT ${pathname}${search} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-length: ${part.length}\r\n\r\n`,
  );
  socket.write(part.subarray(0, 3 << 20));
  await until("some of the part on the disk", () => readdirSync(path.join(folder, "tmp")).length > 0);
  await first.kill();
  socket.destroy();

  const second = await startServing(t, folder);
  const again = minioJs({ ...second, accessKey, secretKey });
  assert.deepEqual(readdirSync(path.join(folder, "tmp")), []);
  assert.equal((await again.ask("HEAD", { bucket, key })).status, 404);
  const listed = await again.ask("GET", { bucket, key, query: { uploadId } });
  assert.deepEqual(
    [...listed.text.matchAll(/<PartNumber>(\d)<.*?<Size>(\d+)</g)].map(([, n, size]) => [n, size]),
    [
      ["1", String(part.length)],
      ["2", String(part.length)],
    ],
  );
  etags.push(await send(again.client, 3, part));
  await again.client.completeMultipartUpload(
    bucket,
    key,
    uploadId,
    etags.map((etag, i) => ({ part: i + 1, etag })),
  );
  const whole = await again.ask("GET", { bucket, key });
  assert.ok(whole.body.equals(Buffer.concat([part, part, part])));
  assert.deepEqual(readdirSync(path.join(folder, "uploads")), []);
});

test("a large stream goes up in parts and down again while the process stays as large as it is", async (t) => {
  const { url, pid } = await startServing(t, temporaryFolder(t));
  const { client } = minioJs({ url, accessKey, secretKey });
  const piece = randomBytes(1 << 20);
  const pieces = 96;
  const stream = (): Readable =>
    Readable.from(
      (function* all() {
        for (let i = 0; i < pieces; i++) yield piece;
      })(),
    );
  const read = async (): Promise<string> => {
    const hash = createHash("sha256");
    for await (const chunk of await client.getObject("plant", "large")) hash.update(chunk as Buffer);
    return hash.digest("hex");
  };
  const expected = createHash("sha256");
  for (let i = 0; i < pieces; i++) expected.update(piece);
  const digest = expected.digest("hex");
  // What is loaded once is no part of it.
  await client.putObject("plant", "large", stream());
  assert.equal(await read(), digest);
  if (!existsSync(`/proc/${pid}/status`)) return t.diagnostic("the memory of a process cannot be read here");
  const memory = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
  const before = memory();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, memory())), 20);
  try {
    await client.putObject("plant", "large", stream());
    assert.equal(await read(), digest);
  } finally {
    clearInterval(timer);
  }
  t.diagnostic(`${Math.round(most - before)} MB more at most, for ${pieces} MiB`);
  assert.ok(most - before < 80, `${Math.round(most - before)} MB more`);
});

test("uploads that nobody completes go after a week, and their parts are encrypted where objects are", async (t) => {
  const directory = temporaryFolder(t);
  const served = await serveFolder(t, directory, { encryptionKey: "a key of the test" });
  const { client } = minioJs(served);
  await client.makeBucket("plant");
  const uploadId = await client.initiateNewMultipartUpload("plant", "secret", {});
  const text = Buffer.from("the recipe of the house ".repeat(100));
  const where = { bucketName: "plant", objectName: "secret", uploadID: uploadId, partNumber: 1, headers: {} };
  const { etag } = await client.uploadPart(where, text);
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile())
      assert.ok(!readFileSync(path.join(entry.parentPath, entry.name)).includes("recipe of"), entry.name);
  }
  await served.store.embedded(async (engine: EmbeddedEngine) => {
    assert.equal(await engine.uploads.sweep(Date.now() + 6 * DAY_MS), 0);
    assert.equal(engine.uploads.count, 1);
  });
  await client.completeMultipartUpload("plant", "secret", uploadId, [{ part: 1, etag }]);
  assert.ok((await minioJs(served).ask("GET", { bucket: "plant", key: "secret" })).body.equals(text));
  const abandoned = await client.initiateNewMultipartUpload("plant", "abandoned", {});
  await served.store.embedded(async (engine: EmbeddedEngine) => {
    await engine.sweep(Date.now() + 8 * DAY_MS);
    assert.equal(engine.uploads.count, 0);
  });
  const gone = await minioJs(served).ask("GET", { bucket: "plant", key: "abandoned", query: { uploadId: abandoned } });
  assert.equal(gone.code, "NoSuchUpload");
});
