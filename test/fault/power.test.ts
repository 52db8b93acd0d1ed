import assert from "node:assert/strict";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { openObjects } from "../../lib/objects/index.ts";
import { openSpool } from "../../lib/spool/index.ts";
import { temporaryFolder } from "../support/folder.ts";

/** What is asked of the disk, in order: `sync file`, `rename file`, with paths below a folder. */
async function watchDisk(t: TestContext, folder: string): Promise<string[]> {
  const done: string[] = [];
  const note = (what: string, file: string): void => {
    if (file.startsWith(folder)) done.push(`${what} ${path.relative(folder, file) || "."}`);
  };
  const noteSync = (fd: number): void => note("sync", fs.readlinkSync(`/proc/self/fd/${fd}`));
  const handle = await fs.promises.open(folder, "r");
  const handles = Object.getPrototypeOf(handle) as { sync(): Promise<void>; datasync(): Promise<void>; fd: number };
  await handle.close();
  for (const name of ["sync", "datasync"] as const) {
    const real = handles[name];
    t.mock.method(handles, name, async function sync(this: typeof handles) {
      noteSync(this.fd);
      return await real.call(this);
    });
  }
  const { fsyncSync, fsync } = fs;
  t.mock.method(fs, "fsyncSync", (fd: number) => (noteSync(fd), fsyncSync(fd)));
  t.mock.method(fs, "fsync", (fd: number, after: fs.NoParamCallback) => (noteSync(fd), fsync(fd, after)));
  const { rename } = fs.promises;
  t.mock.method(fs.promises, "rename", async (from: string, to: string) => {
    note("rename", to);
    await rename(from, to);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  return done;
}

test("an object is on the disk when it is stored: bytes, then their name, then the description, then its name, and all new folders", async (t) => {
  if (process.platform !== "linux") return t.skip("needs /proc");
  const directory = temporaryFolder(t);
  const store = openObjects({ engine: "embedded", directory });
  await store.put("plant", "first", "text");
  const done = await watchDisk(t, directory);
  await store.put("plant", "configs/line1", "text");
  const home = "buckets/plant/objects/configs/line1@";
  const steps = done.map((step) => step.replace(/tmp\/[0-9a-f]+/, "tmp/*").replace(/\w{19}\./, "*."));
  const order = [
    "sync tmp/*",
    `sync ${path.dirname(home)}`,
    `sync ${path.dirname(path.dirname(home))}`,
    `rename ${home}/*.data`,
    `sync ${home}`,
    "sync tmp/*",
    `rename ${home}/*.json`,
    `sync ${home}`,
  ];
  assert.deepEqual(steps, order);
  await store.close();
  return undefined;
});

test("a record is on the disk when a flush resolves, and the name of its file too", async (t) => {
  if (process.platform !== "linux") return t.skip("needs /proc");
  const directory = path.join(temporaryFolder(t), "new/spool");
  const done = await watchDisk(t, path.dirname(path.dirname(directory)));
  const spool = openSpool({ directory, maxBytes: 1e6, policy: "refuse", segmentBytes: 4096 });
  assert.deepEqual(done, ["sync new", "sync ."]);
  done.length = 0;
  for (let i = 0; i < 30; i++) spool.append(Buffer.alloc(500));
  await spool.flush();
  const files = fs.readdirSync(directory).filter((name) => name.endsWith(".seg"));
  assert.ok(files.length > 3);
  assert.deepEqual(
    done.toSorted(),
    ["sync new/spool", ...files.map((name) => `sync new/spool/${name}`)].toSorted(),
    "every file that was written since, and the folder",
  );
  assert.equal(done.at(-1), "sync new/spool");
  await spool.close();
  return undefined;
});
