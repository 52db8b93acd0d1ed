import type { LRUCache } from "lru-cache";
import { type CacheEngine, type Ear, sizeOf } from "./engine.ts";
import { decode } from "./values.ts";

const MAX_COPIES = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** A cache that several processes share. */
export interface SharedEngine extends CacheEngine {
  /** A value with the milliseconds that are left to it; `Infinity` where it has no end. */
  readTimed(key: string): Promise<{ readonly text: string; readonly leftMs: number } | undefined>;
}

/**
 * Copies of a shared cache's values in this process. Whoever writes a key tells the other processes, which forget their copy of it; a process
 * that cannot hear keeps none. No copy is older than `keepMs`, so that what other programs write is seen too.
 */
export class NearCopies implements CacheEngine {
  readonly mode;
  readonly detail: string;
  readonly #shared: SharedEngine;
  readonly #channel: string;
  readonly #keepMs: number;
  /** Reads on their way, by key: a change meanwhile takes them out, and what they bring is not kept. */
  readonly #reads = new Map<string, Set<object>>();
  #copies: LRUCache<string, string> | undefined;
  #hearing: Promise<() => Promise<void>> | undefined;
  #isHearing = false;

  /** @param channel name that the processes of one cache share, and no other does */
  constructor(shared: SharedEngine, channel: string, keepMs: number) {
    this.mode = shared.mode;
    this.detail = `${shared.detail}, with copies here`;
    this.#shared = shared;
    this.#channel = channel;
    this.#keepMs = keepMs;
  }

  async open(): Promise<void> {
    await this.#shared.open();
    const { LRUCache } = await import("lru-cache");
    this.#copies ??= new LRUCache<string, string>({
      max: MAX_COPIES,
      maxSize: MAX_BYTES,
      sizeCalculation: sizeOf,
    });
    this.#hearing ??= this.#shared.hear([this.#channel], {
      heard: (_channel, message) => this.#forget(String(decode(message))),
      listening: (up) => {
        this.#isHearing = up;
        // What was written while nothing was heard is not known.
        this.#copies?.clear();
        this.#reads.clear();
      },
    });
    await this.#hearing;
  }

  async read(key: string): Promise<string | undefined> {
    const copy = this.#copies?.get(key);
    if (copy !== undefined) return copy;
    const read = {};
    const reads = this.#reads.get(key) ?? new Set();
    this.#reads.set(key, reads.add(read));
    try {
      const found = await this.#shared.readTimed(key);
      if (found === undefined) return undefined;
      const ttl = Math.min(this.#keepMs, found.leftMs);
      const isGood = this.#isHearing && this.#reads.get(key)?.has(read) === true;
      if (isGood && ttl >= 1) this.#copies?.set(key, found.text, { ttl });
      return found.text;
    } finally {
      reads.delete(read);
      if (reads.size === 0 && this.#reads.get(key) === reads) this.#reads.delete(key);
    }
  }

  async write(...change: Parameters<CacheEngine["write"]>): Promise<boolean> {
    return await this.#changing([change[0]], () => this.#shared.write(...change));
  }

  async remove(keys: readonly string[]): Promise<number> {
    return await this.#changing(keys, () => this.#shared.remove(keys));
  }

  async add(...change: Parameters<CacheEngine["add"]>): Promise<number> {
    return await this.#changing([change[0]], () => this.#shared.add(...change));
  }

  take(name: string, owner: string, ttlMs: number): Promise<number> {
    return this.#shared.take(name, owner, ttlMs);
  }

  keep(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return this.#shared.keep(name, owner, ttlMs);
  }

  free(name: string, owner: string): Promise<boolean> {
    return this.#shared.free(name, owner);
  }

  send(channel: string, text: string): Promise<number> {
    return this.#shared.send(channel, text);
  }

  hear(channels: readonly string[], ear: Ear): Promise<() => Promise<void>> {
    return this.#shared.hear(channels, ear);
  }

  gauges(): Readonly<Record<string, number>> {
    return { ...this.#shared.gauges(), copies: this.#copies?.size ?? 0 };
  }

  async close(): Promise<void> {
    const stop = await this.#hearing?.catch(() => undefined);
    await stop?.();
    this.#copies?.clear();
    await this.#shared.close();
  }

  /** A change that fails may have happened all the same. */
  async #changing<T>(keys: readonly string[], change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } finally {
      for (const key of keys) this.#forget(key);
      const told = keys.map((key) => this.#shared.send(this.#channel, JSON.stringify(key)));
      // Whoever cannot be told has lost the server as well, or looks again after `keepMs`.
      await Promise.allSettled(told);
    }
  }

  #forget(key: string): void {
    this.#copies?.delete(key);
    this.#reads.delete(key);
  }
}
