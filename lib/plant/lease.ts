/**
 * Sharing of live resources (sessions, stores, brokers) between nodes and across redeploys.
 *
 * Node-RED destroys and makes anew every changed node at a deploy. A resource leased here outlives that: it is closed
 * only when nobody has asked for the same key again within the linger time, or at once when the process is stopping.
 */
export interface Resource {
  close(): Promise<void>;
}

export interface Lease<R extends Resource> {
  readonly value: R;
  /** Gives it back; resolves when it is closed, or at once if it lingers or others still hold it. */
  release(): Promise<void>;
}

interface Entry {
  readonly resource: Resource;
  holders: number;
  timer: NodeJS.Timeout | undefined;
  closing: Promise<void> | undefined;
}

const LINGER_MS = 10_000;

export class LeaseTable {
  readonly #entries = new Map<string, Entry>();
  #stopping = false;

  /** The resource of that key, made by `open` when there is none. Keys must hold everything that makes two differ. */
  acquire<R extends Resource>(key: string, open: () => R): Lease<R> {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { resource: open(), holders: 0, timer: undefined, closing: undefined };
      this.#entries.set(key, entry);
    }
    clearTimeout(entry.timer);
    entry.timer = undefined;
    entry.holders += 1;
    const held = entry;
    let released = false;
    return {
      value: held.resource as R,
      release: async () => {
        if (released) return;
        released = true;
        held.holders -= 1;
        if (held.holders > 0) return;
        if (this.#stopping) await this.#close(key, held);
        else this.#linger(key, held);
      },
    };
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

  #linger(key: string, entry: Entry): void {
    entry.timer = setTimeout(() => {
      this.#close(key, entry).catch(() => undefined);
    }, LINGER_MS);
    entry.timer.unref();
  }

  async #close(key: string, entry: Entry): Promise<void> {
    clearTimeout(entry.timer);
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    entry.closing ??= entry.resource.close();
    await entry.closing;
  }
}
