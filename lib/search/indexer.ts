import { FplusError, toFplusError } from "../errors/index.ts";
import { checkDocument } from "./request.ts";
import type { SearchStore } from "./store.ts";
import type { SearchDocument } from "./types.ts";

const BATCH = 1000;
const GATHER_MS = 250;
const RETRY_MS = 2000;
const MAX_WAITING = 100_000;

/** How an indexer behaves. */
export interface IndexerOptions {
  /** Documents that may wait; more are refused and counted. Default 100,000. */
  readonly maxWaiting?: number;
  /** Milliseconds in which changes are gathered; default 250. */
  readonly gatherMs?: number;
  /** Milliseconds until a server that is away is tried again; default 2,000. */
  readonly retryMs?: number;
}

/** What an indexer has done, and what is left. */
export interface IndexerStats {
  readonly indexed: number;
  readonly waiting: number;
  readonly dropped: number;
  /** Why it cannot go on now; empty when it can. */
  readonly fault: string;
}

/**
 * Brings changes into the indexes of a store as they happen: gathered, in batches, one at a time. Of a document that changes often only its last
 * state goes out. While the store is away changes wait, bounded.
 */
export class Indexer {
  readonly #store: SearchStore;
  readonly #options: Required<IndexerOptions>;
  /** For each index the documents by id; null = to be deleted. */
  readonly #waiting = new Map<string, Map<string, SearchDocument | null>>();
  #count = 0;
  #indexed = 0;
  #dropped = 0;
  #fault = "";
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(store: SearchStore, options: IndexerOptions = {}) {
    this.#store = store;
    this.#options = { maxWaiting: MAX_WAITING, gatherMs: GATHER_MS, retryMs: RETRY_MS, ...options };
  }

  /** @throws FplusError `search.document`, `search.queue-full` */
  upsert(index: string, document: SearchDocument): void {
    checkDocument(document);
    this.#add(index, document.id, document);
  }

  /** @throws FplusError `search.document`, `search.queue-full` */
  delete(index: string, id: string): void {
    checkDocument({ id });
    this.#add(index, id, null);
  }

  stats(): IndexerStats {
    return { indexed: this.#indexed, waiting: this.#count, dropped: this.#dropped, fault: this.#fault };
  }

  /**
   * Resolves when everything that waits is in the store.
   * @throws FplusError why it is not
   */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#count > 0) {
      this.#running ??= this.#send().finally(() => (this.#running = undefined));
      await this.#running;
    }
  }

  /** Sends what waits, once; what the store does not take then is lost and counted. */
  async close(): Promise<void> {
    this.#closed = true;
    try {
      await this.flush();
    } catch {
      this.#dropped += this.#count;
      this.#count = 0;
      this.#waiting.clear();
    }
  }

  #add(index: string, id: string, document: SearchDocument | null): void {
    let changes = this.#waiting.get(index);
    if (changes === undefined) this.#waiting.set(index, (changes = new Map()));
    if (!changes.has(id)) {
      if (this.#closed || this.#count >= this.#options.maxWaiting) {
        this.#dropped += 1;
        throw new FplusError("search.queue-full", `${this.#count} documents wait to be indexed`, { field: index });
      }
      this.#count += 1;
    }
    changes.delete(id);
    changes.set(id, document);
    this.#schedule(this.#options.gatherMs);
  }

  #schedule(afterMs: number): void {
    if (this.#closed || this.#timer !== undefined || this.#running !== undefined) return;
    this.#timer = setTimeout(() => {
      this.flush().catch(() => this.#schedule(this.#options.retryMs));
    }, afterMs).unref();
  }

  /** One batch of each index; what fails waits again, unless it has changed in the meantime. */
  async #send(): Promise<void> {
    for (const [index, changes] of this.#waiting) {
      const batch = [...changes].slice(0, BATCH);
      for (const [id] of batch) changes.delete(id);
      try {
        await this.#bring(index, batch);
      } catch (error) {
        const fault = toFplusError("search.io", error);
        for (const [id, document] of batch) if (!changes.has(id)) changes.set(id, document);
        this.#count = [...this.#waiting.values()].reduce((sum, { size }) => sum + size, 0);
        this.#fault = fault.message;
        throw fault;
      }
      this.#fault = "";
      if (changes.size === 0) this.#waiting.delete(index);
    }
    this.#count = [...this.#waiting.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** A document that the store will never take is given up alone, and must not hold up the others. */
  async #bring(index: string, batch: readonly (readonly [string, SearchDocument | null])[]): Promise<void> {
    try {
      await this.#store.delete(
        index,
        batch.filter(([, document]) => document === null).map(([id]) => id),
      );
      await this.#store.upsert(
        index,
        batch.flatMap(([, document]) => (document === null ? [] : [document])),
      );
      this.#indexed += batch.length;
    } catch (error) {
      if (!(error instanceof FplusError) || error.code !== "search.document") throw error;
      if (batch.length === 1) this.#dropped += 1;
      else for (const one of batch) await this.#bring(index, [one]);
    }
  }
}
