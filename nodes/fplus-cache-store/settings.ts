import type { CacheOptions, RedisCacheOptions } from "../../lib/cache/index.ts";
import { FplusError } from "../../lib/errors/index.ts";

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
      maxEntries: numberOf("maxEntries", config.maxEntries || 100_000, 1, 10_000_000),
      maxBytes: numberOf("megabytes", config.megabytes || 64, 1, 4096) * 1024 * 1024,
    };
  }
  return {
    ...name,
    engine: "redis",
    mode: config.mode || "single",
    nodes: config.nodes.split(",").flatMap((node) => node.trim() || []),
    database: numberOf("databaseNumber", config.databaseNumber || 0, 0, 1_000_000),
    tls: config.tls === true,
    prefix: config.prefix,
    copiesMs: numberOf("copies", config.copies || 0, 0, 86_400) * 1000,
    ...(config.sentinelGroup ? { group: config.sentinelGroup } : {}),
    ...(config.username ? { username: config.username } : {}),
    ...(password ? { password } : {}),
  };
}

function numberOf(field: string, value: unknown, least: number, most: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new FplusError("config.invalid", `${String(value)} is out of range`, {
    field,
    hint: `Use ${least} to ${most.toLocaleString("en")}.`,
  });
}
