import type { NodeAPI } from "node-red";
import { messageOf } from "../../lib/errors/index.ts";
import type { SearchService } from "../fplus-search-engine/service.ts";
import { serviceOf } from "../frame/index.ts";
import { plantOf } from "../frame/plant.ts";

interface TryOut {
  /** Id of the engine's configuration node; blank = the plant's. */
  readonly engine?: string;
  /** Blank = only the names of the indexes are asked for. */
  readonly index?: string;
  readonly body?: unknown;
}

/** `POST /fplus/search/try` is the try-out box of the dialog: the indexes there are, and what a search in one of them finds. */
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
  try {
    await lease.ready;
    const indexes = await lease.value.indexes();
    if (index === undefined || index === "" || !indexes.includes(index)) return { indexes };
    return { indexes, answer: await lease.value.search(index, body) };
  } finally {
    await lease.release();
  }
}
