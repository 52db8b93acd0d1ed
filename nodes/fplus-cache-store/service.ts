import type { Cache } from "../../lib/cache/index.ts";
import type { Lease } from "../../lib/plant/index.ts";
import type { NodeContext } from "../frame/index.ts";

/** What an `fplus-cache-store` config node offers. */
export interface CacheService {
  /** Await `ready` before use, release when done. */
  lease(): Lease<Cache>;
}

/** The cache that a node names, or the plant's where it names none. */
export function cacheOf(node: NodeContext<{ readonly cache: string }>): Lease<Cache> {
  const { cache } = node.config;
  return cache ? node.service<CacheService>(cache, "cache").lease() : node.plant.cache();
}
