#!/usr/bin/env node
/**
 * `npm start` in a clone, `factory-plus` where the package is installed: builds what changed (in a clone), starts the plant
 * in this process and shows each part coming up. Ctrl-C stops it in order.
 *
 * `npm start` gives V8 flags along: a plant allocates little and lives for months, and V8's usual heuristics would let
 * its heap grow to several times what is alive (measured by the benchmark `plant`).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTcpServer } from "node:net";
import path from "node:path";
import type { PartHealth } from "../lib/health/index.ts";
import type * as Plant from "../lib/plant/index.ts";
import type { PlantSettings } from "../settings.ts";
import { buildIfStale } from "./build-if-stale.ts";
import type { PlantPort } from "./plant/environment.ts";
import { isRepository, packageRoot } from "./plant/place.ts";
import { checkSurroundings } from "./plant/surroundings.ts";

const began = performance.now();
const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Words that ask for a backup, and not for the plant. */
const BACKUP_COMMANDS = ["backup", "backups", "verify", "restore"];

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  if (BACKUP_COMMANDS.includes(words[0] ?? "")) {
    const { runBackupCommand } = await import("./plant/backup.ts");
    return await runBackupCommand(words);
  }
  say("Factory+ for Node-RED");
  checkSurroundings(words);
  if (isRepository && (await buildIfStale())) say(`  ✔ ${"built".padEnd(30)}${seconds()}`);
  const { "module.exports": settings } = (await import("../settings.ts")) as { "module.exports": PlantSettings };
  const { host, ports, source } = settings.fplusEnvironment;
  for (const port of ports) await checkFree(host, port);

  const { default: RED } = await import("node-red");
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    (RED.httpAdmin as unknown as Handler)(request, response, () =>
      (RED.httpNode as unknown as Handler)(request, response, () => response.writeHead(404).end()),
    );
  });
  RED.init(server, settings as unknown as Parameters<typeof RED.init>[1]);
  await listen(server, host, ports[0]!.port);
  stopOnSignal(server, () => RED.stop());
  await RED.start();
  say(`  ✔ ${`Node-RED ${versionOf(RED)}`.padEnd(30)}${seconds()}`);

  const address = `http://${host.includes(":") ? `[${host}]` : host}:${ports[0]!.port}`;
  await showParts();
  say("");
  say(`  Dashboard  ${address}/dashboard`);
  say(`  Editor     ${address}/`);
  if (settings.fplusNewPassword !== undefined) {
    say(`  Sign in    admin / ${settings.fplusNewPassword}   (shown this once; only its hash is kept)`);
  }
  say(`  Devices    ${source}`);
  say(`  State      ${path.relative(process.cwd(), settings.userDir) || "."}`);
  say("");
}

/** The same module file as the nodes use, so that it is the same board and the same leases. */
async function plantModule(): Promise<typeof Plant> {
  return (await import(path.join(packageRoot, "dist/lib/plant/index.js"))) as typeof Plant;
}

/** DefinitelyTyped says text; it is a function. */
function versionOf(RED: object): string {
  return (RED as { version(): string }).version();
}

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Shows each part when it first reports `up`, until live samples are stored; gives up naming what is not up. */
async function showParts(): Promise<void> {
  const { processHealth } = await plantModule();
  const shown = new Set<string>();
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const parts = processHealth.snapshot();
    for (const part of parts) {
      const key = `${part.kind} ${part.name}`;
      if (part.status !== "up" || shown.has(key)) continue;
      shown.add(key);
      say(`  ✔ ${`${part.kind} (${part.mode})`.padEnd(30)}${seconds().padEnd(8)} ${part.detail}`);
    }
    if (parts.length > 0 && parts.every((part) => part.status !== "down") && hasLiveSamples(parts)) {
      say(`  ✔ ${"live values".padEnd(30)}${seconds()}`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const part of processHealth.snapshot()) {
    if (part.status === "down") say(`  ✖ ${part.kind} ${part.name}: ${part.detail}`);
  }
  say("  No live value after 60 s; the plant goes on trying. See log/plant.log in the state folder.");
}

function hasLiveSamples(parts: readonly PartHealth[]): boolean {
  return parts.some((part) => part.kind === "historian" && (part.counters["written"] ?? 0) > 0);
}

async function checkFree(host: string, { port, use, setting }: PlantPort): Promise<void> {
  const probe = createTcpServer();
  const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    probe.once("error", resolve);
    probe.listen(port, host, () => probe.close(() => resolve(undefined)));
  });
  if (failure === undefined) return;
  say(`  ✖ Port ${port} for the ${use} cannot be used (${failure.code ?? failure.message}).`);
  say(`    Choose another with ${setting}, for example ${setting}=${port + 10}.`);
  process.exit(1);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
}

function stopOnSignal(server: Server, stopNodeRed: () => Promise<void>): void {
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    say("\nStopping; press Ctrl-C again to force.");
    const from = performance.now();
    const { processLeases } = await plantModule();
    await stopNodeRed();
    await processLeases.closeAll();
    server.closeAllConnections();
    server.close();
    say(`Stopped in ${((performance.now() - from) / 1000).toFixed(1)} s.`);
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      stop().catch((error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      });
    });
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`  ✖ ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
