import type { CacheOptions, RedisCacheOptions } from "../../lib/cache/index.ts";
import { numberOf } from "../frame/index.ts";

/** The properties of the dialog. */
export interface CacheStoreConfig {
  readonly name: string;
  readonly engine: "embedded" | "redis";
  readonly maxEntries: string | number;
  readonly megabytes: string | number;
  readonly mode: NonNullable<RedisCacheOptions["mode"]>;
  /** `host:port`, separated by commas. */
  readonly nodes: string;
  readonly sentinelGroup: string;
  readonly username: string;
  readonly databaseNumber: string | number;
  readonly tls: boolean;
  readonly prefix: string;
  /** Seconds; a store of a former release has none. */
  readonly copies?: string | number;
}

/**
 * The options of a cache as its dialog has them.
 * @throws FplusError `config.invalid` naming the field
 */
export function cacheOptions(config: CacheStoreConfig, password: string | undefined): CacheOptions {
  const name = config.name ? { name: config.name } : {};
  if (config.engine !== "redis") {
    return {
      ...name,
      engine: "embedded",
      maxEntries: numberOf(config, "maxEntries", { usual: 100_000, least: 1, most: 10_000_000 }),
      maxBytes: numberOf(config, "megabytes", { usual: 64, least: 1, most: 4096 }) * 1024 * 1024,
    };
  }
  return {
    ...name,
    engine: "redis",
    mode: config.mode || "single",
    nodes: config.nodes.split(",").flatMap((node) => node.trim() || []),
    database: numberOf(config, "databaseNumber", { usual: 0, least: 0, most: 1_000_000 }),
    tls: config.tls === true,
    prefix: config.prefix,
    copiesMs: numberOf(config, "copies", { usual: 0, least: 0, most: 86_400 }) * 1000,
    ...(config.sentinelGroup ? { group: config.sentinelGroup } : {}),
    ...(config.username ? { username: config.username } : {}),
    ...(password ? { password } : {}),
  };
}
