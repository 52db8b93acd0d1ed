import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { globSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { bufferOf, openObjects, transferObjects } from "../../../lib/objects/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { minioProgram, startMinio } from "../../support/minio.ts";
import { missing } from "../../support/services.ts";

test("a store moves to a server and back, every object compared, and goes on where it broke off", async (t) => {
  if (missing(t, "minio", minioProgram)) return;
  const server = await startMinio(temporaryFolder(t));
  t.after(() => server.stop());
  const { url, accessKey, secretKey } = server;
  const folder = temporaryFolder(t);
  const embedded = openObjects({ engine: "embedded", directory: folder });
  const large = Buffer.alloc(9 << 20, "factory");
  await embedded.put("configs", "line 1/ü.json", "{}", { metadata: { by: "änn" } });
  await embedded.put("configs", "empty", "");
  await embedded.put("backups", "large.bin", large, { contentType: "application/x-backup" });
  await embedded.put("backups", "damaged", "all is well");
  const [file] = globSync("buckets/backups/objects/damaged@/*.data", { cwd: folder });
  writeFileSync(path.join(folder, file!), "all is ill!");

  const s3 = openObjects({ engine: "s3", url, accessKey, secretKey });
  const first = await transferObjects(embedded, s3);
  assert.deepEqual([first.copied, first.present, first.bytes], [3, 0, large.length + 2]);
  assert.deepEqual(
    first.failed.map(({ key }) => key),
    ["damaged"],
  );
  assert.match(first.failed[0]!.reason, /not as it was stored|checksum/);
  await assert.rejects(s3.stat({ bucket: "backups", key: "damaged" }), { code: "objects.missing" });
  const there = await s3.stat({ bucket: "configs", key: "line 1/ü.json" });
  assert.deepEqual([there.contentType, there.metadata], ["application/json", { by: "änn" }]);

  await embedded.put("configs", "empty", "no longer");
  const second = await transferObjects(embedded, s3);
  assert.deepEqual([second.copied, second.present, second.failures], [1, 2, 1]);

  const back = openObjects({ engine: "embedded", directory: temporaryFolder(t) });
  const steps: number[] = [];
  const third = await transferObjects(s3, back, { bucket: "backups", onProgress: ({ copied }) => steps.push(copied) });
  assert.deepEqual([third.copied, third.failures, steps], [1, 0, [1]]);
  assert.deepEqual(await bufferOf((await back.get({ bucket: "backups", key: "large.bin" })).stream), large);
  assert.deepEqual(await back.buckets(), ["backups"]);
  for (const store of [embedded, s3, back]) await store.close();
});

test("the command copies a folder to MinIO and back, reads every object back, and goes on where it was", async (t) => {
  if (missing(t, "minio", minioProgram)) return;
  const server = await startMinio(temporaryFolder(t));
  t.after(() => server.stop());
  const [folder, other] = [temporaryFolder(t), temporaryFolder(t)];
  const from = openObjects({ engine: "embedded", directory: folder });
  await from.put("configs", "line 1/ü.json", "{}", { metadata: { by: "änn" } });
  await from.put("backups", "large.bin", Buffer.alloc(9 << 20, "factory"));
  await from.expire("backups", [{ prefix: "old/", days: 30 }]);
  await from.close();

  const script = path.resolve(import.meta.dirname, "../../../scripts/copy-store.ts");
  const env = { ...process.env, FPLUS_S3_ACCESS_KEY: server.accessKey, FPLUS_S3_SECRET_KEY: server.secretKey };
  const run = async (...places: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [script, "objects", ...places], { env })).stdout;
  assert.match(await run(`embedded:${folder}`, server.url), /^2 objects are copied, read back and the same\./m);
  assert.match(await run(`embedded:${folder}`, server.url), /2 objects are copied.*2 of them by a former run/);
  assert.match(await run(server.url, `embedded:${other}`), /2 objects are copied/);
  const [first, second] = [folder, other].map((directory) => openObjects({ engine: "embedded", directory }));
  t.after(() => Promise.all([first!.close(), second!.close()]));
  for (const [bucket, key] of [
    ["configs", "line 1/ü.json"],
    ["backups", "large.bin"],
  ] as const) {
    const [a, b] = [await first!.stat({ bucket, key }), await second!.stat({ bucket, key })];
    assert.deepEqual([b.sha256, b.size, b.contentType, b.metadata], [a.sha256, a.size, a.contentType, a.metadata]);
  }
  assert.deepEqual(await second!.expiry("backups"), [{ prefix: "old/", days: 30 }]);

  await first!.put("configs", "damaged", "all is well");
  const [file] = globSync("buckets/configs/objects/damaged@/*.data", { cwd: folder });
  writeFileSync(path.join(folder, file!), "all is ill!");
  await first!.close();
  await assert.rejects(
    run(`embedded:${folder}`, server.url),
    (error: { code: number; stdout: string }) => error.code === 1 && /not copied: configs\/damaged/.test(error.stdout),
  );
});
