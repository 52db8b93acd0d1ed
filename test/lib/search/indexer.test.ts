import assert from "node:assert/strict";
import { test } from "node:test";
import { SampleBatch, SignalRegistry, ValueType } from "../../../lib/sample/index.ts";
import { DEVICES, Indexer, openSearch, SIGNAL_INDEXES, SignalIndexer, TAGS } from "../../../lib/search/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { startMeiliStandIn } from "../../support/meili.ts";
import { until } from "../../support/until.ts";

test("changes go out in batches, of each document the last", async (t) => {
  const store = openSearch({ engine: "embedded", directory: temporaryFolder(t) });
  const indexer = new Indexer(store, { gatherMs: 5 });
  for (let i = 0; i < 2500; i++) indexer.upsert("docs", { id: String(i), text: "first" });
  for (let i = 0; i < 2500; i++) indexer.upsert("docs", { id: String(i), text: "second" });
  indexer.delete("docs", "7");
  indexer.upsert("docs", { id: "8", text: "third" });
  await until("everything to be indexed", () => indexer.stats().waiting === 0);
  assert.equal(await store.count("docs"), 2499);
  assert.equal(indexer.stats().indexed, 2500);
  assert.equal((await store.search("docs", "first")).estimatedTotalHits, 0);
  assert.deepEqual(
    (await store.search("docs", "third")).hits.map(({ id }) => id),
    ["8"],
  );
  assert.throws(() => indexer.upsert("docs", { name: "x" } as never), { code: "search.document" });
  await indexer.close();
  await store.close();
});

test("while the server is away changes wait, bounded; when it is back they arrive", async (t) => {
  const folder = temporaryFolder(t);
  const first = await startMeiliStandIn(folder, "k");
  const { port } = new URL(first.url);
  await first.stop();
  const store = openSearch({ engine: "meilisearch", url: first.url, key: "k" });
  const indexer = new Indexer(store, { gatherMs: 5, retryMs: 20, maxWaiting: 10 });
  for (let i = 0; i < 10; i++) indexer.upsert("docs", { id: String(i), text: "waits" });
  assert.throws(() => indexer.upsert("docs", { id: "one more", text: "" }), { code: "search.queue-full" });
  indexer.upsert("docs", { id: "3", text: "changed" });
  await until("the fault", () => indexer.stats().fault !== "");
  assert.deepEqual([indexer.stats().waiting, indexer.stats().dropped], [10, 1]);
  const server = await startMeiliStandIn(folder, "k", Number(port));
  t.after(() => server.stop());
  await until("everything to arrive", () => indexer.stats().waiting === 0);
  assert.equal(indexer.stats().fault, "");
  assert.equal((await store.search("docs", "changed")).hits[0]?.id, "3");
  assert.equal(await store.count("docs"), 10);
  await indexer.close();
  await store.close();
});

test("tags and devices are found as soon as samples name them", async (t) => {
  const store = openSearch({ engine: "embedded", directory: temporaryFolder(t) });
  for (const [index, settings] of Object.entries(SIGNAL_INDEXES)) await store.configure(index, settings);
  const registry = new SignalRegistry();
  const indexer = new Indexer(store, { gatherMs: 5 });
  const signals = new SignalIndexer(indexer, registry);
  const identity = {
    source: "Acme/Edge1",
    device: "Press01",
    metric: "Hydraulics/Temperature",
    unit: "Cel",
    schema: "press",
  };
  const { id } = registry.intern({
    ...identity,
    type: ValueType.Double,
    hierarchy: ["Acme", "Leeds", "Hall 2", "Line 1"],
  });
  const other = registry.intern({ ...identity, metric: "Count", unit: "" });
  const batch = new SampleBatch(2);
  batch.addValue(id, ValueType.Double, 20, Date.now());
  batch.addValue(other.id, ValueType.Int32, 1, Date.now());
  for (let i = 0; i < 5; i++) signals.samples(batch);
  await indexer.flush();
  assert.equal(indexer.stats().indexed, 3, "each once");
  const [tag] = (await store.search(TAGS, { q: "temprature press", filter: "line = 'Line 1'" })).hits;
  assert.deepEqual(
    [tag?.id, tag?.["unit"], tag?.["location"]],
    ["Acme/Edge1/Press01/Hydraulics/Temperature", "Cel", "Acme/Leeds/Hall 2/Line 1"],
  );
  const devices = async (filter: string) =>
    (await store.search(DEVICES, { filter, facets: ["status"] })).facetDistribution;
  assert.deepEqual(await devices("device_type = press AND tags = 2"), { status: { online: 1 } });
  signals.state("Acme/Edge1", "Press01", "offline");
  registry.intern({ ...identity, unit: "K" });
  signals.samples(batch);
  await indexer.flush();
  assert.deepEqual(await devices("source = 'Acme/Edge1'"), { status: { offline: 1 } });
  assert.equal((await store.get(TAGS, tag!.id))?.["unit"], "K");
  await indexer.close();
  await store.close();
});
