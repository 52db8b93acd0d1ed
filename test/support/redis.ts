import { writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { Redis } from "ioredis";
import { temporaryFolder } from "./folder.ts";
import { accepts } from "./mosquitto.ts";
import { freePorts } from "./ports.ts";
import { findProgram, type ServiceProcess, startService } from "./services.ts";
import { until } from "./until.ts";

export const redisProgram = findProgram("FPLUS_TEST_REDIS", "/usr/bin/redis-server", "/usr/local/bin/redis-server");

/** A Redis on the loopback; it can be stopped, and started again on the same port. */
export interface RedisServer {
  readonly port: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
}

/** Starts a Redis without persistence; `more` as options of its command line. */
export async function startRedis(t: TestContext, more: readonly string[] = [], port?: number): Promise<RedisServer> {
  const chosen = port ?? (await freePorts(1))[0]!;
  const folder = temporaryFolder(t);
  const options = ["--port", String(chosen), "--bind", "127.0.0.1", "--dir", folder, "--save", "", ...more];
  let running: ServiceProcess | undefined;
  const server: RedisServer = {
    port: chosen,
    async start() {
      running = await startService(redisProgram ?? "redis-server", options, () => accepts(chosen));
    },
    async stop(signal = "SIGKILL") {
      await running?.stop(signal);
    },
  };
  await server.start();
  t.after(() => server.stop());
  return server;
}

/** A master, its replica and a sentinel that replaces the one by the other. */
export async function startSentinel(t: TestContext): Promise<{ port: number; master: RedisServer }> {
  const master = await startRedis(t);
  await startRedis(t, ["--replicaof", "127.0.0.1", String(master.port)]);
  const [port] = await freePorts(1);
  const folder = temporaryFolder(t);
  const config = path.join(folder, "sentinel.conf");
  writeFileSync(
    config,
    `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor plant 127.0.0.1 ${master.port} 1
sentinel down-after-milliseconds plant 500\nsentinel failover-timeout plant 3000\n`,
  );
  const sentinel = await startService(redisProgram ?? "redis-server", [config, "--sentinel"], () => accepts(port!));
  t.after(() => sentinel.stop("SIGKILL"));
  const knows = async (): Promise<boolean> =>
    ((await ask(port!, "SENTINEL", "replicas", "plant")) as unknown[]).length > 0;
  await until("the sentinel to know the replica", knows);
  return { port: port!, master };
}

/** A cluster of three masters. */
export async function startCluster(t: TestContext): Promise<number[]> {
  const ports = await freePorts(6);
  const nodes = ports.slice(0, 3);
  for (const [i, port] of nodes.entries())
    await startRedis(
      t,
      ["--cluster-enabled", "yes", "--cluster-port", String(ports[3 + i]), "--cluster-config-file", "nodes.conf"],
      port,
    );
  const slots = [
    [0, 5460],
    [5461, 10_922],
    [10_923, 16_383],
  ] as const;
  for (const [i, [from, to]] of slots.entries()) {
    await ask(nodes[i]!, "CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
    if (i > 0) await ask(nodes[0]!, "CLUSTER", "MEET", "127.0.0.1", String(nodes[i]), String(ports[3 + i]));
  }
  for (const node of nodes)
    await until("the cluster", async () => String(await ask(node, "CLUSTER", "INFO")).includes("cluster_state:ok"));
  return nodes;
}

async function ask(port: number, command: string, ...args: string[]): Promise<unknown> {
  const client = new Redis({
    host: "127.0.0.1",
    port,
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}
