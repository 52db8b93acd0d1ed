import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

test("the memory of batches that are done comes back by minor collections, and nobody else sees the collector", async () => {
  const child = path.join(import.meta.dirname, "memory.child.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [child]);
  const { minor, full, megabytes, seen } = JSON.parse(stdout) as {
    minor: number;
    full: number;
    megabytes: number;
    seen: string;
  };
  // 240 MB at 8 MiB each.
  assert.ok(minor >= 25, `${minor} minor collections`);
  assert.ok(full < 5, `${full} full collections`);
  assert.ok(megabytes < 32, `${megabytes} MB at most`);
  assert.equal(seen, "undefined");
});
