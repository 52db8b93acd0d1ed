import type { Cache } from "../cache/index.ts";
import { type BirthStore, inOrder, MAX_BIRTHS, type StoredBirth } from "../sparkplug/index.ts";

/** Births read from the cache at once. */
const CHUNK = 100;
const LOCK_MS = 10_000;

/**
 * Births of a Sparkplug host application in a cache, so that another process which takes over resolves aliases from its
 * first message on. One key a birth, and one list of their topics, because a cache does not tell what it holds.
 */
export class CachedBirths implements BirthStore {
  readonly #cache: Cache;
  readonly #list: string;
  #listed = new Set<string>();

  constructor(cache: Cache, hostId: string) {
    this.#cache = cache;
    this.#list = `sparkplug births ${hostId}`;
  }

  async load(): Promise<StoredBirth[]> {
    this.#listed = new Set(await this.#topics());
    const topics = [...this.#listed];
    const births: StoredBirth[] = [];
    for (let at = 0; at < topics.length; at += CHUNK) {
      const found = await Promise.all(topics.slice(at, at + CHUNK).map((topic) => this.#birth(topic)));
      births.push(...found.filter((birth) => birth !== undefined));
    }
    return inOrder(births);
  }

  async save({ topic, payload }: StoredBirth): Promise<void> {
    if (!this.#listed.has(topic) && this.#listed.size >= MAX_BIRTHS) return;
    await this.#cache.set(this.#key(topic), Buffer.from(payload).toString("base64"));
    if (!this.#listed.has(topic)) await this.#add(topic);
  }

  /** Several hosts may share the list. */
  async #add(topic: string): Promise<void> {
    const lock = await this.#cache.lock(this.#list, LOCK_MS, LOCK_MS);
    try {
      this.#listed = new Set([...(await this.#topics()), topic]);
      await this.#cache.set(this.#list, [...this.#listed]);
    } finally {
      await lock?.release();
    }
  }

  async #birth(topic: string): Promise<StoredBirth | undefined> {
    const found = await this.#cache.get(this.#key(topic));
    if (!found.hit || found.nothing || typeof found.value !== "string") return undefined;
    return { topic, payload: Buffer.from(found.value, "base64") };
  }

  async #topics(): Promise<string[]> {
    const found = await this.#cache.get(this.#list);
    const topics: unknown = found.hit && !found.nothing ? found.value : [];
    return Array.isArray(topics) ? topics.filter((topic) => typeof topic === "string") : [];
  }

  #key(topic: string): string {
    return `sparkplug birth ${topic}`;
  }
}
