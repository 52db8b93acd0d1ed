import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { copySearch, openSearch } from "../../../lib/search/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startMeiliStandIn } from "../../support/meili.ts";

test("the command copies indexes into MeiliSearch's API and back, verifies them, and goes on where it was", async (t) => {
  const server = await startMeiliStandIn(temporaryFolder(t), "key-of-the-test");
  t.after(() => server.stop());
  const [folder, other] = [temporaryFolder(t), temporaryFolder(t)];
  const from = openSearch({ engine: "embedded", directory: folder });
  await from.configure("devices", { searchable: ["name"], filterable: ["place.line"], sortable: ["n"] });
  await from.upsert(
    "devices",
    Array.from({ length: 1500 }, (_, n) => ({ id: `plant/ü ${n}`, n, name: `pump ${n}`, place: { line: n % 7 } })),
  );
  await from.configure("empty", {});
  await from.close();

  const script = path.resolve(import.meta.dirname, "../../../scripts/copy-store.ts");
  const env = { ...process.env, FPLUS_MEILI_KEY: "key-of-the-test" };
  const run = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [script, ...args], { env })).stdout;
  const said = await run("search", `embedded:${folder}`, server.url);
  assert.match(said, /1500 documents of 2 indexes are copied and verified\./);
  assert.match(await run("search", `embedded:${folder}`, server.url), /devices: 1500 documents, there already/);
  assert.match(await run("search", server.url, `embedded:${other}`), /1500 documents of 2 indexes/);

  const [first, second] = [folder, other].map((directory) => openSearch({ engine: "embedded", directory }));
  t.after(() => Promise.all([first!.close(), second!.close()]));
  const question = { q: "pump", filter: "place.line = 3", sort: ["n:desc"], limit: 1000 };
  const [a, b] = [await first!.search("devices", question), await second!.search("devices", question)];
  assert.deepEqual(b.hits, a.hits);
  assert.equal(a.estimatedTotalHits, 214);
  assert.deepEqual(await second!.settings("devices"), await first!.settings("devices"));

  await second!.upsert("devices", [{ id: "only here" }]);
  await assert.rejects(copySearch(first!, second!), { code: "search.copy", field: "devices" });
  await assert.rejects(run("search", "nowhere", server.url), /neither a folder nor an address/);
  await assert.rejects(run("cache", "a", "b"), /A cache is not copied/);
});
