import type { LRUCache } from "lru-cache";
import { FplusError } from "../errors/index.ts";
import { type CacheEngine, type Ear, isPattern, sizeOf } from "./engine.ts";
import type { EmbeddedCacheOptions } from "./options.ts";

const MAX_ENTRIES = 100_000;
const MAX_BYTES = 64 * 1024 * 1024;
/** Names of locks whose last token is remembered. */
const MAX_LOCKS = 10_000;

interface Held {
  readonly owner: string;
  until: number;
}

/** A cache inside this process, bounded in entries and bytes; what was not used for longest goes first. */
export class EmbeddedCache implements CacheEngine {
  readonly mode = "embedded";
  readonly detail = "in this process";
  readonly #options: EmbeddedCacheOptions;
  readonly #held = new Map<string, Held>();
  readonly #tokens = new Map<string, number>();
  readonly #ears = new Map<Ear, readonly ((channel: string) => boolean)[]>();
  #entries: LRUCache<string, string> | undefined;
  #lastToken = 0;
  #evicted = 0;

  constructor(options: EmbeddedCacheOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    if (this.#entries !== undefined) return;
    const { LRUCache } = await import("lru-cache");
    const { maxEntries = MAX_ENTRIES, maxBytes = MAX_BYTES } = this.#options;
    this.#entries ??= new LRUCache<string, string>({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: sizeOf,
      dispose: (_text, _key, why) => {
        if (why === "evict") this.#evicted += 1;
      },
    });
  }

  read(key: string): Promise<string | undefined> {
    return Promise.resolve(this.#store.get(key));
  }

  write(key: string, text: string, ttlMs: number, when?: "absent" | "present"): Promise<boolean> {
    const entries = this.#store;
    // The library passes over what alone is larger than everything together may be.
    if (sizeOf(text, key) > entries.maxSize) {
      return Promise.reject(
        new FplusError("cache.command", "the value is larger than the whole cache may be", {
          field: key,
          hint: "Give the cache more memory, or store the value elsewhere.",
        }),
      );
    }
    if (when !== undefined && entries.has(key) !== (when === "present")) return Promise.resolve(false);
    entries.set(key, text, { ttl: ttlMs });
    return Promise.resolve(true);
  }

  remove(keys: readonly string[]): Promise<number> {
    return Promise.resolve(keys.filter((key) => this.#store.delete(key)).length);
  }

  add(key: string, by: number, ttlMs: number): Promise<number> {
    const entries = this.#store;
    const text = entries.get(key);
    const sum = Number(text ?? 0) + by;
    if ((text !== undefined && !/^-?\d+$/.test(text)) || !Number.isSafeInteger(sum)) {
      return Promise.reject(new FplusError("cache.command", "the value is not a whole number", { field: key }));
    }
    if (text === undefined) entries.set(key, String(sum), { ttl: ttlMs });
    else
      entries.set(key, String(sum), {
        ttl: entries.getRemainingTTL(key) === Infinity ? 0 : entries.getRemainingTTL(key),
      });
    return Promise.resolve(sum);
  }

  take(name: string, owner: string, ttlMs: number): Promise<number> {
    if (this.#holder(name) !== undefined) return Promise.resolve(0);
    this.#held.set(name, { owner, until: performance.now() + ttlMs });
    // The highest token ever is where a forgotten name goes on, so that no token comes twice.
    const token = (this.#tokens.get(name) ?? this.#lastToken) + 1;
    this.#lastToken = Math.max(this.#lastToken, token);
    this.#tokens.delete(name);
    this.#tokens.set(name, token);
    if (this.#tokens.size > MAX_LOCKS) this.#tokens.delete(this.#tokens.keys().next().value!);
    return Promise.resolve(token);
  }

  keep(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const held = this.#holder(name);
    if (held?.owner !== owner) return Promise.resolve(false);
    held.until = performance.now() + ttlMs;
    return Promise.resolve(true);
  }

  free(name: string, owner: string): Promise<boolean> {
    if (this.#holder(name)?.owner !== owner) return Promise.resolve(false);
    return Promise.resolve(this.#held.delete(name));
  }

  send(channel: string, text: string): Promise<number> {
    const ears = [...this.#ears].filter(([, tests]) => tests.some((test) => test(channel)));
    for (const [ear] of ears) setImmediate(() => this.#ears.has(ear) && ear.heard(channel, text));
    return Promise.resolve(ears.length);
  }

  hear(channels: readonly string[], ear: Ear): Promise<() => Promise<void>> {
    this.#ears.set(ear, channels.map(testOf));
    ear.listening?.(true);
    return Promise.resolve(() => {
      this.#ears.delete(ear);
      return Promise.resolve();
    });
  }

  gauges(): Readonly<Record<string, number>> {
    const { size = 0, calculatedSize = 0 } = this.#entries ?? {};
    return { entries: size, bytes: calculatedSize, evicted: this.#evicted, locks: this.#held.size };
  }

  close(): Promise<void> {
    this.#entries?.clear();
    this.#ears.clear();
    this.#held.clear();
    return Promise.resolve();
  }

  get #store(): LRUCache<string, string> {
    if (this.#entries === undefined) throw new FplusError("cache.unreachable", "the cache is not open");
    return this.#entries;
  }

  #holder(name: string): Held | undefined {
    const held = this.#held.get(name);
    if (held === undefined || held.until > performance.now()) return held;
    this.#held.delete(name);
    return undefined;
  }
}

function testOf(channel: string): (name: string) => boolean {
  if (!isPattern(channel)) return (name) => name === channel;
  const source = channel
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", "[^]*")
    .replaceAll("?", "[^]");
  const pattern = new RegExp(`^${source}$`);
  return (name) => pattern.test(name);
}
