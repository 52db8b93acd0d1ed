import type { NodeAPI } from "node-red";
import { messageOf } from "../../lib/errors/index.ts";
import type { SearchStore } from "../../lib/search/index.ts";
import type { SearchService } from "../fplus-search-engine/service.ts";
import { borrowed, serviceOf } from "../frame/index.ts";
import { plantOf } from "../frame/plant.ts";

interface TryOut {
  /** Id of the engine's configuration node; blank = the plant's. */
  readonly engine?: string;
  /** Blank = only the names of the indexes are asked for. */
  readonly index?: string;
  /** Left out = what the index knows is asked for, not a search. */
  readonly body?: unknown;
}

/**
 * `POST /fplus/search/try` is what the dialog asks: the indexes there are, what a search in one of them finds, and without a search
 * which attributes and values it knows.
 */
export function serveTryOut(RED: NodeAPI): void {
  RED.httpAdmin.post("/fplus/search/try", RED.auth.needsPermission("fplus-search.read"), (request, response) => {
    tryOut(RED, request.body as TryOut).then(
      (answer) => response.json(answer),
      (error: unknown) => response.json({ error: messageOf(error) }),
    );
  });
}

async function tryOut(RED: NodeAPI, { engine, index, body }: TryOut): Promise<object> {
  const lease = engine ? serviceOf<SearchService>(RED, engine, "engine").lease() : plantOf(RED).search();
  return await borrowed(lease, async (store) => {
    const indexes = await store.indexes();
    if (index === undefined || index === "" || !indexes.includes(index)) return { indexes };
    if (body === undefined) return { indexes, known: await knownOf(store, index) };
    return { indexes, answer: await store.search(index, body) };
  });
}

async function knownOf(store: SearchStore, index: string): Promise<object> {
  const { filterable, sortable } = await store.settings(index);
  const { facetDistribution = {} } = await store.search(index, { facets: filterable, limit: 0 });
  return { filterable, sortable, values: facetDistribution };
}
