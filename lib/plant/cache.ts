import { type Cache, type CacheOptions, openCache, optionsOfRedisUrl } from "../cache/index.ts";
import type { HealthBoard } from "../health/index.ts";
import type { Lease, LeaseTable } from "./lease.ts";

/** The cache inside this process, or the Redis that the environment names. */
export function defaultCache(env: NodeJS.ProcessEnv): CacheOptions {
  const url = env["FPLUS_REDIS_URL"];
  return url ? { ...optionsOfRedisUrl(url, "FPLUS_REDIS_URL"), prefix: "fplus:" } : { engine: "embedded" };
}

/**
 * A cache that nodes share; `id` tells caches apart.
 * @throws FplusError `config.invalid`
 */
export function leaseCache(leases: LeaseTable, board: HealthBoard, options: CacheOptions, id: string): Lease<Cache> {
  return leases.acquireShown(`cache ${id}`, board, () => openCache(options), JSON.stringify(options));
}
