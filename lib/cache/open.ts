import { EngineCache } from "./cache.ts";
import { EmbeddedCache } from "./embedded.ts";
import type { CacheEngine } from "./engine.ts";
import { NearCopies } from "./near-copies.ts";
import type { CacheOptions } from "./options.ts";
import { RedisCache } from "./redis.ts";
import type { Cache } from "./types.ts";

/**
 * Makes the cache of those options. Nothing is loaded or connected before its first use.
 * @throws FplusError `config.invalid` naming the field of Redis' options
 */
export function openCache(options: CacheOptions): Cache {
  return new EngineCache(engineOf(options), options.name ?? "cache");
}

function engineOf(options: CacheOptions): CacheEngine {
  if (options.engine !== "redis") return new EmbeddedCache(options);
  const { copiesMs = 0, prefix = "", database = 0 } = options;
  const redis = new RedisCache(options);
  return copiesMs > 0 ? new NearCopies(redis, `fplus-copies ${database} ${prefix}`, copiesMs) : redis;
}
