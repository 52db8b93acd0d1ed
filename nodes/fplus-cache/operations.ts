import type { Cache, CacheLock } from "../../lib/cache/index.ts";
import { FplusError, shown } from "../../lib/errors/index.ts";
import type { Message } from "../frame/index.ts";

/** The properties of the dialog. */
export interface CacheConfig {
  readonly name: string;
  readonly cache: string;
  readonly action: "get" | "set" | "delete" | "count" | "publish" | "lock" | "unlock";
  /** Key, channel or name of a lock, as `keyType` says. */
  readonly key: string;
  readonly keyType: string;
  /** Seconds; blank or 0 = no end. */
  readonly ttl: string | number;
  /** For `get`: only the first message that misses goes on, others wait for its value. */
  readonly guard: boolean;
  /** For `set`. */
  readonly when: "" | "absent" | "present";
  /** For `count`. */
  readonly by: string | number;
  /** For `lock`: seconds to wait for others. */
  readonly wait: string | number;
}

/** What becomes of a message: it leaves by the first output, or by the second (missed, not written, not got). */
export interface Outcome {
  readonly output: 0 | 1;
  readonly msg: Message;
}

const LOCK_SECONDS = 30;
const CLAIM_MS = 10_000;

interface HeldLock {
  readonly name: string;
  readonly owner: string;
  readonly token: number;
}

/** Does to the cache what the dialog says. */
export async function operate(cache: Cache, config: CacheConfig, key: string, msg: Message): Promise<Outcome> {
  const ttlMs = secondsOf("ttl", msg["ttl"] ?? config.ttl) * 1000;
  switch (config.action) {
    case "get":
      return await get(cache, config, key, msg);
    case "set":
      return await set(cache, config, key, msg, ttlMs);
    case "delete": {
      const removed = await cache.delete([key]);
      return { output: 0, msg: { ...msg, removed } };
    }
    case "count": {
      const by = numberOf(msg["by"] ?? (config.by === "" ? 1 : (config.by ?? 1)));
      return { output: 0, msg: { ...msg, payload: await cache.increment(key, by, ttlMs) } };
    }
    case "publish":
      return { output: 0, msg: { ...msg, heard: await cache.publish(key, msg.payload) } };
    case "lock": {
      const waitMs = secondsOf("wait", config.wait) * 1000;
      const lock = await cache.lock(key, ttlMs || LOCK_SECONDS * 1000, waitMs);
      if (lock === undefined) return { output: 1, msg };
      return { output: 0, msg: { ...msg, lock: { name: lock.name, owner: lock.owner, token: lock.token } } };
    }
    case "unlock": {
      const { lock: _ended, ...rest } = msg;
      return { output: (await heldLock(cache, msg).release()) ? 0 : 1, msg: rest as Message };
    }
    default:
      throw new FplusError("config.invalid", `there is no operation ${String(config.action)}`, { field: "action" });
  }
}

async function get(cache: Cache, { guard }: CacheConfig, key: string, msg: Message): Promise<Outcome> {
  const found = guard ? await cache.claim(key, CLAIM_MS) : await cache.get(key);
  if ("ticket" in found) return { output: 1, msg: { ...msg, claim: { key, ticket: found.ticket } } };
  if (!found.hit) return { output: 1, msg };
  return { output: 0, msg: { ...msg, payload: found.nothing ? undefined : found.value } };
}

async function set(cache: Cache, { when }: CacheConfig, key: string, msg: Message, ttlMs: number): Promise<Outcome> {
  const { claim, ...rest } = msg as Message & { claim?: { key?: unknown; ticket?: unknown } };
  if (claim?.key === key && typeof claim.ticket === "string") {
    await cache.claimed(key, claim.ticket).fill(msg.payload, ttlMs);
    return { output: 0, msg: rest as Message };
  }
  const written = await cache.set(key, msg.payload, { ttlMs, ...(when ? { when } : {}) });
  return { output: written ? 0 : 1, msg };
}

function heldLock(cache: Cache, msg: Message): CacheLock {
  const { name, owner, token } = (msg["lock"] ?? {}) as Partial<HeldLock>;
  if (typeof name === "string" && typeof owner === "string" && typeof token === "number") {
    return cache.heldLock(name, owner, token);
  }
  throw new FplusError("cache.command", "the message holds no lock", {
    field: "lock",
    hint: "Pass on the message that a node got the lock with.",
  });
}

function secondsOf(field: string, value: unknown): number {
  const seconds = value === undefined || value === "" ? 0 : numberOf(value);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new FplusError("cache.command", `${shown(value)} is no number of seconds`, { field });
}

/** A number, or a text that is one; NaN for everything else. */
function numberOf(value: unknown): number {
  return typeof value === "number" || (typeof value === "string" && value.trim() !== "") ? Number(value) : Number.NaN;
}
