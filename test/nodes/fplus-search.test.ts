import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, test } from "node:test";
import { processHealth, processLeases } from "../../lib/plant/index.ts";
import type { SearchAnswer, SearchHit } from "../../lib/search/index.ts";
import search from "../../nodes/fplus-search/fplus-search.ts";
import { filterSuggestions, listSuggestions, narrowed } from "../../nodes/fplus-search/suggestions.ts";
import engine from "../../nodes/fplus-search-engine/fplus-search-engine.ts";
import { temporaryFolder } from "../support/folder.ts";
import { startMeiliStandIn } from "../support/meili.ts";
import { loadFlow, nextMessage, type TestNode, unloadFlow } from "../support/nodes.ts";
import { until } from "../support/until.ts";
import { plant, SEED } from "../lib/search/contract.ts";

afterEach(async () => {
  await unloadFlow();
  await processLeases.closeAll();
});
after(() => processLeases.closeAll());

const TAB = { id: "tab", type: "tab" };
const NODE = {
  type: "fplus-search",
  z: "tab",
  x: 1,
  y: 1,
  engine: "e",
  mode: "search",
  index: "devices",
  filter: "",
  facets: "",
  sort: "",
  limit: "20",
  highlight: false,
  output: "hits",
  searchable: "",
  filterable: "",
  sortable: "",
  idFrom: "",
  wires: [["out"]],
};
const UPSERT = {
  ...NODE,
  id: "n-upsert",
  mode: "upsert",
  searchable: "name, maker.name",
  filterable: "device_type, location, status, serial",
  sortable: "serial",
};
const OUT = { id: "out", type: "helper", z: "tab" };

function asker(node: (id: string) => TestNode) {
  return async (id: string, msg: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const answered = nextMessage(node("out"));
    node(id).receive(msg);
    return await answered;
  };
}

async function roundTrip(config: object, credentials: object, user: string): Promise<void> {
  const node = await loadFlow(
    user,
    [engine, search],
    [
      TAB,
      UPSERT,
      { ...NODE, id: "n-answer", output: "answer" },
      { ...NODE, id: "n-hits", filter: "status = online", sort: "serial:desc", limit: "3", highlight: true },
      { ...NODE, id: "n-facets", mode: "facets", facets: "status" },
      { ...NODE, id: "n-any", mode: "message", index: "" },
      { id: "e", type: "fplus-search-engine", name: "Search", folder: "", url: "", ...config },
      OUT,
    ],
    credentials,
  );
  const ask = asker(node);
  assert.deepEqual((await ask("n-upsert", { payload: plant() }))["payload"], { index: "devices", upserted: 60 });
  const answer = (await ask("n-answer", { payload: SEED }))["payload"] as SearchAnswer;
  assert.match(String(answer.hits[0]?.["name"]), /^Temperature sensor/);
  assert.equal(answer.query, "temperature sensor");
  const some = await ask("n-hits", { payload: "senser" });
  const hits = some["payload"] as SearchHit[];
  assert.equal(hits.length, 3);
  assert.ok(Number(some["total"]) > 3);
  assert.match(JSON.stringify(hits[0]!["_formatted"]), /<em>sensor<\/em>/);
  assert.ok(hits.every((hit) => hit["status"] === "online"));
  assert.deepEqual((await ask("n-facets", { payload: { filter: "serial < 8" } }))["payload"], {
    status: { offline: 2, online: 6 },
  });
  const id = plant()[3]!.id;
  const at = { index: "devices", payload: id };
  assert.equal(((await ask("n-any", { ...at, operation: "get" }))["payload"] as SearchHit)["serial"], 3);
  assert.deepEqual((await ask("n-any", { ...at, operation: "delete" }))["payload"], { index: "devices", deleted: 1 });
  assert.equal((await ask("n-any", { ...at, operation: "get" }))["payload"], null);
}

test("documents go in and are found, in the embedded engine", async (t) => {
  await roundTrip({ engine: "embedded" }, {}, temporaryFolder(t));
  const part = processHealth.snapshot().find(({ kind }) => kind === "search");
  assert.deepEqual([part?.mode, part?.status, part?.counters["upserted"]], ["embedded", "up", 60]);
});

test("documents go in and are found, over MeiliSearch's API", async (t) => {
  const server = await startMeiliStandIn(temporaryFolder(t), "key-of-the-test");
  t.after(() => server.stop());
  await roundTrip({ engine: "meilisearch", url: server.url }, { e: { key: "key-of-the-test" } }, temporaryFolder(t));
  const part = processHealth.snapshot().find(({ kind }) => kind === "search");
  assert.deepEqual([part?.mode, part?.status], ["external", "up"]);
  assert.ok(!JSON.stringify(part).includes("key-of-the-test"));
});

test("samples and events of the plant make tags and devices that are found", async (t) => {
  const node = await loadFlow(
    temporaryFolder(t),
    [search],
    [
      TAB,
      { ...NODE, id: "n-plant", engine: "", mode: "signals", index: "", wires: [[]] },
      { ...NODE, id: "n-tags", engine: "", index: "tags", facets: "device, unit" },
      { ...NODE, id: "n-devices", engine: "", facets: "status" },
      OUT,
    ],
  );
  const ask = asker(node);
  const sample = (name: string, unit: string): object => ({ name, value: 1, unit, timestamp: Date.now() });
  node("n-plant").receive({
    payload: [sample("Acme/Press01/Hydraulics Temperature", "Cel"), sample("Acme/Press01/Count", "")],
  });
  node("n-plant").receive({ payload: { kind: "device-offline", node: "Acme", device: "Press02" } });
  let found: Record<string, unknown> = {};
  await until("the tags", async () => {
    const count = processHealth.snapshot().find(({ kind }) => kind === "search")?.counters["upserted"] ?? 0;
    if (Number(count) < 4) return false;
    found = await ask("n-tags", { payload: "temprature" });
    return true;
  });
  const [tag] = found["payload"] as SearchHit[];
  assert.deepEqual([tag?.["name"], tag?.["unit"]], ["Hydraulics Temperature", "Cel"]);
  const devices = await ask("n-devices", { payload: "" });
  assert.deepEqual(devices["facets"], { status: { offline: 1, online: 1 } });
});

test("what is wrong names the field, and the next message works", async (t) => {
  const node = await loadFlow(
    temporaryFolder(t),
    [search],
    [
      TAB,
      { ...UPSERT, engine: "" },
      { ...NODE, id: "n-search", engine: "" },
      { ...NODE, id: "n-any", engine: "", mode: "message", index: "" },
      { id: "c", type: "catch", z: "tab", scope: null, uncaught: false, wires: [["caught"]] },
      { id: "caught", type: "helper", z: "tab" },
      OUT,
    ],
  );
  const wrong = async (id: string, msg: Record<string, unknown>): Promise<unknown> => {
    const caught = nextMessage(node("caught"));
    node(id).receive(msg);
    const { error } = (await caught) as { error?: { message?: string } };
    return /(search[\w.-]+):.*\[(\w+)\]/.exec(error?.message ?? "")?.slice(1);
  };
  assert.deepEqual(await wrong("n-search", { payload: "x" }), ["search.missing", "index"]);
  assert.deepEqual(await wrong("n-upsert", { payload: { name: "no id" } }), ["search.document", "id"]);
  await asker(node)("n-upsert", { payload: plant() });
  assert.deepEqual(await wrong("n-search", { payload: { filter: "colour = red" } }), ["search.filter", "filter"]);
  assert.deepEqual(await wrong("n-search", { payload: { filter: "status = 'x" } }), ["search.filter", "filter"]);
  assert.deepEqual(await wrong("n-search", { payload: { sort: ["name:up"] } }), ["search.sort", "sort"]);
  assert.deepEqual(await wrong("n-search", { payload: { limit: "all" } }), ["search.request", "limit"]);
  assert.deepEqual(await wrong("n-any", { operation: "signals" }), ["search.request", "operation"]);
  assert.deepEqual(await wrong("n-any", { operation: "search" }), ["search.request", "index"]);
  assert.equal(((await asker(node)("n-search", { payload: "pump" }))["payload"] as unknown[]).length > 0, true);
});

test("the example answers the search of the Factory+ description", async (t) => {
  const file = path.resolve(import.meta.dirname, "../../flows/search.json");
  const flow = JSON.parse(readFileSync(file, "utf8")) as {
    id: string;
    type: string;
    func?: string;
    payload?: string;
  }[];
  const kept = flow.filter(({ type }) => /^(tab|fplus-search|fplus-search-engine)$/.test(type));
  const make = flow.find(({ type }) => type === "function")!.func!;
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- the example's own function node
  const { payload } = new Function("msg", make)({}) as { payload: unknown };
  const node = await loadFlow(
    temporaryFolder(t),
    [engine, search],
    [
      ...kept,
      ...["upsert", "query", "words", "facets"].map((name) => ({
        id: `fplus-search-${name}-debug`,
        type: "helper",
        z: "fplus-search-tab",
      })),
    ],
  );
  const ask = async (name: string, body: unknown): Promise<unknown> => {
    const answered = nextMessage(node(`fplus-search-${name}-debug`));
    node(`fplus-search-${name}`).receive({ payload: body });
    return (await answered)["payload"];
  };
  await ask("upsert", payload);
  const seed = JSON.parse(flow.find(({ id }) => id === "fplus-search-seed")!.payload!) as object;
  assert.deepEqual(seed, SEED);
  const answer = (await ask("query", seed)) as SearchAnswer;
  assert.equal(answer.hits[0]?.["device_type"], "sensor");
  assert.deepEqual(Object.keys(answer.facetDistribution!), ["device_type", "location", "status"]);
  const [best] = (await ask("words", "temprature senser 101")) as SearchHit[];
  assert.equal(best?.["name"], "Temperature sensor 101");
  assert.deepEqual(Object.keys((await ask("facets", "pump")) as object).toSorted(), ["location", "status"]);
});

test("a filter and a list go on with what the index knows", () => {
  const known = { filterable: ["line", "status"], sortable: [], values: { status: { "on hold": 2, "o'k": 1 } } };
  assert.deepEqual(filterSuggestions("", known), ["line = ", "status = "]);
  assert.deepEqual(filterSuggestions("line = 1 AND st", known), ["line = 1 AND line = ", "line = 1 AND status = "]);
  assert.deepEqual(filterSuggestions("line > 1 AND (status = 'on", known), [
    "line > 1 AND (status = 'on hold'",
    String.raw`line > 1 AND (status = 'o\'k'`,
  ]);
  assert.deepEqual(filterSuggestions("line = 1 ", known), []);
  assert.deepEqual(listSuggestions("line, s", known.filterable), ["line, status"]);
  assert.deepEqual(listSuggestions("", ["name"], [":asc", ":desc"]), ["name:asc", "name:desc"]);
  assert.equal(narrowed("a = 1 OR b = 2", "status", "o'k"), String.raw`(a = 1 OR b = 2) AND status = 'o\'k'`);
});
