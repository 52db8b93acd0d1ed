import type { Cluster, ClusterOptions, Redis, RedisOptions } from "ioredis";
import { connectionHint, FplusError, messageOf } from "../errors/index.ts";
import { type Ear, isPattern } from "./engine.ts";
import type { SharedEngine } from "./near-copies.ts";
import type { RedisCacheOptions } from "./options.ts";

const TIMEOUT_MS = 5000;
/** Milliseconds after the loss of a connection for which commands wait for its return; then they fail at once. */
const GRACE_MS = 1000;

/** What must happen in one go, as scripts on the server. All keys of one are in the same slot of a cluster. */
const SCRIPTS = {
  timed: "local text = redis.call('get', KEYS[1]) return { text, redis.call('pttl', KEYS[1]) }",
  add: "local n = redis.call('incrby', KEYS[1], ARGV[1]) if n == tonumber(ARGV[1]) and tonumber(ARGV[2]) > 0 and redis.call('pttl', KEYS[1]) < 0 then redis.call('pexpire', KEYS[1], ARGV[2]) end return n",
  take: "if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return redis.call('incr', KEYS[2]) end return 0",
  keep: "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0",
  free: "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0",
} as const;

type Client = Redis | Cluster;

/** A cache on Redis: one server, one that sentinels choose, or a cluster. */
export class RedisCache implements SharedEngine {
  readonly mode = "external";
  readonly detail: string;
  readonly #options: RedisCacheOptions;
  readonly #prefix: string;
  #opening: Promise<Client> | undefined;
  #client: Client | undefined;
  readonly #ears = new Set<Client>();
  #lostAt = 0;
  #fault: unknown;

  /** @throws FplusError `config.invalid` naming the field */
  constructor(options: RedisCacheOptions) {
    const { mode = "single", nodes, group = "", prefix = "" } = options;
    if (nodes.length === 0) throw new FplusError("config.invalid", "no server is named", { field: "nodes" });
    for (const node of nodes) addressOf(node);
    if (mode === "sentinel" && group === "") {
      throw new FplusError("config.invalid", "the group of the sentinels is not named", {
        field: "group",
        hint: "It is the name in their line `sentinel monitor`, often mymaster.",
      });
    }
    this.#options = options;
    this.#prefix = prefix;
    this.detail = `Redis ${mode === "single" ? "" : `${mode} `}${nodes.join(", ")}`;
  }

  async open(): Promise<void> {
    await this.#ready();
  }

  async read(key: string): Promise<string | undefined> {
    return (await this.#run((client) => client.get(this.#prefix + key))) ?? undefined;
  }

  async readTimed(key: string): Promise<{ readonly text: string; readonly leftMs: number } | undefined> {
    const answer = await this.#run((client) => client.call("EVAL", SCRIPTS.timed, 1, this.#prefix + key));
    const [text, left] = answer as [string | null, number];
    return text === null ? undefined : { text, leftMs: left < 0 ? Infinity : left };
  }

  async write(key: string, text: string, ttlMs: number, when?: "absent" | "present"): Promise<boolean> {
    const name = this.#prefix + key;
    const more: (string | number)[] = [
      ...(ttlMs > 0 ? ["PX", Math.ceil(ttlMs)] : []),
      ...(when === undefined ? [] : [when === "absent" ? "NX" : "XX"]),
    ];
    return (await this.#run((client) => client.call("SET", name, text, ...more))) === "OK";
  }

  async remove(keys: readonly string[]): Promise<number> {
    // One by one: the keys of one command must be in one slot of a cluster.
    const counts = await this.#run((client) => Promise.all(keys.map((key) => client.del(this.#prefix + key))));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async add(key: string, by: number, ttlMs: number): Promise<number> {
    return await this.#script("add", [this.#prefix + key], [by, Math.ceil(ttlMs)]);
  }

  async take(name: string, owner: string, ttlMs: number): Promise<number> {
    const key = this.#lockKey(name);
    return await this.#script("take", [key, `${key}:token`], [owner, Math.ceil(ttlMs)]);
  }

  async keep(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return (await this.#script("keep", [this.#lockKey(name)], [owner, Math.ceil(ttlMs)])) === 1;
  }

  async free(name: string, owner: string): Promise<boolean> {
    return (await this.#script("free", [this.#lockKey(name)], [owner])) === 1;
  }

  async send(channel: string, text: string): Promise<number> {
    return await this.#run((client) => client.publish(channel, text));
  }

  async hear(channels: readonly string[], ear: Ear): Promise<() => Promise<void>> {
    const exact = channels.filter((channel) => !isPattern(channel));
    const patterns = channels.filter(isPattern);
    // A connection of its own for each, so that one's end does not silence another.
    const client = await this.#make();
    this.#ears.add(client);
    const message = (channel: string, text: string): void => ear.heard(channel, text);
    client.on("message", message);
    client.on("pmessage", (_pattern: string, channel: string, text: string) => message(channel, text));
    let isUp = false;
    client.on("ready", () => {
      const asked = [
        ...(exact.length > 0 ? [client.subscribe(...exact)] : []),
        ...(patterns.length > 0 ? [client.psubscribe(...patterns)] : []),
      ];
      Promise.all(asked).then(
        () => ear.listening?.((isUp = true)),
        () => client.disconnect(true),
      );
    });
    let why: unknown;
    client.on("error", (error) => (why = unreachable(error)));
    client.on("close", () => {
      if (isUp || why !== undefined) ear.listening?.((isUp = false), why);
      why = undefined;
    });
    client.connect().catch(() => undefined);
    return () => {
      this.#ears.delete(client);
      for (const event of ["message", "pmessage", "close"]) client.removeAllListeners(event);
      client.disconnect();
      return Promise.resolve();
    };
  }

  gauges(): Readonly<Record<string, number>> {
    return { connected: this.#client?.status === "ready" ? 1 : 0 };
  }

  async close(): Promise<void> {
    const client = await this.#opening?.catch(() => undefined);
    client?.disconnect();
    this.#client?.disconnect();
    for (const ear of this.#ears) ear.disconnect();
  }

  /** Lock and token in one slot of a cluster: what stands in braces decides. */
  #lockKey(name: string): string {
    return `${this.#prefix}lock:{${name.replaceAll("}", "")}}`;
  }

  async #script(name: keyof typeof SCRIPTS, keys: string[], args: (string | number)[]): Promise<number> {
    return Number(await this.#run((client) => client.call("EVAL", SCRIPTS[name], keys.length, ...keys, ...args)));
  }

  async #run<T>(command: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.#ready();
    try {
      return await command(client);
    } catch (error) {
      const text = messageOf(error);
      if (text.startsWith("MOVED")) {
        throw new FplusError("cache.command", text, {
          field: "mode",
          hint: "This server is part of a cluster: choose Cluster.",
          cause: error,
        });
      }
      if (/^(ERR|WRONGTYPE|OOM|NOPERM|MISCONF|CROSSSLOT)\b/.test(text)) {
        throw new FplusError("cache.command", text.replace(/^ERR /, ""), { cause: error, ...hintOf(text) });
      }
      throw unreachable(error);
    }
  }

  async #ready(): Promise<Client> {
    this.#opening ??= this.#make().then((client) => this.#connect(client));
    const client = await this.#opening;
    if (client.status === "ready") return client;
    const left = this.#lostAt + GRACE_MS - performance.now();
    if (left > 0) await returned(client, left);
    if ((client.status as string) === "ready") return client;
    throw unreachable(this.#fault ?? new Error("the connection is lost"));
  }

  async #connect(client: Client): Promise<Client> {
    this.#client = client;
    this.#lostAt = performance.now();
    client.on("error", (error) => (this.#fault = error));
    client.on("ready", () => {
      this.#lostAt = 0;
      this.#fault = undefined;
    });
    client.on("close", () => (this.#lostAt ||= performance.now()));
    // It goes on trying by itself, behind sentinels without ever saying that it failed.
    const failed = new Promise((resolve) => client.once("error", resolve));
    const late = new Promise((resolve) => setTimeout(resolve, this.#options.timeoutMs ?? TIMEOUT_MS).unref());
    await Promise.race([client.connect().catch((error: unknown) => (this.#fault ??= error)), failed, late]);
    return client;
  }

  async #make(): Promise<Client> {
    const {
      mode = "single",
      nodes,
      group,
      username,
      password,
      database = 0,
      tls,
      timeoutMs = TIMEOUT_MS,
    } = this.#options;
    const redis = await import("ioredis");
    const wait = (attempt: number): number => Math.min(2000, 50 * 2 ** Math.min(attempt, 6));
    const options: RedisOptions = {
      ...(username ? { username } : {}),
      ...(password ? { password } : {}),
      ...(tls === true ? { tls: {} } : {}),
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      connectionName: "factory-plus",
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResubscribe: false,
      // A command whose answer got lost may have run: the caller decides whether to repeat it.
      maxRetriesPerRequest: 0,
      // The server has become a replica: whoever took its place is found by connecting anew.
      reconnectOnError: (error) => error.message.startsWith("READONLY"),
      retryStrategy: wait,
    };
    const addresses = nodes.map(addressOf);
    if (mode === "cluster") {
      const more: ClusterOptions = {
        redisOptions: options,
        lazyConnect: true,
        enableOfflineQueue: false,
        clusterRetryStrategy: wait,
      };
      return new redis.Cluster(addresses, more);
    }
    if (mode === "sentinel") {
      const secrets = password ? { sentinelPassword: password } : {};
      return new redis.Redis({
        ...options,
        ...secrets,
        sentinels: addresses,
        name: group ?? "",
        db: database,
        sentinelRetryStrategy: wait,
      });
    }
    return new redis.Redis({ ...options, ...addresses[0]!, db: database });
  }
}

/**
 * The options of a URL such as `redis://user:password@host:6379/0`; `rediss:` encrypts.
 * @throws FplusError `config.invalid`
 */
export function optionsOfRedisUrl(url: string, field = "url"): RedisCacheOptions {
  if (!URL.canParse(url) || !/^rediss?:/.test(url)) {
    const hint = "Write it like redis://user:password@host:6379/0.";
    throw new FplusError("config.invalid", "not an address of Redis", { field, hint });
  }
  const { protocol, hostname, port, pathname, username, password } = new URL(url);
  return {
    engine: "redis",
    nodes: [`${hostname}:${port || "6379"}`],
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    database: Number(pathname.slice(1)) || 0,
    tls: protocol === "rediss:",
  };
}

function addressOf(node: string): { host: string; port: number } {
  const found = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d+))?$/.exec(node.trim());
  const port = Number(found?.[3] ?? 6379);
  const host = found?.[1] ?? found?.[2];
  if (host !== undefined && port > 0 && port < 65_536) return { host, port };
  const hint = "Write it like 127.0.0.1:6379.";
  throw new FplusError("config.invalid", `not an address: ${node}`, { field: "nodes", hint });
}

function returned(client: Client, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      client.off("ready", done);
      resolve();
    };
    const timer = setTimeout(done, withinMs);
    client.on("ready", done);
  });
}

const CHECK_REDIS = "Check that Redis runs and that address and port are right.";

function unreachable(error: unknown): FplusError {
  const text = messageOf(error).replace(/ Retrying from scratch after \d+ms\./, "") || "no answer";
  const isSecret = /WRONGPASS|NOAUTH|NOPERM/.test(text);
  return new FplusError("cache.unreachable", text, {
    cause: error,
    hint: isSecret ? "Check user and password." : (waitFor(text) ?? connectionHint(error, CHECK_REDIS)),
  });
}

/** What a server says that is there and cannot serve for the moment. */
function waitFor(text: string): string | undefined {
  if (text.startsWith("LOADING")) return "Redis is reading its data after a start: it serves in a moment.";
  if (text.startsWith("READONLY"))
    return "This Redis is a replica now: the next command goes to whoever took its place.";
  if (/^(MASTERDOWN|CLUSTERDOWN|TRYAGAIN)/.test(text)) return "A failover is under way: try again in a moment.";
  return undefined;
}

function hintOf(text: string): { hint?: string } {
  if (text.startsWith("OOM")) return { hint: "Give Redis more memory, or a maxmemory-policy that displaces." };
  if (text.startsWith("WRONGTYPE")) return { hint: "Another program keeps something else under this key." };
  return {};
}
