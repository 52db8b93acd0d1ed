import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Endpoint } from "../../../lib/opcua/index.ts";
import { startCounter } from "../../support/counter.ts";
import { holdingsOf, type ServerHoldings } from "../../support/diagnostics.ts";
import { startNodeRed } from "../../support/node-red.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { residentMegabytes } from "../process.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const TAGS = 100;
const SETTLE_MS = 3000;

/** What a Node-RED and its server hold after many deploys of a reader. */
export interface Redeployed extends ServerHoldings {
  readonly deploys: number;
  /** Resident megabytes after the first tenth, and at the end. */
  readonly megabytes: readonly [early: number, end: number];
}

/** Deploys a flow again and again, each time with another tag less, over the admin API as the editor does. */
export async function redeployMany(deploys: number): Promise<Redeployed> {
  const [opcua, http] = await freePorts(2);
  const counter = await startCounter(opcua!, TAGS, 100);
  const user = mkdtempSync(path.join(os.tmpdir(), "fplus-redeploy-"));
  mkdirSync(path.join(user, "node_modules/@fplus"), { recursive: true });
  symlinkSync(root, path.join(user, "node_modules/@fplus/node-red-suite"));
  writeFileSync(path.join(user, "flows.json"), JSON.stringify(flow(counter.url, 0)));
  const nodeRed = await startNodeRed(root, user, http!);
  try {
    await until("a subscription", async () => (await holdingsOf(counter.url)).subscriptions === 1, 60_000);
    let early = 0;
    for (let round = 1; round <= deploys; round++) {
      const response = await fetch(`${nodeRed.url}/flows`, {
        method: "POST",
        headers: { "content-type": "application/json", "node-red-deployment-type": round % 2 === 0 ? "full" : "nodes" },
        body: JSON.stringify(flow(counter.url, round)),
      });
      if (!response.ok) throw new Error(`deploy ${round}: ${response.status} ${await response.text()}`);
      if (round === Math.ceil(deploys / 10)) early = residentMegabytes(nodeRed.pid);
    }
    await pause(SETTLE_MS);
    return { deploys, ...(await holdingsOf(counter.url)), megabytes: [early, residentMegabytes(nodeRed.pid)] };
  } finally {
    await nodeRed.stop();
    await counter.stop();
    rmSync(user, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function flow(url: string, round: number): object[] {
  const tags = Array.from({ length: TAGS }, (_, i) => i).filter((i) => i !== round % TAGS);
  return [
    { id: "t", type: "tab" },
    { id: "p", type: "fplus-opcua-endpoint", name: "PLC", url },
    {
      id: "r",
      type: "fplus-opcua-read",
      z: "t",
      x: round,
      endpoint: "p",
      source: "table",
      tags: tags.map((i) => ({ device: "Counter1", metric: `Count${i}`, nodeId: `ns=1;s=Count${i}` })),
      mode: "subscribe",
      publishingMs: "100",
      output: "batch",
      wires: [[], []],
    },
  ];
}

/** What trying to reach devices costs that are off. */
export interface DeadDevices {
  readonly devices: number;
  readonly minutes: number;
  /** Attempts a device. */
  readonly attempts: number;
  /** Heap in megabytes after the first attempts, and at the end. */
  readonly megabytes: readonly [early: number, end: number];
}

/** Endpoints whose address nobody answers, for a while. */
export async function tryDeadDevices(devices: number, minutes: number): Promise<DeadDevices> {
  const [port] = await freePorts(1);
  const pkiFolder = mkdtempSync(path.join(os.tmpdir(), "fplus-pki-"));
  const endpoints = Array.from(
    { length: devices },
    (_, i) => new Endpoint({ name: `Device${i}`, url: `opc.tcp://127.0.0.1:${port}`, pkiFolder }),
  );
  const attempts = (): number => endpoints.reduce((sum, one) => sum + one.health().counters["attempts"]!, 0);
  for (const endpoint of endpoints) endpoint.start();
  await until("two attempts each", () => attempts() >= 2 * devices, 120_000);
  const early = heapMegabytes();
  const before = attempts();
  await pause(minutes * 60_000);
  const result = {
    devices,
    minutes,
    attempts: (attempts() - before) / devices,
    megabytes: [early, heapMegabytes()],
  } as const;
  await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  rmSync(pkiFolder, { recursive: true, force: true });
  return result;
}

function heapMegabytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}
