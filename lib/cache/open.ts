import { EngineCache } from "./cache.ts";
import { EmbeddedCache } from "./embedded.ts";
import type { CacheOptions } from "./options.ts";
import { RedisCache } from "./redis.ts";
import type { Cache } from "./types.ts";

/**
 * Makes the cache of those options. Nothing is loaded or connected before its first use.
 * @throws FplusError `config.invalid` naming the field of Redis' options
 */
export function openCache(options: CacheOptions): Cache {
  const engine = options.engine === "redis" ? new RedisCache(options) : new EmbeddedCache(options);
  return new EngineCache(engine, options.name ?? "cache");
}
