import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { bufferOf } from "../../../../lib/objects/index.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { findProgram, missing } from "../../../support/services.ts";
import { serveFolder } from "./serving.ts";

const run = promisify(execFile);
const python = findProgram(
  "FPLUS_TEST_PYTHON",
  path.resolve(import.meta.dirname, "../../../../.tmp/python/bin/python"),
);
const restic = findProgram("FPLUS_TEST_RESTIC", "/usr/bin/restic");
const rclone = findProgram("FPLUS_TEST_RCLONE", "/usr/bin/rclone");
const MINIOADMIN = { name: "Plant", accessKey: "minioadmin", secretKey: "minioadmin", rights: "write" } as const;

/** As the description of the architecture has it; only the port is the test's. */
const EXAMPLE = `# Upload a file
from minio import Minio

client = Minio('localhost:9000',
               access_key='minioadmin',
               secret_key='minioadmin',
               secure=False)

client.fput_object('factory-plus', 'config.json', 'config.json')

# Download a file
client.fget_object('factory-plus', 'config.json', 'downloaded_config.json')

# List objects
objects = client.list_objects('factory-plus', prefix='configs/')
for obj in objects:
    print(obj.object_name)
`;

test("the Python example of the minio client runs as it stands", async (t) => {
  if (missing(t, "python", python)) return;
  if (
    missing(
      t,
      "the Python package minio",
      (await run(python!, ["-c", "import minio"]).catch(() => undefined)) && "minio",
    )
  )
    return;
  const served = await serveFolder(t, temporaryFolder(t), { keys: [{ ...MINIOADMIN, buckets: "factory-plus" }] });
  const folder = temporaryFolder(t);
  const config = '{"line": 1, "name": "Füller"}';
  writeFileSync(path.join(folder, "config.json"), config);
  for (let i = 0; i < 3; i++) await served.store.put("factory-plus", `configs/line${i}.json`, "{}");
  await served.store.put("factory-plus", "configs/old/line9.json", "{}");
  const program = EXAMPLE.replace("localhost:9000", new URL(served.url).host.replace("127.0.0.1", "localhost"));
  const { stdout } = await run(python!, ["-c", program], { cwd: folder });
  assert.deepEqual(stdout.trim().split("\n"), [
    "configs/line0.json",
    "configs/line1.json",
    "configs/line2.json",
    "configs/old/",
  ]);
  assert.equal(readFileSync(path.join(folder, "downloaded_config.json"), "utf8"), config);
  const { stream, info } = await served.store.get({ bucket: "factory-plus", key: "config.json" });
  assert.equal((await bufferOf(stream)).toString(), config);
  assert.equal(info.contentType, "application/octet-stream");
});

test("restic backs a folder up, checks what it stored and restores it", async (t) => {
  if (missing(t, "restic", restic)) return;
  const served = await serveFolder(t, temporaryFolder(t), { keys: [{ ...MINIOADMIN, buckets: "backups" }] });
  const folder = folderOfFiles(temporaryFolder(t));
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: "minioadmin",
    AWS_SECRET_ACCESS_KEY: "minioadmin",
    RESTIC_PASSWORD: "of the test",
    RESTIC_CACHE_DIR: path.join(folder, "cache"),
    RESTIC_REPOSITORY: `s3:${served.url}/backups/plant`,
  };
  const ask = async (...args: string[]): Promise<string> => (await run(restic!, args, { env, cwd: folder })).stdout;
  await ask("init");
  await ask("backup", "files");
  writeFileSync(path.join(folder, "files/later.txt"), "later");
  await ask("backup", "files");
  assert.match(await ask("check", "--read-data"), /no errors were found/);
  await ask("restore", "latest", "--target", "restored");
  await run("diff", ["-r", "files", "restored/files"], { cwd: folder });
  await ask("forget", "--keep-last", "1", "--prune");
  assert.equal(served.server.health().counters["errors"], 0);
});

test("rclone mirrors a folder, finds it equal by checksum and removes it", async (t) => {
  if (missing(t, "rclone", rclone)) return;
  const served = await serveFolder(t, temporaryFolder(t), { keys: [{ ...MINIOADMIN, buckets: "*" }] });
  const folder = folderOfFiles(temporaryFolder(t));
  const [type, provider, secret] = ["s3", "Minio", "minioadmin"];
  writeFileSync(
    path.join(folder, "rclone.conf"),
    `[plant]\ntype = ${type}\nprovider = ${provider}\naccess_key_id = minioadmin\nsecret_access_key = ${secret}\nendpoint = ${served.url}\n`,
  );
  // rclone cannot have its own transport and a bundle of certificates.
  const { AWS_CA_BUNDLE: _, ...env } = process.env;
  const ask = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await run(rclone!, ["--config", "rclone.conf", ...args], { env, cwd: folder });
    return stdout + stderr;
  };
  await ask("sync", "files", "plant:mirror/x", "--s3-upload-cutoff", "6M", "--s3-chunk-size", "5M");
  assert.match(await ask("check", "files", "plant:mirror/x"), /0 differences found/);
  await ask("copy", "plant:mirror/x", "back");
  await run("diff", ["-r", "files", "back"], { cwd: folder });
  await ask("copy", "plant:mirror/x", "plant:mirror/second");
  assert.match(await ask("check", "files", "plant:mirror/second"), /0 differences found/);
  await ask("purge", "plant:mirror");
  assert.deepEqual(await served.store.buckets(), []);
});

/** A folder `files` with small files of odd names and one that goes up in parts. */
function folderOfFiles(folder: string): string {
  const files = path.join(folder, "files");
  mkdirSync(path.join(files, "configs/old"), { recursive: true });
  for (let i = 0; i < 12; i++) writeFileSync(path.join(files, `configs/line ${i} é+&'=.json`), `{"line":${i}}`);
  writeFileSync(path.join(files, "history.bin"), randomBytes(13 << 20));
  writeFileSync(path.join(files, "empty"), "");
  cpSync(path.join(files, "configs/line 1 é+&'=.json"), path.join(files, "configs/old/line.json"));
  return folder;
}
