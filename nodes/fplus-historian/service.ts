import path from "node:path";
import { type HistorianStore, HistorianWriter } from "../../lib/historian/index.ts";
import type { Lease, Plant, Resource, StoreSource } from "../../lib/plant/index.ts";
import { openSpool } from "../../lib/spool/index.ts";

/** What an `fplus-historian` config node offers. */
export type HistorianService = StoreSource<HistorianStore>;

const SPOOL_BYTES = 500 * 1024 * 1024;

/** A writer shared by all nodes that write to one store; it keeps its store and its spool until it is closed. */
export class SharedWriter implements Resource {
  readonly #store: Lease<HistorianStore>;
  readonly #plant: Plant;
  readonly #spoolFolder: string;
  #writer: Promise<HistorianWriter> | undefined;
  #off: (() => void) | undefined;

  constructor(plant: Plant, store: Lease<HistorianStore>, spoolFolder: string) {
    this.#plant = plant;
    this.#store = store;
    this.#spoolFolder = spoolFolder;
  }

  /** The writer; its spool is opened once a predecessor has let go of it, and tried again where that failed (a full disk). */
  writer(ready: Promise<void>): Promise<HistorianWriter> {
    this.#writer ??= this.#open(ready).catch((error: unknown) => {
      this.#writer = undefined;
      throw error;
    });
    return this.#writer;
  }

  async #open(ready: Promise<void>): Promise<HistorianWriter> {
    await ready;
    await this.#store.ready;
    const store = this.#store.value;
    // The embedded store shares its disk with a spool, which could take no sample that the store cannot.
    const spool =
      store.kind === "embedded"
        ? undefined
        : openSpool({ directory: this.#spoolFolder, maxBytes: SPOOL_BYTES, policy: "drop-oldest" });
    const writer = new HistorianWriter(store, spool === undefined ? {} : { spool });
    this.#off = this.#plant.health.add(() => writer.health());
    return writer;
  }

  async close(): Promise<void> {
    this.#off?.();
    const writer = await this.#writer?.catch(() => undefined);
    try {
      await writer?.close();
    } finally {
      await this.#store.release();
    }
  }
}

const identities = new WeakMap<HistorianStore, string>();
let identityCount = 0;

/** A new store under the same configuration node must get a new writer. */
export function identityOf(store: HistorianStore): string {
  let identity = identities.get(store);
  if (identity === undefined) identities.set(store, (identity = `store ${++identityCount}`));
  return identity;
}

/** The writer for a config node's store, or for the plant's when `id` is blank. */
export function leaseWriter(plant: Plant, id: string, service: HistorianService | undefined): Lease<SharedWriter> {
  const store = service === undefined ? plant.historian() : service.lease();
  const folder = path.join(plant.stateDir, "spool", `historian-${id || "plant"}`);
  let taken = false;
  const lease = plant.leases.acquire(
    `historian-writer ${folder}`,
    () => {
      taken = true;
      return new SharedWriter(plant, store, folder);
    },
    identityOf(store.value),
  );
  // An existing writer holds the store already.
  if (!taken) store.release().catch(() => undefined);
  return lease;
}
