import { Worker } from "node:worker_threads";
import { type ErrorCode, FplusError, toFplusError } from "../../errors/index.ts";
import { threadModule } from "../../thread/index.ts";
import type { EmbeddedSearchOptions } from "../options.ts";
import type { IndexSettings, SearchAnswer, SearchDocument, SearchEngine, SearchRequest } from "../types.ts";
import type { EngineReply, EngineRequest, NumberedRequest } from "./protocol.ts";

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: FplusError) => void;
}

/**
 * The embedded search engine, in a thread of its own: documents in SQLite, durable when an upsert resolves; words and attributes in memory.
 * One process a folder.
 */
export class EmbeddedSearch implements SearchEngine {
  readonly kind = "embedded";
  readonly place: string;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #opening: Promise<void> | undefined;
  #nextId = 1;
  #damage = "";

  constructor({ directory }: EmbeddedSearchOptions) {
    this.place = directory;
  }

  get damage(): string {
    return this.#damage;
  }

  open(): Promise<void> {
    this.#opening ??= this.#start().catch((error: unknown) => {
      this.#opening = undefined;
      throw toFplusError("search.io", error);
    });
    return this.#opening;
  }

  async indexes(): Promise<string[]> {
    return (await this.#ask({ op: "indexes" })) as string[];
  }

  async configure(index: string, settings: Required<IndexSettings>): Promise<void> {
    await this.#ask({ op: "configure", index, settings });
  }

  async upsert(index: string, _documents: readonly SearchDocument[], texts: readonly string[]): Promise<void> {
    await this.#ask({ op: "upsert", index, texts });
  }

  async delete(index: string, ids: readonly string[]): Promise<void> {
    await this.#ask({ op: "delete", index, ids });
  }

  async drop(index: string): Promise<void> {
    await this.#ask({ op: "drop", index });
  }

  async get(index: string, id: string): Promise<SearchDocument | undefined> {
    return (await this.#ask({ op: "get", index, id })) as SearchDocument | undefined;
  }

  async count(index: string): Promise<number> {
    return (await this.#ask({ op: "count", index })) as number;
  }

  async settings(index: string): Promise<Required<IndexSettings>> {
    return (await this.#ask({ op: "settings", index })) as Required<IndexSettings>;
  }

  async page(index: string, offset: number, limit: number): Promise<readonly SearchDocument[]> {
    return (await this.#ask({ op: "page", index, offset, limit })) as readonly SearchDocument[];
  }

  async search(index: string, request: SearchRequest): Promise<SearchAnswer> {
    return (await this.#ask({ op: "search", index, request })) as SearchAnswer;
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    const worker = this.#worker;
    if (worker === undefined) return;
    try {
      await this.#post(worker, { op: "close" });
    } finally {
      this.#worker = undefined;
      await worker.terminate();
    }
  }

  async #start(): Promise<void> {
    const worker = new Worker(threadModule("search/embedded/worker"), { name: "fplus-search" });
    this.#worker = worker;
    worker.on("message", (reply: EngineReply) => this.#receive(reply));
    worker.on("error", (error) => this.#ended(worker, error));
    worker.on("exit", () => this.#ended(worker, new Error("the search engine's thread ended")));
    try {
      await this.#post(worker, { op: "open", directory: this.place });
    } catch (error) {
      this.#worker = undefined;
      await worker.terminate();
      throw error;
    }
  }

  async #ask(request: EngineRequest): Promise<unknown> {
    await this.open();
    if (this.#worker === undefined) throw new FplusError("search.io", "the search engine is closed");
    return await this.#post(this.#worker, request);
  }

  #post(worker: Worker, request: EngineRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const message: NumberedRequest = { id: this.#nextId++, request };
      this.#pending.set(message.id, { resolve, reject });
      worker.postMessage(message, []);
    });
  }

  #receive(reply: EngineReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.ok) {
      this.#damage = reply.damage;
      return pending?.resolve(reply.result);
    }
    const { code, message, field, hint } = reply;
    const details = { ...(field === undefined ? {} : { field }), ...(hint === undefined ? {} : { hint }) };
    pending?.reject(new FplusError(code as ErrorCode, message, details));
  }

  /** The thread is gone: what it had not answered failed, the next call starts another. */
  #ended(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#opening = undefined;
    const failure = toFplusError("search.io", error);
    for (const pending of this.#pending.values()) pending.reject(failure);
    this.#pending.clear();
  }
}
