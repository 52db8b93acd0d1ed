import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { read, root } from "./sources.ts";

for (const page of ["docs/opcua-checks.md", "docs/stores-checks.md"]) {
  test(`every test that ${page} names is there`, () => {
    const gone: string[] = [];
    let named = 0;
    for (const line of read(page).split("\n")) {
      if (!line.startsWith("|")) continue;
      // A file, then the titles that are in it, until the next file.
      for (const [, file, titles] of line.matchAll(/`(test\/[\w./-]+\.ts)`([^`]*)/g)) {
        const isThere = existsSync(path.join(root, file!));
        if (!isThere) gone.push(file!);
        const source = isThere ? read(file!) : "";
        for (const [, title] of titles!.matchAll(/"([^"]+)"/g)) {
          named++;
          if (!source.includes(title!)) gone.push(`${file}: ${title}`);
        }
      }
    }
    assert.deepEqual(gone, []);
    assert.ok(named > 40, `${named} tests named`);
  });
}
