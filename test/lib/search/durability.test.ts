import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openSearch, type SearchDocument } from "../../../lib/search/index.ts";
import { startChild } from "../../support/child.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { until } from "../../support/until.ts";

test("a process that is killed loses no document that it acknowledged", async (t) => {
  const directory = temporaryFolder(t);
  let acknowledged = 0;
  for (let round = 0; round < 2; round++) {
    const child = startChild(process.execPath, [path.join(import.meta.dirname, "durability.child.ts"), directory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await until("documents to be indexed", () => text.split("\n").length > 10);
    child.kill("SIGKILL");
    await once(child, "close");
    acknowledged += (text.split("\n").length - 1) * 20;
  }
  const store = openSearch({ engine: "embedded", directory });
  const { estimatedTotalHits } = await store.search("kept", { q: "safe", limit: 0 });
  assert.ok(estimatedTotalHits >= acknowledged, `${estimatedTotalHits} of ${acknowledged}`);
  assert.equal(estimatedTotalHits % 20, 0, "a batch is there as a whole");
  await store.close();
});

test("a folder that cannot be made says so, and the store stays of use", async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(path.join(folder, "taken"), "");
  const store = openSearch({ engine: "embedded", directory: path.join(folder, "taken") });
  await assert.rejects(store.search("x", "y"), { code: "search.io" });
  assert.equal(store.health().status, "down");
  await store.close();
  const good = openSearch({ engine: "embedded", directory: temporaryFolder(t) });
  // What no engine should choke on.
  const odd: SearchDocument[] = [
    { id: "proto", text: "odd", ...(JSON.parse('{"__proto__":{"x":1},"constructor":"c"}') as object) },
    { id: "deep", text: "odd", nested: JSON.parse(`${"[".repeat(200)}1${"]".repeat(200)}`) as never },
    { id: "long", text: `odd ${"x".repeat(100_000)} ${"word ".repeat(20_000)}` },
    { id: "marks", text: 'odd <script>alert("1")</script> \u0001\u0002' },
  ];
  await good.configure("odd", { filterable: ["constructor", "__proto__.x", "nested"] });
  await good.upsert("odd", odd);
  const found = await good.search("odd", {
    q: "odd",
    facets: ["*"],
    attributesToHighlight: ["*"],
    attributesToCrop: ["*"],
  });
  assert.equal(found.estimatedTotalHits, 4);
  assert.deepEqual(
    (await good.search("odd", { filter: "constructor = c" })).hits.map(({ id }) => id),
    ["proto"],
  );
  assert.deepEqual(await good.get("odd", "long"), odd[2]);
  await good.close();
});
