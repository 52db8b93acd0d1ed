import { mkdir } from "node:fs/promises";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { FplusError, messageOf } from "../../errors/index.ts";
import { type FolderLock, lockFolder } from "../../folder/index.ts";
import { threadModule } from "../../thread/index.ts";
import type { Engine, Reachable } from "../engine.ts";
import { type LiteReply, type LiteRequest, LiteWire } from "./lite-wire.ts";

interface Pending {
  readonly part: (bytes: Uint8Array) => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Where in a database's folder PGlite keeps its files. */
export function liteFolder(folder: string): string {
  return path.join(folder, "pglite");
}

/**
 * PGlite in a thread, one process a folder: for systems on which PostgreSQL itself cannot run. One connection, no cancelling of a statement,
 * and what was committed in the last moments may be lost at a power cut (it never calls fsync).
 */
export class LiteEngine implements Engine {
  readonly mode = "embedded";
  readonly #folder: string;
  readonly #why: string;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #lock: FolderLock | undefined;
  #nextId = 1;

  /** `why` PostgreSQL is not used; shown on the health page. */
  constructor(folder: string, why: string) {
    this.#folder = folder;
    this.#why = why;
  }

  async start(): Promise<Reachable> {
    if (this.#worker === undefined) await this.#start();
    const detail = `PGlite in ${this.#folder}${this.#why === "" ? "" : `: ${this.#why}`}`;
    const stream = (): LiteWire => new LiteWire((bytes, part) => this.#ask({ bytes, close: false }, part));
    // The driver's own types know sockets only.
    const config = { stream: stream as never, user: "postgres", database: "postgres", ssl: false };
    return { config, connections: 1, cancels: false, detail };
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    try {
      await this.#ask({ close: true });
    } finally {
      this.#worker = undefined;
      await worker.terminate();
      this.#lock?.release();
    }
  }

  async #start(): Promise<void> {
    const directory = liteFolder(this.#folder);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // Two that write to one folder would destroy each other's pages.
    this.#lock = lockFolder(this.#folder, "database.engine");
    const worker = new Worker(threadModule("database/embedded/lite-worker"), {
      name: "fplus-database",
      workerData: { directory },
    });
    this.#worker = worker;
    worker.on("message", (reply: LiteReply) => this.#receive(reply));
    const started = new Promise<void>((resolve, reject) => {
      this.#pending.set(0, { part: () => undefined, resolve, reject });
    });
    worker.on("error", (error) => this.#ended(worker, messageOf(error)));
    worker.on("exit", () => this.#ended(worker, "its thread ended"));
    await started;
  }

  #ask(request: { close: true } | { close: false; bytes: Uint8Array }, part?: Pending["part"]): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.reject(new FplusError("database.engine", "the database is closed"));
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#pending.set(id, { part: part ?? (() => undefined), resolve, reject });
      worker.postMessage({ id, ...request } satisfies LiteRequest, []);
    });
  }

  #receive({ id, bytes, done, failure }: LiteReply): void {
    const pending = this.#pending.get(id);
    if (bytes !== undefined) pending?.part(bytes);
    if (done !== true && failure === undefined) return;
    this.#pending.delete(id);
    if (failure === undefined) pending?.resolve();
    else pending?.reject(new FplusError("database.engine", failure));
  }

  #ended(worker: Worker, reason: string): void {
    if (this.#worker === worker) {
      this.#worker = undefined;
      this.#lock?.release();
    }
    const failure = new FplusError("database.engine", `the embedded database (PGlite) failed: ${reason}`);
    for (const pending of this.#pending.values()) pending.reject(failure);
    this.#pending.clear();
  }
}
