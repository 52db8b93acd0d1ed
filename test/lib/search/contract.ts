import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { type SearchDocument, searchProblem, type SearchStore } from "../../../lib/search/index.ts";
import { seededRandom } from "../../support/random.ts";

const LINES = ["production_line_1", "production_line_2", "packaging"];
const TYPES = ["sensor", "pump", "valve"];
const NAMES = ["Temperature sensor", "Pressure sensor", "Cooling pump", "Inlet valve", "Flow meter"];

/** A small plant: sixty devices whose attributes can be counted in the head. */
export function plant(): SearchDocument[] {
  return Array.from({ length: 60 }, (_, i) => ({
    id: `Acme/Line ${i % 3}/device ${i}`,
    name: `${NAMES[i % 5]!} ${i}`,
    device_type: TYPES[i % 3]!,
    location: LINES[i % 3]!,
    status: i % 4 === 0 ? "offline" : "online",
    serial: i,
    tags: i % 2 === 0 ? ["hot", "fast"] : ["cold"],
    ...(i % 10 === 0 ? { note: i % 20 === 0 ? "" : null } : {}),
    maker: { name: i % 2 === 0 ? "Müller" : "O'Neill & Sons", since: 1990 + i },
  }));
}

/** The body of the Factory+ description. */
export const SEED = {
  query: "temperature sensor",
  filters: "device_type = 'sensor' AND location = 'production_line_1'",
  facets: ["device_type", "location", "status"],
  limit: 20,
  offset: 0,
};

/**
 * What every search engine must do, asked of one with nothing in it.
 * @param open opens the same engine again, as a restarted process would
 */
export async function searchContract(t: TestContext, open: () => Promise<SearchStore>): Promise<void> {
  const store = await open();
  const ids = async (index: string, body: object): Promise<string[]> =>
    (await store.search(index, { limit: 1000, ...body })).hits.map(({ id }) => id);
  const serials = async (filter: unknown): Promise<number[]> => {
    const { hits } = await store.search("devices", { filter, limit: 100, sort: ["serial:asc"] });
    return hits.map((hit) => Number(hit["serial"]));
  };
  const all = Array.from({ length: 60 }, (_, i) => i);

  await t.test("an index is made on demand, keeps documents by id, and forgets them", async () => {
    await assert.rejects(store.search("nothing", "x"), { code: "search.missing", field: "index" });
    await store.upsert("scratch", [
      { id: "a/b c", text: "one" },
      { id: "ü", text: "two" },
    ]);
    assert.ok((await store.indexes()).includes("scratch"));
    assert.equal(await store.count("scratch"), 2);
    await store.upsert("scratch", [{ id: "a/b c", text: "three", nested: { list: [1, "x", null, true] } }]);
    assert.equal(await store.count("scratch"), 2);
    assert.deepEqual(await store.get("scratch", "a/b c"), {
      id: "a/b c",
      text: "three",
      nested: { list: [1, "x", null, true] },
    });
    assert.equal(await store.get("scratch", "none"), undefined);
    assert.deepEqual(await ids("scratch", { q: "three" }), ["a/b c"]);
    assert.deepEqual(await ids("scratch", { q: "one", matchingStrategy: "all" }), []);
    await store.delete("scratch", ["a/b c", "none"]);
    assert.deepEqual(await ids("scratch", { q: "" }), ["ü"]);
    await store.drop("scratch");
    assert.ok(!(await store.indexes()).includes("scratch"));
  });

  await t.test("answers the body of the Factory+ description", async () => {
    await store.configure("devices", {
      searchable: ["name", "device_type", "location", "maker.name"],
      filterable: ["device_type", "location", "status", "serial", "tags", "note", "maker.name", "maker.since"],
      sortable: ["serial", "name", "maker.since"],
    });
    await store.upsert("devices", plant());
    const answer = await store.search("devices", SEED);
    const expected = plant().filter(
      (one) =>
        one["device_type"] === "sensor" &&
        one["location"] === "production_line_1" &&
        String(one["name"]).startsWith("Temperature sensor"),
    );
    assert.equal(answer.query, "temperature sensor");
    assert.deepEqual([answer.limit, answer.offset], [20, 0]);
    assert.ok(answer.hits.length <= 20);
    assert.equal(typeof answer.processingTimeMs, "number");
    // Those with both words come first, those with one follow.
    const first = answer.hits.slice(0, expected.length).map(({ id }) => id);
    assert.deepEqual(first.toSorted(), expected.map(({ id }) => id).toSorted());
    assert.ok(answer.estimatedTotalHits >= expected.length);
    assert.deepEqual(Object.keys(answer.facetDistribution ?? {}).toSorted(), ["device_type", "location", "status"]);
    assert.deepEqual(Object.keys(answer.facetDistribution!["device_type"]!), ["sensor"]);
  });

  await t.test("facets count what was found, as a GROUP BY would", async () => {
    const { facetDistribution, facetStats, estimatedTotalHits } = await store.search("devices", {
      q: "",
      filter: "serial >= 30",
      facets: ["status", "tags", "serial"],
      limit: 0,
    });
    const found = plant().slice(30);
    assert.equal(estimatedTotalHits, 30);
    const count = (test: (one: SearchDocument) => boolean): number => found.filter(test).length;
    assert.deepEqual(facetDistribution!["status"], {
      offline: count((one) => one["status"] === "offline"),
      online: count((one) => one["status"] === "online"),
    });
    assert.deepEqual(facetDistribution!["tags"], { cold: 15, fast: 15, hot: 15 });
    assert.deepEqual(facetStats!["serial"], { min: 30, max: 59 });
  });

  await t.test("facet counts are those of a GROUP BY of SQL, whatever is filtered", async () => {
    const table = new DatabaseSync(":memory:");
    table.exec("CREATE TABLE devices (id TEXT, device_type TEXT, location TEXT, status TEXT, serial INTEGER)");
    const insert = table.prepare("INSERT INTO devices VALUES (?, ?, ?, ?, ?)");
    const random = seededRandom(30);
    const pick = (list: readonly string[]): string => list[Math.floor(random() ** 2 * list.length)]!;
    const documents = Array.from({ length: 1500 }, (_, i) => ({
      id: `d${i}`,
      device_type: pick([...TYPES, 'it\'s a "drive"', "Ofen"]),
      location: pick(LINES),
      status: pick(["online", "offline", "stale"]),
      serial: i,
    }));
    for (const { id, device_type, location, status, serial } of documents)
      insert.run(id, device_type, location, status, serial);
    await store.configure("grouped", { filterable: ["device_type", "location", "status", "serial"] });
    await store.upsert("grouped", documents);
    const facets = ["device_type", "location", "status"];
    for (const [filter, where] of [
      ["", "TRUE"],
      ["status = online", "status = 'online'"],
      ["location != packaging AND serial >= 200", "location <> 'packaging' AND serial >= 200"],
      ["device_type IN [pump, Ofen] OR serial < 10", "device_type IN ('pump', 'Ofen') OR serial < 10"],
      ["serial > 99999", "FALSE"],
    ] as const) {
      const answer = await store.search("grouped", { q: "", filter, facets, limit: 0 });
      for (const facet of facets) {
        const rows = table
          .prepare(`SELECT ${facet} AS value, count(*) AS n FROM devices WHERE ${where} GROUP BY 1`)
          .all();
        const expected = Object.fromEntries(rows.map(({ value, n }) => [String(value), Number(n)]));
        assert.deepEqual(answer.facetDistribution![facet], expected, `${facet} where ${where}`);
      }
      const total = table.prepare(`SELECT count(*) AS n FROM devices WHERE ${where}`).get()!["n"];
      assert.equal(answer.estimatedTotalHits, total);
    }
    table.close();
    await store.drop("grouped");
  });

  await t.test("filters by every form of the grammar", async () => {
    const cases: [unknown, (i: number) => boolean][] = [
      ["serial = 7", (i) => i === 7],
      ["serial != 7", (i) => i !== 7],
      ["serial < 5 OR serial >= 58", (i) => i < 5 || i >= 58],
      ["serial > 5 AND serial <= 9", (i) => i > 5 && i <= 9],
      ["serial 10 TO 12", (i) => i >= 10 && i <= 12],
      ["device_type = SENSOR", (i) => i % 3 === 0],
      ["NOT device_type = pump AND serial < 6", (i) => i % 3 !== 1 && i < 6],
      ["NOT (device_type = pump OR device_type = valve)", (i) => i % 3 === 0],
      ["location IN ['production_line_1', packaging]", (i) => i % 3 !== 1],
      ["location NOT IN [packaging]", (i) => i % 3 !== 2],
      ["serial IN [1, 2, 99]", (i) => i === 1 || i === 2],
      ["tags = hot AND tags = fast", (i) => i % 2 === 0],
      ["note EXISTS", (i) => i % 10 === 0],
      ["note NOT EXISTS", (i) => i % 10 !== 0],
      ["NOT note EXISTS", (i) => i % 10 !== 0],
      ["note IS NULL", (i) => i % 20 === 10],
      ["note IS EMPTY", (i) => i % 20 === 0],
      ["note EXISTS AND note IS NOT NULL", (i) => i % 20 === 0],
      [`maker.name = 'O\\'Neill & Sons'`, (i) => i % 2 === 1],
      [`maker.name = "O'Neill & Sons" AND maker.since < 1995`, (i) => i % 2 === 1 && i < 5],
      [["serial < 10", ["device_type = pump", "device_type = valve"]], (i) => i < 10 && i % 3 !== 0],
      ["", () => true],
    ];
    for (const [filter, holds] of cases)
      assert.deepEqual(await serials(filter), all.filter(holds), JSON.stringify(filter));
  });

  await t.test("a filter, facet or order by an attribute that is not declared is refused by its name", async () => {
    const refused = async (body: object, code: string, problem: string): Promise<void> => {
      await assert.rejects(store.search("devices", body), (error: Error & { code?: string }) => {
        assert.equal(error.code, code);
        assert.equal(searchProblem(error).code, problem);
        assert.equal(searchProblem(error).status, 400);
        return true;
      });
    };
    await refused({ q: "x", filter: "name = 'x'" }, "search.filter", "invalid_search_filter");
    await refused({ q: "x", filters: "unknown EXISTS" }, "search.filter", "invalid_search_filter");
    await refused({ q: "x", filter: "status = " }, "search.filter", "invalid_search_filter");
    await refused({ q: "x", filter: "status = 'open" }, "search.filter", "invalid_search_filter");
    await refused({ q: "x", filter: "(status = a" }, "search.filter", "invalid_search_filter");
    await refused({ q: "x", filter: "status LIKE a" }, "search.filter", "invalid_search_filter");
    await refused({ q: "x", sort: ["status:asc"] }, "search.sort", "invalid_search_sort");
    await refused({ q: "x", facets: ["name"] }, "search.facets", "invalid_search_facets");
    await assert.rejects(store.search("devices", { limit: -1 }), { code: "search.request", field: "limit" });
    await assert.rejects(store.search("devices", { q: 5 }), { code: "search.request", field: "q" });
    await assert.rejects(store.search("de vices", "x"), { code: "search.request", field: "index" });
    await assert.rejects(store.upsert("devices", [{ name: "x" } as never]), { code: "search.document", field: "id" });
  });

  await t.test("pages: nothing at limit 0, nothing past the end, everything once", async () => {
    const none = await store.search("devices", { q: "sensor", limit: 0 });
    assert.deepEqual(none.hits, []);
    assert.ok(none.estimatedTotalHits > 0);
    assert.deepEqual((await store.search("devices", { q: "sensor", offset: 900 })).hits, []);
    const seen: string[] = [];
    for (let offset = 0; offset < 60; offset += 7) {
      const { hits } = await store.search("devices", { q: "", limit: 7, offset, sort: ["serial:asc"] });
      seen.push(...hits.map(({ id }) => id));
    }
    assert.deepEqual(
      seen,
      plant().map(({ id }) => id),
    );
  });

  await t.test("finds mistyped words: one typo from 5 letters, two from 9", async () => {
    await store.configure("words", { searchable: ["text"] });
    await store.upsert("words", [
      { id: "t", text: "temperature sensor" },
      { id: "p", text: "pump" },
    ]);
    for (const q of ["temprature senser", "tempreature", "temperatrue", "temparatur", "sensro", "Temprätür"]) {
      assert.deepEqual(await ids("words", { q }), ["t"], q);
    }
    for (const q of ["tmprtr", "pmup", "bump", "sensation"])
      assert.deepEqual(await ids("words", { q, matchingStrategy: "all" }), [], q);
    // At the borders: four letters none, five and eight one, nine two and no third.
    await store.configure("borders", { searchable: ["text"] });
    await store.upsert(
      "borders",
      ["pump", "valve", "conveyor", "regulator"].map((text) => ({ id: text, text })),
    );
    for (const [q, found] of [
      ["pumq", []],
      ["vxlve", ["valve"]],
      ["vxlvx", []],
      ["convxyor", ["conveyor"]],
      ["cxnvxyor", []],
      ["rxgulxtor", ["regulator"]],
      ["rxgxlxtor", []],
    ] as const)
      assert.deepEqual(await ids("borders", { q, matchingStrategy: "all" }), found, q);
  });

  await t.test("finds words by their beginning while they are typed, without accents and capitals", async () => {
    await store.upsert("words", [{ id: "m", text: "Müllermaschine GÄRTANK-7" }]);
    for (const q of ["mül", "mullermasch", "gartank 7", "GÄRT"]) assert.deepEqual(await ids("words", { q }), ["m"], q);
    assert.deepEqual(await ids("words", { q: "mül maschine", matchingStrategy: "all" }), []);
  });

  await t.test(
    "ranks: more words, fewer typos, closer together, better attribute, exact before beginning",
    async () => {
      await store.configure("ranked", { searchable: ["title", "text"], sortable: ["size"] });
      const put = async (...documents: SearchDocument[]): Promise<void> => {
        await store.drop("ranked");
        await store.configure("ranked", { searchable: ["title", "text"], sortable: ["size"] });
        await store.upsert("ranked", documents);
      };
      await put(
        { id: "typo", title: "prass" },
        { id: "beginning", title: "pressure" },
        { id: "exact", title: "press" },
      );
      assert.deepEqual(await ids("ranked", { q: "press" }), ["exact", "beginning", "typo"]);
      await put({ id: "one", title: "cooling unit" }, { id: "both", title: "cooling pump" });
      assert.deepEqual(await ids("ranked", { q: "cooling pump" }), ["both", "one"]);
      assert.deepEqual(await ids("ranked", { q: "cooling pump", matchingStrategy: "all" }), ["both"]);
      await put({ id: "far", title: "cooling water of the main pump" }, { id: "near", title: "the main cooling pump" });
      assert.deepEqual(await ids("ranked", { q: "cooling pump" }), ["near", "far"]);
      await put({ id: "text", title: "x", text: "valve" }, { id: "title", title: "valve", text: "x" });
      assert.deepEqual(await ids("ranked", { q: "valve" }), ["title", "text"]);
      await put(
        { id: "small", title: "valve", size: 1 },
        { id: "large", title: "valve", size: 9 },
        { id: "none", title: "valve" },
      );
      assert.deepEqual(await ids("ranked", { q: "valve", sort: ["size:desc"] }), ["large", "small", "none"]);
      assert.deepEqual(await ids("ranked", { q: "valve", sort: ["size:asc"] }), ["small", "large", "none"]);
      await put({ id: "apart", title: "line of one" }, { id: "phrase", title: "of line one" });
      assert.deepEqual(await ids("ranked", { q: '"line one"' }), ["phrase"]);
      await put(
        { id: "typo", title: "prass" },
        { id: "beginning", title: "pressure" },
        { id: "exact", title: "press" },
      );
      const { hits } = await store.search("ranked", { q: "press", showRankingScore: true });
      assert.deepEqual(
        hits.map(({ id }) => id),
        ["exact", "beginning", "typo"],
      );
      const [exact, beginning, typo] = hits.map((hit) => Number(hit["_rankingScore"]));
      assert.ok(
        1 >= exact! && exact! > beginning! && beginning! > typo! && typo! > 0,
        `${exact}, ${beginning} and ${typo}`,
      );
    },
  );

  await t.test("marks what was found, shortens around it, and leaves attributes out", async () => {
    await store.configure("marked", { searchable: ["text", "name"] });
    const text =
      "The first words do not matter, but here the cooling pump of line seven stands, and then nothing more comes";
    await store.upsert("marked", [{ id: "a", name: "Pumpe", text, secret: "x" }]);
    const { hits } = await store.search("marked", {
      q: "cooling pum",
      attributesToRetrieve: ["text", "name"],
      attributesToHighlight: ["text", "name"],
      highlightPreTag: "[",
      highlightPostTag: "]",
      attributesToCrop: ["text"],
      cropLength: 5,
    });
    assert.deepEqual(Object.keys(hits[0]!).toSorted(), ["_formatted", "name", "text"]);
    const marked = hits[0]!["_formatted"] as { text: string; name: string };
    assert.match(marked.text, /\[cooling\] \[pum\]p/);
    assert.match(marked.text, /^….*…$/);
    assert.ok(marked.text.length < text.length / 2);
    assert.equal(marked.name, "[Pum]pe");
    assert.equal(hits[0]!["text"], text);
  });

  await t.test("new settings hold for the documents that are there", async () => {
    await store.upsert("later", [
      { id: "a", kind: "x", text: "same" },
      { id: "b", kind: "y", text: "same" },
    ]);
    await assert.rejects(store.search("later", { q: "same", filter: "kind = x" }), { code: "search.filter" });
    await store.configure("later", { searchable: ["text"], filterable: ["kind"] });
    assert.deepEqual(await ids("later", { q: "same", filter: "kind = x" }), ["a"]);
  });

  await t.test("gives all documents in pages, and the settings", async () => {
    await store.upsert(
      "many",
      Array.from({ length: 2345 }, (_, i) => ({ id: `#${i}`, n: i })),
    );
    const seen = new Set<unknown>();
    for await (const page of store.documents("many")) {
      assert.ok(page.length <= 1000);
      for (const document of page) {
        assert.deepEqual(Object.keys(document).sort(), ["id", "n"]);
        seen.add(document["n"]);
      }
    }
    assert.equal(seen.size, 2345);
    assert.deepEqual(await store.settings("later"), { searchable: ["text"], filterable: ["kind"], sortable: [] });
    await assert.rejects(store.settings("nowhere"), { code: "search.missing" });
  });

  await t.test("knows everything after a restart", async () => {
    await store.close();
    await assert.rejects(store.search("devices", "x"), /closed/);
    const again = await open();
    assert.equal(await again.count("devices"), 60);
    const { hits } = await again.search("devices", { q: "cooling pump 22", filter: "serial = 22" });
    assert.equal(hits[0]?.["serial"], 22);
    const health = again.health();
    assert.deepEqual([health.kind, health.status, health.counters["searches"]], ["search", "up", 1]);
    for (const index of await again.indexes()) await again.drop(index);
    await again.close();
  });
}
