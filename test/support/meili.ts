import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FplusError } from "../../lib/errors/index.ts";
import {
  type IndexSettings,
  openSearch,
  type SearchDocument,
  searchProblem,
  type SearchStore,
} from "../../lib/search/index.ts";

/** A server that speaks the part of MeiliSearch's documented REST API which the client uses; behind it is the embedded engine. */
export interface MeiliStandIn {
  readonly url: string;
  /** `METHOD path` of every request so far. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

interface Stored {
  readonly primaryKey: string;
  readonly settings: IndexSettings;
}

type Answer = { readonly status?: number; readonly body: unknown };

/** Starts it on the loopback; its documents are in the folder. */
export async function startMeiliStandIn(folder: string, key: string, port = 0): Promise<MeiliStandIn> {
  const store = openSearch({ engine: "embedded", directory: folder });
  const indexes = new Map<string, Stored>();
  const tasks: { readonly uid: number; readonly error: unknown }[] = [];
  const requests: string[] = [];
  const task = async (work: () => Promise<unknown>): Promise<Answer> => {
    const error = await work().then(
      () => null,
      (fault: unknown) => problemOf(fault),
    );
    const uid = tasks.push({ uid: tasks.length, error }) - 1;
    return {
      status: 202,
      body: { taskUid: uid, indexUid: "x", status: "enqueued", type: "x", enqueuedAt: new Date() },
    };
  };
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request)
      .catch((error: unknown): Answer => {
        const { status, ...body } = problemOf(error);
        return { status, body };
      })
      .then(({ status = 200, body }) => send(response, status, body))
      .catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage): Promise<Answer> {
    if (request.headers.authorization !== `Bearer ${key}`)
      throw new FplusError("search.refused", "The provided API key is invalid.");
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    const [, root, name = "", part, id = ""] = pathname.split("/").map(decodeURIComponent);
    const method = request.method ?? "";
    const text = await bodyOf(request);
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    if (root === "tasks") {
      const { error = null } = tasks[Number(name)] ?? {};
      const status = error === null ? "succeeded" : "failed";
      return { body: { uid: Number(name), status, error, enqueuedAt: new Date(), startedAt: null, finishedAt: null } };
    }
    if (root !== "indexes") return { status: 404, body: {} };
    if (name === "") {
      const results = [...indexes].map(([uid, { primaryKey }]) => ({ uid, primaryKey, createdAt: "", updatedAt: "" }));
      return { body: { results, offset: 0, limit: Number(searchParams.get("limit")), total: results.length } };
    }
    if (method === "PATCH" && part === "settings") {
      return await task(() => configure(store, indexes, name, body as Record<string, string[]>));
    }
    if (method === "POST" && part === "documents" && id === "") {
      const primaryKey = searchParams.get("primaryKey") ?? "id";
      return await task(async () => {
        const { settings = {} } = indexes.get(name) ?? {};
        indexes.set(name, { primaryKey, settings });
        // The server's id is the primary key; the id of the document is an attribute like any other.
        await store.upsert(
          name,
          (body as SearchDocument[]).map((one) => ({ ...one, id: String(one[primaryKey]), _id: one.id })),
        );
      });
    }
    if (!indexes.has(name)) {
      throw Object.assign(new FplusError("search.missing", `Index \`${name}\` not found.`));
    }
    if (method === "GET" && part === "settings") {
      const { searchable = ["*"], filterable = [], sortable = [] } = indexes.get(name)?.settings ?? {};
      return {
        body: { searchableAttributes: searchable, filterableAttributes: filterable, sortableAttributes: sortable },
      };
    }
    if (method === "GET" && part === "documents" && id === "") {
      const [offset, limit] = ["offset", "limit"].map((each) => Number(searchParams.get(each)));
      const all: SearchDocument[] = [];
      for await (const page of store.documents(name)) all.push(...page);
      const results = all.slice(offset, offset! + limit!).map(restored);
      return { body: { results, offset, limit, total: all.length } };
    }
    if (method === "DELETE") return await task(async () => (indexes.delete(name), await store.drop(name)));
    if (part === "stats") return { body: { numberOfDocuments: await store.count(name), isIndexing: false } };
    if (part === "documents" && id === "delete-batch") return await task(() => store.delete(name, body as string[]));
    if (part === "documents") {
      const found = await store.get(name, id);
      if (found !== undefined) return { body: restored(found) };
      return {
        status: 404,
        body: { message: `Document \`${id}\` not found.`, code: "document_not_found", type: "invalid_request" },
      };
    }
    const found = await store.search(name, { ...(body as object), attributesToRetrieve: ["*"] });
    const wanted = (body as { attributesToRetrieve?: string[] }).attributesToRetrieve ?? ["*"];
    return { body: { ...found, hits: found.hits.map((hit) => only(restored(hit), wanted)) } };
  }

  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
    },
  };
}

async function configure(
  store: SearchStore,
  indexes: Map<string, Stored>,
  name: string,
  body: Record<string, string[]>,
): Promise<void> {
  const { searchableAttributes = ["*"], filterableAttributes = [], sortableAttributes = [] } = body;
  const settings = { searchable: searchableAttributes, filterable: filterableAttributes, sortable: sortableAttributes };
  indexes.set(name, { primaryKey: indexes.get(name)?.primaryKey ?? "id", settings });
  await store.configure(name, settings);
}

function problemOf(error: unknown): { status: number; message: string; code: string; type: string; link: string } {
  return { ...searchProblem(error), link: "" };
}

function restored({ _id, ...document }: SearchDocument): SearchDocument {
  const back = { ...document, id: String(_id) };
  if (typeof document["_formatted"] !== "object" || document["_formatted"] === null) return back;
  const { _id: id, ...marked } = document["_formatted"] as Record<string, string>;
  return { ...back, _formatted: { ...marked, id: id ?? "" } };
}

function only(hit: SearchDocument, wanted: readonly string[]): object {
  const keep = (name: string): boolean => wanted.includes("*") || wanted.includes(name) || name.startsWith("_ranking");
  const chosen = (from: object): object => Object.fromEntries(Object.entries(from).filter(([name]) => keep(name)));
  const marked = hit["_formatted"];
  return typeof marked === "object" && marked !== null ? { ...chosen(hit), _formatted: chosen(marked) } : chosen(hit);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
