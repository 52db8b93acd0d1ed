import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import type { NodeAPI } from "node-red";
import { processLeases } from "../../lib/plant/index.ts";
import cache from "../../nodes/fplus-cache/fplus-cache.ts";
import database from "../../nodes/fplus-database/fplus-database.ts";
import historian from "../../nodes/fplus-historian/fplus-historian.ts";
import query from "../../nodes/fplus-historian-query/fplus-historian-query.ts";
import write from "../../nodes/fplus-historian-write/fplus-historian-write.ts";
import objects from "../../nodes/fplus-objects/fplus-objects.ts";
import search from "../../nodes/fplus-search/fplus-search.ts";
import sql from "../../nodes/fplus-sql/fplus-sql.ts";
import { temporaryFolder } from "../support/folder.ts";
import { loadFlow, unloadFlow } from "../support/nodes.ts";
import { until } from "../support/until.ts";

const require = createRequire(import.meta.url);
const catchNode = require("@node-red/nodes/core/common/25-catch.js") as (RED: NodeAPI) => void;

after(() => processLeases.closeAll());

/** What no plant should send, and some device does. Made anew for each use. */
const HOSTILE: Readonly<Record<string, () => unknown>> = {
  "a BigInt": () => 2n ** 70n,
  "a cycle": () => {
    const one: Record<string, unknown> = { name: "x", value: 1 };
    one["self"] = one;
    return one;
  },
  "deep lists": () => {
    let deep: unknown = 1;
    for (let i = 0; i < 20_000; i++) deep = [deep];
    return deep;
  },
  "deep objects": () => {
    let deep: unknown = 1;
    for (let i = 0; i < 20_000; i++) deep = { a: deep };
    return deep;
  },
  "a function": () => () => 1,
  "a symbol": () => Symbol("x"),
  "no date": () => new Date(Number.NaN),
  "a date before Christ": () => new Date(-8.64e15),
  "a huge number": () => 1e308,
  "no number": () => Number.NaN,
  infinity: () => Number.NEGATIVE_INFINITY,
  "half a surrogate": () => "a\ud800b",
  NUL: () => "a\0b",
  "a long name": () => "n".repeat(100_000),
  "prototype keys": () =>
    JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as unknown,
  "a list of prototypes": () =>
    JSON.parse('[{"name":"__proto__","value":1},{"name":"constructor/prototype","value":2}]'),
  "a map": () => new Map([["a", 1]]),
  "a promise": () => Promise.resolve(1),
  bytes: () => Buffer.from([0, 255, 128]),
  doubles: () => new Float64Array([1, Number.NaN]),
  "a getter that throws": () =>
    Object.defineProperty({}, "value", {
      enumerable: true,
      get() {
        throw new Error("no value");
      },
    }),
  "a toJSON that throws": () => ({
    toJSON() {
      throw new Error("no JSON");
    },
  }),
  "no prototype": () => Object.assign(Object.create(null) as object, { a: 1 }),
  holes: () => [, , 1], // oxlint-disable-line no-sparse-arrays
  nothing: () => undefined,
  null: () => null,
  "an empty text": () => "",
  empty: () => ({}),
  yes: () => true,
};

interface Case {
  readonly good: Record<string, unknown>;
  /** Properties of the message that are exchanged for something hostile. */
  readonly fields: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  write: {
    good: { topic: "Line1/Press/N", payload: 1 },
    fields: ["payload", "topic", "timestamp", "type", "quality", "unit"],
  },
  points: {
    good: { measurement: "m", payload: [{ value: 1 }, { tag: "a" }] },
    fields: ["measurement", "payload", "payload.0", "payload.1", "payload.0.value", "payload.1.tag", "timestamp"],
  },
  samples: {
    good: { payload: [{ name: "a/b/c", value: 1 }] },
    fields: [
      "payload.0",
      "payload.0.name",
      "payload.0.value",
      "payload.0.timestamp",
      "payload.0.type",
      "payload.0.status",
    ],
  },
  query: {
    good: { payload: {} },
    fields: [
      "payload",
      "signals",
      "from",
      "to",
      "minutes",
      "aggregate",
      "windowMs",
      "limit",
      "maxPoints",
      "tags",
      "fill",
    ].map((field) => (field === "payload" ? field : `payload.${field}`)),
  },
  influxql: { good: { query: "SHOW MEASUREMENTS" }, fields: ["query", "payload"] },
  objects: {
    good: { operation: "put", bucket: "plant", key: "a", payload: "text" },
    fields: ["operation", "bucket", "key", "payload", "size", "contentType", "metadata", "sha256", "metadata.a"],
  },
  get: { good: { operation: "versions", bucket: "plant", key: "a" }, fields: ["operation", "bucket", "key"] },
  list: { good: { operation: "list", bucket: "plant" }, fields: ["bucket", "prefix", "payload"] },
  upsert: {
    good: { payload: { id: "1", text: "a" }, index: "docs" },
    fields: ["payload", "index", "payload.id", "payload.text", "payload.more"],
  },
  search: {
    good: { payload: "a", index: "docs" },
    fields: [
      "payload",
      "index",
      "payload.q",
      "payload.filter",
      "payload.sort",
      "payload.limit",
      "payload.facets",
      "payload.attributesToHighlight",
    ],
  },
  set: { good: { topic: "key", payload: 1 }, fields: ["topic", "payload", "ttl", "by"] },
  cached: { good: { topic: "other" }, fields: ["topic"] },
  count: { good: { topic: "counter", payload: 1 }, fields: ["topic", "payload", "ttl", "by"] },
  publish: { good: { topic: "channel", payload: 1 }, fields: ["topic", "payload"] },
  sql: {
    good: { params: { a: 1 }, query: "SELECT :a::text AS a" },
    fields: ["params", "params.a", "query", "transaction"],
  },
};

/** The message with one property, by its path, exchanged. */
function poisoned(good: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const copy = structuredClone(good);
  const keys = path.split(".");
  const last = keys.pop()!;
  let at: Record<string, unknown> = copy;
  for (const key of keys) {
    if (typeof at[key] !== "object" || at[key] === null) at[key] = {};
    at = at[key] as Record<string, unknown>;
  }
  at[last] = value;
  return copy;
}

test("whatever comes into a node of a store, it is stored, or refused by an error of ours, and the next good message passes", async (t) => {
  const user = temporaryFolder(t);
  const out = [["n-out"], ["n-out"]];
  const flow = [
    { id: "tab", type: "tab" },
    { id: "h", type: "fplus-historian", engine: "embedded", folder: "", retention: "0" },
    ...["write", "points", "samples"].map((id) => ({
      id,
      type: "fplus-historian-write",
      historian: "h",
      wires: [["n-out"], []],
    })),
    {
      id: "query",
      type: "fplus-historian-query",
      historian: "h",
      signals: "Line1/**",
      range: "last",
      minutes: "60",
      wires: out,
    },
    {
      id: "influxql",
      type: "fplus-historian-query",
      historian: "h",
      language: "influxql",
      query: "",
      output: "rows",
      wires: out,
    },
    ...["objects", "get", "list"].map((id) => ({
      id,
      type: "fplus-objects",
      operation: "message",
      bucket: "",
      key: "",
      source: "payload",
      output: "buffer",
      allow: "",
      listAs: "array",
      prefix: "",
      contentType: "",
      wires: out,
    })),
    ...(["upsert", "search"] as const).map((mode) => ({
      id: mode,
      type: "fplus-search",
      mode,
      index: "",
      filter: "",
      facets: "",
      sort: "",
      limit: "20",
      output: "hits",
      searchable: "",
      filterable: "",
      sortable: "",
      idFrom: "",
      wires: out,
    })),
    ...[
      ["set", "set"],
      ["cached", "get"],
      ["count", "count"],
      ["publish", "publish"],
    ].map(([id = "", action = ""]) => ({
      id,
      type: "fplus-cache",
      action,
      key: "topic",
      keyType: "msg",
      ttl: "",
      guard: false,
      when: "",
      by: "1",
      wait: "0",
      wires: out,
    })),
    {
      id: "d",
      type: "fplus-database",
      name: "D",
      engine: "embedded",
      program: "pglite",
      timeout: "20",
      transaction: "20",
    },
    {
      id: "sql",
      type: "fplus-sql",
      database: "d",
      action: "query",
      query: "",
      params: "params",
      output: "rows",
      wires: out,
    },
    { id: "catch", type: "catch", scope: null, uncaught: false, wires: [["n-caught"]] },
    { id: "out", type: "helper" },
    { id: "caught", type: "helper" },
  ].map((one) => (["h", "d", "tab"].includes(one.id) ? one : { ...one, id: `n-${one.id}`, z: "tab", x: 1, y: 1 }));
  const node = await loadFlow(user, [catchNode, historian, write, query, objects, search, cache, database, sql], flow);
  t.after(() => unloadFlow());
  const answers = new Map<
    unknown,
    { readonly error?: { readonly message: string; readonly source: { id: string } } }
  >();
  node("n-out").on("input", (msg) => answers.set(msg["mark"], {}));
  node("n-caught").on("input", (msg) => answers.set(msg["mark"], msg));
  let marks = 0;
  const send = (id: string, msg: Record<string, unknown>): number => {
    node(`n-${id}`).receive({ ...msg, mark: ++marks });
    return marks;
  };
  const answerTo = async (mark: number, what: string): Promise<string> => {
    await until(`an answer to ${what}`, () => answers.has(mark));
    return answers.get(mark)?.error?.message ?? "";
  };
  const untyped: string[] = [];
  const sent = new Map<number, string>();
  for (const [id, { good, fields }] of Object.entries(CASES)) {
    assert.equal(await answerTo(send(id, good), id), "", id);
    for (const field of fields) {
      for (const [name, make] of Object.entries(HOSTILE)) {
        sent.set(send(id, poisoned(good, field, make())), `${id}, ${name} as ${field}`);
      }
      const what = `a good message to ${id} after ${field}`;
      assert.equal(await answerTo(send(id, good), what), "", what);
    }
  }
  // Some say nothing at all: an object without samples is no samples.
  for (const [mark, what] of sent) {
    const error = answers.get(mark)?.error?.message ?? "";
    if (error !== "" && !/^Error: [a-z]+\.[a-z-]+: /.test(error)) untyped.push(`${what}: ${error.slice(0, 100)}`);
    if (error.length > 2000) untyped.push(`${what}: ${error.length} letters`);
  }
  assert.ok(answers.size > marks * 0.8, `${answers.size} answers to ${marks} messages`);
  assert.deepEqual(untyped, []);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});
