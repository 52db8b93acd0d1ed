import assert from "node:assert/strict";
import { globSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
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
