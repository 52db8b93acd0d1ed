import { type Cache, type CacheOptions, openCache, optionsOfRedisUrl } from "../cache/index.ts";
import type { HealthBoard } from "../health/index.ts";
import type { LeaseTable } from "./lease.ts";
import { storeSource, type StoreSource } from "./source.ts";

/** The cache inside this process, or the Redis that the environment names. */
export function defaultCache(env: NodeJS.ProcessEnv): CacheOptions {
  const url = env["FPLUS_REDIS_URL"];
  return url ? { ...optionsOfRedisUrl(url, "FPLUS_REDIS_URL"), prefix: "fplus:" } : { engine: "embedded" };
}

/**
 * A cache that nodes share; `id` tells caches apart.
 * @throws FplusError `config.invalid`
 */
export function cacheSource(
  leases: LeaseTable,
  board: HealthBoard,
  options: CacheOptions,
  id: string,
): StoreSource<Cache> {
  return storeSource(leases, board, `cache ${id}`, () => openCache(options), JSON.stringify(options));
}
