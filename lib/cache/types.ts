import type { PartHealth } from "../health/index.ts";

/** What a cache knows of a key: a value, that there is none (negative), or nothing. */
export type Found =
  | { readonly hit: true; readonly nothing: false; readonly value: unknown }
  | { readonly hit: true; readonly nothing: true }
  | { readonly hit: false };

/** How a value is kept. */
export interface SetOptions {
  /** Milliseconds that it lives; 0 or left out = until it is displaced or deleted. */
  readonly ttlMs?: number;
  /** Writes only where there is no value yet, or only where there is one. */
  readonly when?: "absent" | "present";
}

/** How a missing value is loaded. */
export interface ThroughOptions {
  /** Milliseconds that a value lives; 0 or left out = until it is displaced. */
  readonly ttlMs?: number;
  /** Milliseconds for which it is remembered that there is none; default 0 = not at all. */
  readonly nothingMs?: number;
  /** Milliseconds that one loader has before another may try; default 10,000. */
  readonly loadMs?: number;
}

/** The right to load a missing value; all others who ask for it wait until it is used or has run out. */
export interface Claim {
  /** Stores the loaded value (undefined = there is none) and ends the claim. */
  fill(value: unknown, ttlMs?: number): Promise<void>;
  /** Ends it without a value: the next one may try. */
  drop(): Promise<void>;
  /** The claim as text, to be handed on in a message; `Cache.claimed` makes it one again. */
  readonly ticket: string;
}

/** A lock that is held. It is lost when it is not extended in time. */
export interface CacheLock {
  readonly name: string;
  /**
   * Grows with every holder of that name. Hand it to what the lock protects and let that refuse a smaller one: a holder
   * that was paused and has lost the lock is then kept out.
   */
  readonly token: number;
  /** Proof of holding, to be handed on in a message; see `Cache.heldLock`. */
  readonly owner: string;
  /** Starts the time anew; false when it was lost. */
  extend(ttlMs: number): Promise<boolean>;
  /** False when it was lost before. */
  release(): Promise<boolean>;
}

/** Who hears what is published. */
export interface Subscriber {
  heard(channel: string, value: unknown): void;
  /** False when the connection is lost, true when it listens (again). What was published between is gone. */
  listening?(up: boolean, error?: unknown): void;
}

/**
 * A cache of JSON values, with counters, locks and messages. Nothing connects before its first use.
 * Every call may throw FplusError `cache.unreachable` when a server cannot be reached, `cache.command` when it refuses.
 */
export interface Cache {
  readonly kind: "embedded" | "redis";
  open(): Promise<void>;
  get(key: string): Promise<Found>;
  /** False where `when` forbade it. `undefined` as a value remembers that there is none. */
  set(key: string, value: unknown, options?: SetOptions): Promise<boolean>;
  /** How many of them there were. */
  delete(keys: readonly string[]): Promise<number>;
  /** Adds to a whole number (0 where there is none) and gives the sum, atomically; `ttlMs` starts with the first addition. */
  increment(key: string, by?: number, ttlMs?: number): Promise<number>;
  /** How many heard it. */
  publish(channel: string, value: unknown): Promise<number>;
  /** Channels may be patterns with `*` and `?`. Resolves with what ends it. */
  subscribe(channels: readonly string[], subscriber: Subscriber): Promise<() => Promise<void>>;
  /** Takes a lock for `ttlMs`, waiting `waitMs` (default 0) for others; undefined when it is still held then. */
  lock(name: string, ttlMs: number, waitMs?: number): Promise<CacheLock | undefined>;
  /** A lock that is held, by its owner's proof. */
  heldLock(name: string, owner: string, token: number): CacheLock;
  /**
   * The value, loaded by `load` where it is missing. However many ask at once, in this process and others, one loads and
   * the rest wait. While the cache cannot be reached everybody loads.
   */
  through<T>(key: string, load: () => Promise<T | undefined>, options?: ThroughOptions): Promise<T | undefined>;
  /** The value, or the right to load it; waits while somebody else has that right. */
  claim(key: string, loadMs?: number): Promise<(Found & { hit: true }) | Claim>;
  /** A claim by its ticket. */
  claimed(key: string, ticket: string): Claim;
  health(): PartHealth;
  close(): Promise<void>;
}
