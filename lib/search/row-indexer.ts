import { toFplusError } from "../errors/index.ts";
import type { SearchStore } from "./store.ts";
import type { SearchDocument } from "./types.ts";

const GATHER_MS = 200;
const RETRY_MS = 5000;
const BATCH = 500;
/** More changes than this at once, and everything is read again. */
const MAX_CHANGES = 10_000;

/** Where the documents of an index come from. */
export interface DocumentSource {
  /** All documents there are, in pieces. */
  all(): AsyncIterable<readonly SearchDocument[]>;
  /** Those of some ids; what is not among them is gone. */
  some(ids: readonly string[]): Promise<readonly SearchDocument[]>;
}

/** What a row indexer has done, and what is left. */
export interface RowIndexerStats {
  /** Documents written or deleted so far. */
  readonly indexed: number;
  readonly waiting: number;
  /** Everything is being read, or is to be. */
  readonly reading: boolean;
  /** Why it cannot go on now; empty when it can. */
  readonly fault: string;
}

/**
 * Keeps an index as its source is: everything at first, then what is told of changes, always as it is when it is read. What cannot be
 * done now is tried again; nothing of it is forgotten.
 */
export class RowIndexer {
  readonly #store: SearchStore;
  readonly #index: string;
  readonly #source: DocumentSource;
  readonly #changed = new Set<string>();
  #isAll = false;
  #indexed = 0;
  #fault = "";
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(store: SearchStore, index: string, source: DocumentSource) {
    this.#store = store;
    this.#index = index;
    this.#source = source;
  }

  /** The document of this id may have changed, come or gone. */
  changed(id: string): void {
    if (this.#changed.size >= MAX_CHANGES) return this.refresh();
    this.#changed.add(id);
    this.#wake(GATHER_MS);
  }

  /** Any document may have. */
  refresh(): void {
    this.#isAll = true;
    this.#wake(0);
  }

  stats(): RowIndexerStats {
    return { indexed: this.#indexed, waiting: this.#changed.size, reading: this.#isAll, fault: this.#fault };
  }

  /** Ends after what is being done now; what was not done is found by the next refresh. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #wake(afterMs: number): void {
    if (this.#closed || this.#timer !== undefined || this.#running !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#work().finally(() => {
        this.#running = undefined;
        if (this.#isAll || this.#changed.size > 0) this.#wake(this.#fault === "" ? GATHER_MS : RETRY_MS);
      });
    }, afterMs);
  }

  async #work(): Promise<void> {
    const ids = [...this.#changed].slice(0, BATCH);
    const isAll = this.#isAll;
    try {
      if (isAll) {
        this.#changed.clear();
        this.#isAll = false;
        await this.#readAll();
      } else {
        for (const id of ids) this.#changed.delete(id);
        await this.#readSome(ids);
      }
      this.#fault = "";
    } catch (error) {
      this.#fault = toFplusError("search.io", error).message;
      this.#isAll ||= isAll;
      if (!isAll) for (const id of ids) this.#changed.add(id);
    }
  }

  async #readAll(): Promise<void> {
    const there = new Set<string>();
    for await (const documents of this.#source.all()) {
      await this.#store.upsert(this.#index, documents);
      for (const { id } of documents) there.add(id);
      this.#indexed += documents.length;
      if (this.#closed) return;
    }
    const gone: string[] = [];
    for await (const page of this.#store.documents(this.#index)) {
      for (const { id } of page) if (!there.has(id)) gone.push(id);
    }
    await this.#store.delete(this.#index, gone);
    this.#indexed += gone.length;
  }

  async #readSome(ids: readonly string[]): Promise<void> {
    const documents = await this.#source.some(ids);
    await this.#store.upsert(this.#index, documents);
    const there = new Set(documents.map(({ id }) => id));
    await this.#store.delete(
      this.#index,
      ids.filter((id) => !there.has(id)),
    );
    this.#indexed += ids.length;
  }
}
