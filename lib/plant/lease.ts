import type { HealthBoard, PartHealth } from "../health/index.ts";

/**
 * Sharing of live resources (sessions, stores, brokers) between nodes and across redeploys.
 *
 * Node-RED destroys and makes anew every changed node at a deploy. A resource leased here outlives that: it is closed
 * only when nobody has asked for the same key again within the linger time, or at once when the process is stopping.
 */
export interface Resource {
  close(): Promise<void>;
}

/** A resource that tells how it is doing. */
export interface ReportingResource extends Resource {
  health(): PartHealth;
}

/** One holder's claim on a shared resource. */
export interface Lease<R extends Resource> {
  readonly value: R;
  /** Resolves once a predecessor of the same key but other settings is closed: wait for it before binding a port or a session. */
  readonly ready: Promise<void>;
  /** Gives it back; resolves when it is closed, or at once if it lingers or others still hold it. */
  release(): Promise<void>;
  /** Gives it back for good: it closes now, unless others hold it. */
  discard(): Promise<void>;
}

interface Entry {
  readonly resource: Resource;
  readonly fingerprint: string;
  readonly ready: Promise<void>;
  holders: number;
  timer: NodeJS.Timeout | undefined;
  closing: Promise<void> | undefined;
  /** Takes it off a health board. */
  off?: () => void;
}

const LINGER_MS = 10_000;

/** Resources that several nodes share and that outlive a redeploy. */
export class LeaseTable {
  readonly #entries = new Map<string, Entry>();
  #stopping = false;

  /**
   * The resource of that key, made by `open` when there is none. When the fingerprint (its settings) differs from the
   * one that lives, that one is replaced: it is closed now, and the new one must wait for `ready`.
   */
  acquire<R extends Resource>(key: string, open: () => R, fingerprint = ""): Lease<R> {
    let entry = this.#entries.get(key);
    if (entry === undefined || entry.fingerprint !== fingerprint) {
      const ready = entry === undefined ? Promise.resolve() : this.#close(key, entry).catch(() => undefined);
      entry = { resource: open(), fingerprint, ready, holders: 0, timer: undefined, closing: undefined };
      this.#entries.set(key, entry);
    }
    clearTimeout(entry.timer);
    entry.timer = undefined;
    entry.holders += 1;
    const held = entry;
    let released = false;
    const giveBack = async (closesNow: boolean): Promise<void> => {
      if (released) return;
      released = true;
      held.holders -= 1;
      if (held.holders > 0) return;
      if (closesNow || this.#stopping) await this.#close(key, held);
      else this.#linger(key, held);
    };
    return {
      value: held.resource as R,
      ready: held.ready,
      release: () => giveBack(false),
      discard: () => giveBack(true),
    };
  }

  /** What lives under a key, held or lingering. */
  find(key: string): Resource | undefined {
    return this.#entries.get(key)?.resource;
  }

  /** From now on a resource closes with its last holder; those that linger close now, newest first. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const idle = [...this.#entries].filter(([, entry]) => entry.holders === 0).reverse();
    for (const [key, entry] of idle) await this.#close(key, entry);
  }

  /** Closes everything, held or not, newest first: the last step of a stop. */
  async closeAll(): Promise<void> {
    this.#stopping = true;
    for (const [key, entry] of [...this.#entries].reverse()) await this.#close(key, entry);
  }

  /** The same for a resource that is on a health board for as long as it lives. */
  acquireShown<R extends ReportingResource>(
    key: string,
    board: HealthBoard,
    open: () => R,
    fingerprint = "",
  ): Lease<R> {
    const lease = this.acquire(key, open, fingerprint);
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.off ??= board.add(() => lease.value.health());
    return lease;
  }

  #linger(key: string, entry: Entry): void {
    entry.timer = setTimeout(() => {
      this.#close(key, entry).catch(() => undefined);
    }, LINGER_MS);
    entry.timer.unref();
  }

  async #close(key: string, entry: Entry): Promise<void> {
    clearTimeout(entry.timer);
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    entry.off?.();
    entry.closing ??= entry.resource.close();
    await entry.closing;
  }
}
