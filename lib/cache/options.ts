/** A cache inside this process. */
export interface EmbeddedCacheOptions {
  readonly engine: "embedded";
  /** Name for the health page; default `cache`. */
  readonly name?: string;
  /** Entries at most; those that were not used for longest go first. Default 100,000. */
  readonly maxEntries?: number;
  /** Bytes of keys and values at most; default 64 MB. */
  readonly maxBytes?: number;
}

/** Redis: one server, a group that sentinels watch, or a cluster. */
export interface RedisCacheOptions {
  readonly engine: "redis";
  readonly name?: string;
  /** Default `single`. */
  readonly mode?: "single" | "sentinel" | "cluster";
  /** `host:port` of the server, of the sentinels, or of some nodes of the cluster. */
  readonly nodes: readonly string[];
  /** Name under which the sentinels know the group; `sentinel` only. */
  readonly group?: string;
  readonly username?: string;
  readonly password?: string;
  /** Number of the database; not for clusters. Default 0. */
  readonly database?: number;
  /** Encrypts and checks the certificate. */
  readonly tls?: boolean;
  /** Put before every key, so that several plants can share a server. */
  readonly prefix?: string;
  /**
   * Milliseconds for which this process keeps copies of what it has read; 0 (default) = it keeps none. A write through a cache of
   * ours, here or elsewhere, ends a copy at once; one by another program is seen after this time.
   */
  readonly copiesMs?: number;
  /** Milliseconds until a command counts as failed; default 5,000. */
  readonly timeoutMs?: number;
}

/** Where values are cached. */
export type CacheOptions = EmbeddedCacheOptions | RedisCacheOptions;
