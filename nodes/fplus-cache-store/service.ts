import type { Cache } from "../../lib/cache/index.ts";
import type { Lease, StoreSource } from "../../lib/plant/index.ts";
import type { NodeContext } from "../frame/index.ts";

/** What an `fplus-cache-store` config node offers. */
export type CacheService = StoreSource<Cache>;

/** The cache that a node names, or the plant's where it names none. */
export function cacheOf(node: NodeContext<{ readonly cache: string }>): Lease<Cache> {
  const { cache } = node.config;
  return cache ? node.service<CacheService>(cache, "cache").lease() : node.plant.cache();
}
