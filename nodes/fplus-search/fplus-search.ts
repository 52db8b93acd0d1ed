import type { NodeAPI } from "node-red";
import type { SearchAnswer, SearchStore } from "../../lib/search/index.ts";
import type { SearchService } from "../fplus-search-engine/service.ts";
import { amount, defineNode, type Message, type NodeBehaviour, type NodeContext } from "../frame/index.ts";
import { PlantIndex } from "./plant-index.ts";
import {
  type AskedMode,
  bodyOf,
  documentsOf,
  idsOf,
  indexOf,
  type Mode,
  modeOf,
  type SearchConfig,
  settingsOf,
} from "./request.ts";
import { serveTryOut } from "./routes.ts";
import { TableIndex } from "./table-index.ts";

type Send = (message: Message) => void;
/** Does the work of a mode, sends what came of it and says it in a few words. */
type Work = (config: SearchConfig, store: SearchStore, msg: Message, send: Send) => Promise<string>;

/** Searches, and keeps what can be found. */
export default function (RED: NodeAPI): void {
  defineNode<SearchConfig>(RED, "fplus-search", setUp, { once: serveTryOut });
}

function setUp(node: NodeContext<SearchConfig>): NodeBehaviour {
  const { config } = node;
  const lease = config.engine ? node.service<SearchService>(config.engine, "engine").lease() : node.plant.search();
  if (config.mode === "signals") {
    const plant = new PlantIndex(node, lease.ready, lease.value);
    return {
      input: (msg) => plant.take(msg),
      async close() {
        await plant.close();
        await lease.release();
      },
    };
  }
  if (config.mode === "table") {
    const table = new TableIndex(node, lease.ready, lease.value);
    return {
      input: () => table.refresh(),
      async close() {
        await table.close();
        await lease.release();
      },
    };
  }
  const configured = configure(config, lease.ready, lease.value);
  return {
    async input(msg, send) {
      const mode = modeOf(config, msg);
      await lease.ready;
      await configured(mode);
      try {
        node.status("up", await WORK[mode](config, lease.value, msg, send));
      } catch (error) {
        node.status("down", `${mode} failed`);
        throw error;
      }
    },
    close: () => lease.release(),
  };
}

/** The index gets its settings before the first document, and again after a failure. */
function configure(config: SearchConfig, ready: Promise<void>, store: SearchStore): (mode: Mode) => Promise<void> {
  const settings = settingsOf(config);
  let done: Promise<void> | undefined;
  return async (mode) => {
    if (mode !== "upsert" || settings === undefined || config.index === "") return;
    done ??= ready.then(() => store.configure(config.index, settings));
    await done.catch((error: unknown) => {
      done = undefined;
      throw error;
    });
  };
}

const WORK: Readonly<Record<AskedMode, Work>> = {
  async search(config, store, msg, send) {
    const answer = await store.search(indexOf(config, msg), bodyOf(config, msg.payload));
    send({
      ...msg,
      payload: config.output === "answer" ? answer : answer.hits,
      ...aside(answer),
    } as unknown as Message);
    return `${amount(answer.estimatedTotalHits)} found · ${answer.processingTimeMs} ms`;
  },

  async facets(config, store, msg, send) {
    const body = { facets: ["*"], ...bodyOf(config, msg.payload), limit: 0 };
    const answer = await store.search(indexOf(config, msg), body);
    send({ ...msg, payload: answer.facetDistribution ?? {}, ...aside(answer) } as unknown as Message);
    return `${amount(answer.estimatedTotalHits)} counted · ${answer.processingTimeMs} ms`;
  },

  async upsert(config, store, msg, send) {
    const documents = documentsOf(config, msg.payload);
    const index = indexOf(config, msg);
    await store.upsert(index, documents);
    send({ ...msg, payload: { index, upserted: documents.length } } as unknown as Message);
    return `${amount(documents.length)} indexed`;
  },

  async delete(config, store, msg, send) {
    const ids = idsOf(config, msg.payload);
    const index = indexOf(config, msg);
    await store.delete(index, ids);
    send({ ...msg, payload: { index, deleted: ids.length } } as unknown as Message);
    return `${amount(ids.length)} deleted`;
  },

  async get(config, store, msg, send) {
    const [id = ""] = idsOf(config, msg.payload);
    const document = await store.get(indexOf(config, msg), id);
    send({ ...msg, payload: document ?? null } as unknown as Message);
    return document === undefined ? "not there" : "found";
  },
};

/** What belongs to an answer beside its hits. */
function aside({ estimatedTotalHits, facetDistribution, query }: SearchAnswer): object {
  return {
    total: estimatedTotalHits,
    query,
    ...(facetDistribution === undefined ? {} : { facets: facetDistribution }),
  };
}
