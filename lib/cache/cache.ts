import { randomUUID } from "node:crypto";
import { FplusError, toFplusError } from "../errors/index.ts";
import { LazyStore, type PartHealth } from "../health/index.ts";
import type { CacheEngine } from "./engine.ts";
import type { Cache, CacheLock, Claim, Found, SetOptions, Subscriber, ThroughOptions } from "./types.ts";
import { decode, encode, NOTHING } from "./values.ts";

const LOAD_MS = 10_000;
/** Milliseconds between two looks at what somebody else holds; grows up to the second. */
const LOOK_MS = [10, 200] as const;

/** A cache over an engine. */
export class EngineCache extends LazyStore implements Cache {
  readonly kind: "embedded" | "redis";
  readonly #engine: CacheEngine;
  readonly #loading = new Map<string, Promise<unknown>>();
  readonly #counters = {
    hits: 0,
    misses: 0,
    sets: 0,
    deletes: 0,
    loads: 0,
    waits: 0,
    bypassed: 0,
    published: 0,
  };

  constructor(engine: CacheEngine, name: string) {
    const { mode, detail } = engine;
    super(engine, { kind: "cache", name, mode, detail, code: "cache.unreachable" });
    this.kind = mode === "embedded" ? "embedded" : "redis";
    this.#engine = engine;
  }

  async get(key: string): Promise<Found> {
    const text = await this.#ask((engine) => engine.read(checked(key)));
    if (text === undefined) {
      this.#counters.misses += 1;
      return { hit: false };
    }
    this.#counters.hits += 1;
    return text === NOTHING ? { hit: true, nothing: true } : { hit: true, nothing: false, value: decode(text) };
  }

  async set(key: string, value: unknown, { ttlMs = 0, when }: SetOptions = {}): Promise<boolean> {
    const text = encode(value, key);
    this.#counters.sets += 1;
    return await this.#ask((engine) => engine.write(checked(key), text, checkedTime(ttlMs), when));
  }

  async delete(keys: readonly string[]): Promise<number> {
    const removed = await this.#ask((engine) => engine.remove(keys.map(checked)));
    this.#counters.deletes += removed;
    return removed;
  }

  async increment(key: string, by = 1, ttlMs = 0): Promise<number> {
    if (!Number.isSafeInteger(by)) {
      throw new FplusError("cache.command", "only whole numbers can be added", { field: "by" });
    }
    return await this.#ask((engine) => engine.add(checked(key), by, checkedTime(ttlMs)));
  }

  async publish(channel: string, value: unknown): Promise<number> {
    const text = encode(value, channel);
    this.#counters.published += 1;
    return await this.#ask((engine) => engine.send(checked(channel), text));
  }

  async subscribe(channels: readonly string[], subscriber: Subscriber): Promise<() => Promise<void>> {
    this.checkClosed();
    // A server that is away is no reason to fail: whoever listens hears once it is there.
    if (this.kind === "embedded") await this.open();
    return await this.#engine.hear(channels.map(checked), {
      heard: (channel, text) => subscriber.heard(channel, text === NOTHING ? undefined : decode(text)),
      listening: (up, error) => {
        this.note(up ? undefined : toFplusError("cache.unreachable", error ?? new Error("the connection is lost")));
        subscriber.listening?.(up, error);
      },
    });
  }

  async lock(name: string, ttlMs: number, waitMs = 0): Promise<CacheLock | undefined> {
    const owner = randomUUID();
    const until = performance.now() + waitMs;
    for (let look: number = LOOK_MS[0]; ; look = Math.min(LOOK_MS[1], look * 2)) {
      const token = await this.#ask((engine) => engine.take(checked(name), owner, checkedTime(ttlMs, 1)));
      if (token > 0) return this.heldLock(name, owner, token);
      const left = until - performance.now();
      if (left <= 0) return undefined;
      await pause(Math.min(left, look));
    }
  }

  heldLock(name: string, owner: string, token: number): CacheLock {
    return {
      name,
      owner,
      token,
      extend: (ttlMs) => this.#ask((engine) => engine.keep(name, owner, checkedTime(ttlMs, 1))),
      release: () => this.#ask((engine) => engine.free(name, owner)),
    };
  }

  async through<T>(
    key: string,
    load: () => Promise<T | undefined>,
    options: ThroughOptions = {},
  ): Promise<T | undefined> {
    const running = this.#loading.get(key);
    if (running !== undefined) {
      this.#counters.waits += 1;
      return (await running) as T | undefined;
    }
    const loading = this.#through(key, load, options).finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    return await loading;
  }

  async claim(key: string, loadMs = LOAD_MS): Promise<(Found & { hit: true }) | Claim> {
    const owner = randomUUID();
    for (let look: number = LOOK_MS[0], waited = false; ; look = Math.min(LOOK_MS[1], look * 2)) {
      const found = await this.get(key);
      if (found.hit) return found;
      if ((await this.#ask((engine) => engine.take(fillLock(key), owner, loadMs))) > 0) {
        // Between the look and the lock somebody may have filled it and gone.
        const late = await this.get(key);
        const claim = this.claimed(key, owner);
        if (!late.hit) return claim;
        await claim.drop();
        return late;
      }
      if (!waited) this.#counters.waits += 1;
      waited = true;
      // What was not found yet is no miss of its own.
      this.#counters.misses -= 1;
      await pause(look);
    }
  }

  claimed(key: string, ticket: string): Claim {
    const drop = async (): Promise<void> => void (await this.#ask((engine) => engine.free(fillLock(key), ticket)));
    return {
      ticket,
      drop,
      fill: async (value, ttlMs = 0) => {
        await this.set(key, value, { ttlMs });
        await drop();
      },
    };
  }

  health(): PartHealth {
    const { hits, misses } = this.#counters;
    const asked = hits + misses;
    const hitRatio = asked === 0 ? 0 : Math.round((hits / asked) * 1000) / 1000;
    return this.report(this.#counters, { hitRatio, ...this.#engine.gauges() });
  }

  async #through<T>(
    key: string,
    load: () => Promise<T | undefined>,
    { ttlMs = 0, nothingMs = 0, loadMs = LOAD_MS }: ThroughOptions,
  ): Promise<T | undefined> {
    let claim: Claim | undefined;
    try {
      const found = await this.claim(key, loadMs);
      if ("hit" in found) return found.nothing ? undefined : (found.value as T);
      claim = found;
    } catch (error) {
      if (toFplusError("cache.unreachable", error).code !== "cache.unreachable") throw error;
      // Without a cache everything goes on, only slower.
      this.#counters.bypassed += 1;
    }
    this.#counters.loads += 1;
    let value: T | undefined;
    try {
      value = await load();
    } catch (error) {
      await claim?.drop().catch(() => undefined);
      throw error;
    }
    const isKept = value !== undefined || nothingMs > 0;
    const kept = isKept ? claim?.fill(value, value === undefined ? nothingMs : ttlMs) : claim?.drop();
    // The value is good, whether it could be kept or not.
    await kept?.catch(() => undefined);
    return value;
  }

  #ask<T>(run: (engine: CacheEngine) => Promise<T>): Promise<T> {
    return this.run(() => run(this.#engine));
  }
}

function fillLock(key: string): string {
  return `fill ${key}`;
}

function checked(key: string): string {
  if (key !== "" && key.length <= 1024) return key;
  throw new FplusError("cache.command", key === "" ? "the key is empty" : "the key is too long", {
    field: "key",
    hint: "Use 1 to 1,024 characters.",
  });
}

function checkedTime(ms: number, least = 0): number {
  if (Number.isFinite(ms) && ms >= least) return ms;
  throw new FplusError("cache.command", `${ms} is not a time`, { field: "ttl", hint: "Use a positive number." });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
