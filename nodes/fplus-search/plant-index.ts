import { FplusError } from "../../lib/errors/index.ts";
import { Indexer, SIGNAL_INDEXES, SignalIndexer, type SearchStore } from "../../lib/search/index.ts";
import { amount, batchOf, liveStatus, type Message, type NodeContext } from "../frame/index.ts";
import type { SearchConfig } from "./request.ts";

const STATES: Readonly<Record<string, "online" | "offline" | "stale">> = {
  "device-online": "online",
  "device-offline": "offline",
  "device-stale": "stale",
};

/** Keeps the indexes `tags` and `devices` as the plant is, from the samples and events that a flow sees. */
export class PlantIndex {
  readonly #node: NodeContext<SearchConfig>;
  readonly #indexer: Indexer;
  readonly #signals: SignalIndexer;
  readonly #stopStatus: () => void;
  #said = "";

  constructor(node: NodeContext<SearchConfig>, ready: Promise<void>, store: SearchStore) {
    this.#node = node;
    this.#indexer = new Indexer(store);
    this.#signals = new SignalIndexer(this.#indexer);
    ready.then(() => this.#configure(store)).catch((error: unknown) => node.report(error));
    this.#stopStatus = liveStatus(node, () => this.#status());
  }

  take(msg: Message): void {
    const { kind, node, device } = (msg.payload ?? {}) as { kind?: unknown; node?: unknown; device?: unknown };
    if (typeof kind === "string" && typeof node === "string") {
      const state = STATES[kind];
      if (state !== undefined && typeof device === "string") this.#signals.state(node, device, state);
    } else this.#signals.samples(batchOf(msg));
  }

  async close(): Promise<void> {
    this.#stopStatus();
    await this.#indexer.close();
  }

  async #configure(store: SearchStore): Promise<void> {
    for (const [index, settings] of Object.entries(SIGNAL_INDEXES)) await store.configure(index, settings);
  }

  #status(): ["up" | "warning" | "busy" | "idle", string] {
    const { waiting, fault } = this.#indexer.stats();
    if (fault !== "" && this.#said === "")
      this.#node.report(new FplusError("search.unreachable", fault, { field: "engine" }));
    this.#said = fault;
    if (fault !== "") return ["warning", `down: ${amount(waiting)} waiting`];
    const { tags, devices } = this.#signals;
    const known = `${amount(tags)} tags · ${amount(devices)} devices`;
    return [waiting > 0 ? "busy" : tags > 0 ? "up" : "idle", known];
  }
}
