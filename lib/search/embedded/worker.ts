/** The thread of the embedded engine: indexing and searching block, so they block here. Requests are answered in their order. */
import { parentPort } from "node:worker_threads";
import { FplusError, toFplusError } from "../../errors/index.ts";
import type { IndexSettings, SearchAnswer, SearchDocument, SearchRequest } from "../types.ts";
import { Catalogue } from "./catalogue.ts";
import { formatted } from "./format.ts";
import type { EngineReply, EngineRequest, NumberedRequest } from "./protocol.ts";
import { Storage } from "./storage.ts";

if (parentPort === null) throw new Error("the search engine's thread was started as a program");
const port = parentPort;
const DEFAULTS: Required<IndexSettings> = { searchable: ["*"], filterable: [], sortable: [] };
const catalogues = new Map<string, Catalogue>();
let storage: Storage | undefined;

function stored(): Storage {
  if (storage === undefined) throw new FplusError("search.io", "the search engine is not open");
  return storage;
}

async function open(directory: string): Promise<null> {
  storage ??= await Storage.open(directory);
  for (const { name, settings } of storage.indexes()) load(name, settings);
  return null;
}

function load(index: string, settings: Required<IndexSettings>): Catalogue {
  const catalogue = new Catalogue(settings);
  for (const document of stored().documents(index)) catalogue.add(document);
  catalogues.set(index, catalogue);
  return catalogue;
}

function known(index: string): Catalogue {
  const catalogue = catalogues.get(index);
  if (catalogue !== undefined) return catalogue;
  const hint = "It is made when documents are added.";
  throw new FplusError("search.missing", `there is no index ${index}`, { field: "index", hint });
}

function made(index: string): Catalogue {
  const catalogue = catalogues.get(index);
  if (catalogue !== undefined) return catalogue;
  stored().saveSettings(index, DEFAULTS);
  return load(index, DEFAULTS);
}

function configure(index: string, settings: Required<IndexSettings>): null {
  const before = catalogues.get(index);
  if (before !== undefined && JSON.stringify(before.settings) === JSON.stringify(settings)) return null;
  stored().saveSettings(index, settings);
  load(index, settings);
  return null;
}

function upsert(index: string, texts: readonly string[]): null {
  const catalogue = made(index);
  const documents = texts.map((text) => JSON.parse(text) as SearchDocument);
  stored().upsert(
    index,
    documents.map(({ id }, i) => [id, texts[i]!]),
  );
  for (const document of documents) catalogue.add(document);
  renewIfWorn(index, catalogue);
  return null;
}

function remove(index: string, ids: readonly string[]): null {
  const catalogue = catalogues.get(index);
  if (catalogue === undefined) return null;
  stored().delete(index, ids);
  for (const id of ids) catalogue.remove(id);
  renewIfWorn(index, catalogue);
  return null;
}

function renewIfWorn(index: string, catalogue: Catalogue): void {
  if (catalogue.worn) load(index, catalogue.settings);
}

function drop(index: string): null {
  stored().drop(index);
  catalogues.delete(index);
  return null;
}

function search(index: string, request: SearchRequest): SearchAnswer {
  const start = performance.now();
  const page = known(index).search(request);
  const hits: SearchDocument[] = [];
  for (const { id, score } of page.found) {
    const document = stored().get(index, id);
    if (document === undefined) continue;
    const hit = formatted(document, request, page.matched);
    hits.push(request.showRankingScore ? { ...hit, _rankingScore: score } : hit);
  }
  const facets = Object.entries(page.facets);
  const stats = facets.flatMap(([name, { stats: range }]) => (range === undefined ? [] : [[name, range] as const]));
  return {
    hits,
    query: request.q,
    processingTimeMs: Math.round(performance.now() - start),
    limit: request.limit,
    offset: request.offset,
    estimatedTotalHits: page.total,
    ...(request.facets.length === 0
      ? {}
      : {
          facetDistribution: Object.fromEntries(facets.map(([name, { counts }]) => [name, counts])),
          facetStats: Object.fromEntries(stats),
        }),
  };
}

async function answer(request: EngineRequest): Promise<unknown> {
  switch (request.op) {
    case "open":
      return await open(request.directory);
    case "indexes":
      return [...catalogues.keys()].sort();
    case "configure":
      return configure(request.index, request.settings);
    case "upsert":
      return upsert(request.index, request.texts);
    case "delete":
      return remove(request.index, request.ids);
    case "drop":
      return drop(request.index);
    case "get":
      known(request.index);
      return stored().get(request.index, request.id);
    case "count":
      return known(request.index).size;
    case "settings":
      return known(request.index).settings;
    case "page":
      known(request.index);
      return stored().page(request.index, request.offset, request.limit);
    case "search":
      return search(request.index, request.request);
    case "close":
      storage?.close();
      storage = undefined;
      return null;
  }
}

port.on("message", ({ id, request }: NumberedRequest) => {
  answer(request).then(
    (result) => {
      port.postMessage({ id, ok: true, result, damage: storage?.damage ?? "" } satisfies EngineReply);
      if (request.op === "close") port.close();
    },
    (error: unknown) => {
      const { code, message, field, hint } = toFplusError("search.io", error);
      port.postMessage({ id, ok: false, code, message, field, hint } satisfies EngineReply);
      // The next thread opens what is there now.
      if (storage?.isGone === true) setImmediate(() => process.exit());
    },
  );
});
