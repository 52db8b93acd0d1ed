import assert from "node:assert/strict";
import { test } from "node:test";
import { openSearch, RowIndexer, type SearchDocument } from "../../../lib/search/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { until } from "../../support/until.ts";

test("an index follows its source over faults and floods: nothing is forgotten, what is gone goes", async (t) => {
  const store = openSearch({ engine: "embedded", directory: temporaryFolder(t) });
  const rows = new Map<string, SearchDocument>();
  let fault = "";
  let reads = 0;
  const indexer = new RowIndexer(store, "rows", {
    async *all() {
      reads++;
      if (fault !== "") throw new Error(fault);
      yield [...rows.values()];
    },
    some(ids) {
      if (fault !== "") return Promise.reject(new Error(fault));
      return Promise.resolve(ids.flatMap((id) => rows.get(id) ?? []));
    },
  });
  t.after(async () => {
    await indexer.close();
    await store.close();
  });
  const put = (id: string): void => void rows.set(id, { id, name: `row ${id}` });
  const calm = (): boolean => {
    const { waiting, reading, fault: trouble } = indexer.stats();
    return waiting === 0 && !reading && trouble === "";
  };
  await store.configure("rows", {});
  // A document that the source does not have, as a former run may have left it.
  await store.upsert("rows", [{ id: "old" }]);
  put("a");
  indexer.refresh();
  await until("the first read", async () => (await store.get("rows", "old")) === undefined);
  assert.equal((await store.get("rows", "a"))?.["name"], "row a");

  // The source is away: the change waits, and says why.
  fault = "no database";
  put("b");
  rows.delete("a");
  indexer.changed("a");
  indexer.changed("b");
  await until("the fault", () => indexer.stats().fault.includes("no database"));
  assert.equal(indexer.stats().waiting, 2);
  fault = "";
  await until("the retry", calm);
  assert.equal(await store.get("rows", "a"), undefined);
  assert.equal((await store.get("rows", "b"))?.["name"], "row b");

  // More changes than are kept are one read of everything.
  const before = reads;
  for (let i = 0; i < 12_000; i++) put(`n${i}`);
  for (const id of rows.keys()) indexer.changed(id);
  await until("all of them", async () => calm() && (await store.count("rows")) === rows.size);
  assert.ok(reads > before);
});
