/**
 * The cache port: values, counters, locks and messages, in this process or on Redis.
 * @module
 */
export { openCache } from "./open.ts";
export type { CacheOptions, EmbeddedCacheOptions, RedisCacheOptions } from "./options.ts";
export { optionsOfRedisUrl } from "./redis.ts";
export type { Cache, CacheLock, Claim, Found, SetOptions, Subscriber, ThroughOptions } from "./types.ts";
