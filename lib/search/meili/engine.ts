import { createHash } from "node:crypto";
import type { Meilisearch } from "meilisearch";
import { connectionCode, connectionHint, FplusError, messageOf } from "../../errors/index.ts";
import type { MeiliOptions } from "../options.ts";
import { codeOfProblem } from "../problem.ts";
import type { IndexSettings, SearchAnswer, SearchDocument, SearchEngine, SearchRequest } from "../types.ts";

const TIMEOUT_MS = 10_000;
/** The server indexes in its own time; a large batch on a busy server takes minutes. */
const TASK_MS = 300_000;
/** Its ids may hold letters, digits, - and _ only, ours any text: this attribute of the server's documents holds a hash of ours. */
const KEY = "_fplus_key";

type StoredDocument = SearchDocument & { readonly [KEY]: string };

/** A MeiliSearch server over the official client. */
export class MeiliEngine implements SearchEngine {
  readonly kind = "meilisearch";
  readonly place: string;
  readonly #options: MeiliOptions;
  #client: Meilisearch | undefined;

  /** @throws FplusError `config.invalid` when the url is none */
  constructor(options: MeiliOptions) {
    if (!URL.canParse(options.url) || !/^https?:/.test(options.url)) {
      throw new FplusError("config.invalid", "not an address of MeiliSearch", {
        field: "url",
        hint: "Write it like http://127.0.0.1:7700.",
      });
    }
    this.#options = options;
    this.place = options.url;
  }

  async open(): Promise<void> {
    const { url, key, timeoutMs = TIMEOUT_MS } = this.#options;
    if (this.#client === undefined) {
      const library = await import("meilisearch").catch((cause: unknown) => {
        const hint = "Install it beside Node-RED: npm install meilisearch.";
        throw new FplusError("feature.off", "the package meilisearch is not installed", {
          field: "engine",
          hint,
          cause,
        });
      });
      this.#client = new library.Meilisearch({
        host: url,
        timeout: timeoutMs,
        defaultWaitOptions: { timeout: TASK_MS, interval: 50 },
        ...(key ? { apiKey: key } : {}),
      });
    }
    await this.#run("", (client) => client.getRawIndexes({ limit: 1 }));
  }

  async indexes(): Promise<string[]> {
    const { results } = await this.#run("", (client) => client.getRawIndexes({ limit: 1000 }));
    return results.map(({ uid }) => uid).sort();
  }

  async configure(index: string, { searchable, filterable, sortable }: Required<IndexSettings>): Promise<void> {
    const settings = {
      searchableAttributes: [...searchable],
      filterableAttributes: [...filterable],
      sortableAttributes: [...sortable],
    };
    await this.#task(index, (client) => client.index(index).updateSettings(settings));
  }

  async upsert(index: string, documents: readonly SearchDocument[]): Promise<void> {
    const stored = documents.map((document): StoredDocument => ({ ...document, [KEY]: keyOf(document.id) }));
    await this.#task(index, (client) => client.index<StoredDocument>(index).addDocuments(stored, { primaryKey: KEY }));
  }

  async delete(index: string, ids: readonly string[]): Promise<void> {
    if (!(await this.indexes()).includes(index)) return;
    await this.#task(index, (client) => client.index(index).deleteDocuments(ids.map(keyOf)));
  }

  async drop(index: string): Promise<void> {
    if (!(await this.indexes()).includes(index)) return;
    await this.#task(index, (client) => client.deleteIndex(index));
  }

  async get(index: string, id: string): Promise<SearchDocument | undefined> {
    try {
      return withoutKey(await this.#run(index, (client) => client.index(index).getDocument<StoredDocument>(keyOf(id))));
    } catch (error) {
      if (error instanceof FplusError && error.code === "search.document") return undefined;
      throw error;
    }
  }

  async count(index: string): Promise<number> {
    return (await this.#run(index, (client) => client.index(index).getStats())).numberOfDocuments;
  }

  async settings(index: string): Promise<Required<IndexSettings>> {
    const found = await this.#run(index, (client) => client.index(index).getSettings());
    const { searchableAttributes, filterableAttributes, sortableAttributes } = found;
    // A server may have rules by pattern, which name no single attribute.
    const filterable = (filterableAttributes ?? []).filter((attribute) => typeof attribute === "string");
    return { searchable: searchableAttributes ?? ["*"], filterable, sortable: sortableAttributes ?? [] };
  }

  async page(index: string, offset: number, limit: number): Promise<readonly SearchDocument[]> {
    const { results } = await this.#run(index, (client) =>
      client.index<StoredDocument>(index).getDocuments({ offset, limit }),
    );
    return results.map(withoutKey);
  }

  async search(index: string, { q, filter, facets, sort, ...request }: SearchRequest): Promise<SearchAnswer> {
    const parameters = {
      limit: request.limit,
      offset: request.offset,
      matchingStrategy: request.matchingStrategy,
      attributesToRetrieve: [...request.attributesToRetrieve],
      ...(filter === "" ? {} : { filter }),
      ...(facets.length === 0 ? {} : { facets: [...facets] }),
      ...(sort.length === 0 ? {} : { sort: [...sort] }),
      ...(request.attributesToHighlight.length === 0
        ? {}
        : {
            attributesToHighlight: [...request.attributesToHighlight],
            highlightPreTag: request.highlightPreTag,
            highlightPostTag: request.highlightPostTag,
          }),
      ...(request.attributesToCrop.length === 0
        ? {}
        : {
            attributesToCrop: [...request.attributesToCrop],
            cropLength: request.cropLength,
            cropMarker: request.cropMarker,
          }),
      ...(request.showRankingScore ? { showRankingScore: true } : {}),
    };
    const answer = (await this.#run(index, (client) =>
      client.index(index).search(q, parameters as object),
    )) as unknown as SearchAnswer;
    const { query, processingTimeMs, limit, offset, estimatedTotalHits, facetDistribution, facetStats } = answer;
    return {
      hits: answer.hits.map(withoutKey),
      query,
      processingTimeMs,
      limit,
      offset,
      estimatedTotalHits,
      ...(facetDistribution === undefined ? {} : { facetDistribution }),
      ...(facetStats === undefined ? {} : { facetStats }),
    };
  }

  close(): Promise<void> {
    this.#client = undefined;
    return Promise.resolve();
  }

  async #run<T>(index: string, request: (client: Meilisearch) => PromiseLike<T>): Promise<T> {
    if (this.#client === undefined) throw new FplusError("search.unreachable", "not connected to MeiliSearch");
    try {
      return await request(this.#client);
    } catch (error) {
      throw this.#fault(index, error);
    }
  }

  /** Has the server do something and waits until it is done. */
  async #task(index: string, request: (client: Meilisearch) => ReturnType<Meilisearch["deleteIndex"]>): Promise<void> {
    const task = await this.#run(index, (client) => request(client).waitTask());
    if (task.status === "succeeded") return;
    const { code = "internal", message = task.status } = task.error ?? {};
    throw new FplusError(codeOfProblem(code) ?? "search.io", `${this.place}: ${message}`, { field: "index" });
  }

  #fault(index: string, error: unknown): FplusError {
    const { cause, response } = error as { cause?: { code?: string; message?: string }; response?: unknown };
    if (error instanceof SyntaxError) {
      const hint = "Check that address and port are those of MeiliSearch, and that no gateway wants a login.";
      const said = `${this.place} answers as no MeiliSearch does`;
      return new FplusError("search.unreachable", said, { field: "url", hint, cause: error });
    }
    if (response === undefined) {
      const why = [cause?.message ?? messageOf(error), connectionCode(error)].filter(Boolean).join(", ");
      const hint = connectionHint(error);
      return new FplusError("search.unreachable", `${this.place}: ${why}`, { field: "url", hint, cause: error });
    }
    const code = cause?.code ?? "";
    const text = messageOf(error);
    if (code === "index_not_found") {
      const hint = "It is made when documents are added.";
      return new FplusError("search.missing", `there is no index ${index}`, { field: "index", hint, cause: error });
    }
    if (code === "document_not_found") return new FplusError("search.document", text, { field: "id", cause: error });
    const { status = 0 } = response as { status?: number };
    if (/api_key|authorization/.test(code) || status === 401 || status === 403) {
      const hint = "Check the API key and its rights.";
      return new FplusError("search.refused", `${this.place} refused: ${text}`, { field: "key", hint, cause: error });
    }
    if (status === 429 || status >= 500) {
      const hint = "The server, or a gateway before it, cannot take it now: try again later.";
      return new FplusError("search.unreachable", `${this.place}: ${text}`, { field: "url", hint, cause: error });
    }
    const known = codeOfProblem(code);
    if (known === undefined) return new FplusError("search.io", `${this.place}: ${text}`, { cause: error });
    return new FplusError(known, text, { field: known.slice("search.".length), cause: error });
  }
}

function keyOf(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 40);
}

/** A document without the attribute that only the server needs. */
function withoutKey(document: SearchDocument): SearchDocument {
  const { [KEY]: _key, _formatted, ...rest } = document;
  if (typeof _formatted !== "object" || _formatted === null) return rest as SearchDocument;
  const { [KEY]: _marked, ...marked } = _formatted as Record<string, string>;
  return { ...rest, _formatted: marked } as SearchDocument;
}
