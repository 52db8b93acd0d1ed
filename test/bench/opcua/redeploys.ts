import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { buildIfStale } from "../../../scripts/build-if-stale.ts";
import { startCounter } from "../../support/counter.ts";
import { holdingsOf, type ServerHoldings } from "../../support/diagnostics.ts";
import { startNodeRed } from "../../support/node-red.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const TAGS = 100;
/** A deploy with the endpoint under its other name replaces session and channel. */
const NEW_ENDPOINT_EVERY = 10;
const SETTLE_MS = 3000;

/** Tells what is in use after a collection: resident memory also holds what nobody has collected yet. */
const HEAP = `module.exports = (RED) => {
  RED.httpAdmin.get("/bench-heap", async (_request, response) => {
    for (let i = 0; i < 4; i++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { heapUsed, external } = process.memoryUsage();
    response.json(heapUsed + external);
  });
  RED.nodes.registerType("bench-heap", function (config) { RED.nodes.createNode(this, config); });
};`;
const HEAP_HTML = `<script type="text/javascript">RED.nodes.registerType("bench-heap", { category: "x", defaults: {} });</script>`;

/** What a Node-RED holds after many deploys: heap and buffers in bytes, after a collection. */
export interface Redeployed {
  readonly halfway: number;
  readonly end: number;
}

/** What is open on the server, too. */
export interface ReaderRedeployed extends Redeployed, ServerHoldings {
  /** Connections to the server. */
  readonly channels: number;
}

/** Deploys a reader again and again, each time with another tag less and each tenth time with another endpoint. */
export async function redeployReader(deploys: number): Promise<ReaderRedeployed> {
  const [port] = await freePorts(1);
  const counter = await startCounter(port!, TAGS, 100);
  try {
    return await redeploy(deploys, (round) => readerFlow(counter.url, round), {
      begun: () => until("a subscription", async () => (await holdingsOf(counter.url)).subscriptions === 1),
      ended: async () => ({ channels: connectionsTo(port!), ...(await holdingsOf(counter.url)) }),
    });
  } finally {
    await counter.stop();
  }
}

/** Deploys nodes of Node-RED itself as often. */
export function redeployCore(deploys: number): Promise<Redeployed> {
  return redeploy(deploys, coreFlow, { begun: async () => {}, ended: async () => ({}) });
}

/** Over the admin API as the editor does: all flows and only what changed, by turns. */
async function redeploy<T>(
  deploys: number,
  flow: (round: number) => object[],
  { begun, ended }: { readonly begun: () => Promise<void>; readonly ended: () => Promise<T> },
): Promise<Redeployed & T> {
  await buildIfStale();
  const [http] = await freePorts(1);
  const user = mkdtempSync(path.join(os.tmpdir(), "fplus-redeploy-"));
  mkdirSync(path.join(user, "node_modules/@fplus"), { recursive: true });
  symlinkSync(root, path.join(user, "node_modules/@fplus/node-red-suite"));
  mkdirSync(path.join(user, "nodes"));
  writeFileSync(path.join(user, "nodes/bench-heap.js"), HEAP);
  writeFileSync(path.join(user, "nodes/bench-heap.html"), HEAP_HTML);
  writeFileSync(path.join(user, "flows.json"), JSON.stringify(flow(0)));
  const nodeRed = await startNodeRed(root, user, http!, { NODE_OPTIONS: "--expose-gc" });
  const inUse = async (): Promise<number> => {
    await pause(SETTLE_MS);
    const response = await fetch(`${nodeRed.url}/bench-heap`);
    return Number(await response.json());
  };
  try {
    await begun();
    let halfway = 0;
    for (let round = 1; round <= deploys; round++) {
      const response = await fetch(`${nodeRed.url}/flows`, {
        method: "POST",
        headers: { "content-type": "application/json", "node-red-deployment-type": round % 2 === 0 ? "full" : "nodes" },
        body: JSON.stringify(flow(round)),
      });
      if (!response.ok) throw new Error(`deploy ${round}: ${response.status} ${await response.text()}`);
      if (round === Math.ceil(deploys / 2)) halfway = await inUse();
    }
    const end = await inUse();
    return { halfway, end, ...(await ended()) };
  } finally {
    await nodeRed.stop();
    rmSync(user, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function readerFlow(url: string, round: number): object[] {
  const tags = Array.from({ length: TAGS }, (_, i) => i).filter((i) => i !== round % TAGS);
  return [
    { id: "t", type: "tab" },
    { id: "p", type: "fplus-opcua-endpoint", name: `PLC${Math.floor(round / NEW_ENDPOINT_EVERY) % 2}`, url },
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

/** As many rows as the reader's table, and as many messages. */
function coreFlow(round: number): object[] {
  const rules = Array.from({ length: TAGS - 1 }, (_, i) => ({ t: "set", p: `p${i}`, to: `${round} ${i}`, tot: "str" }));
  return [
    { id: "t", type: "tab" },
    { id: "i", type: "inject", z: "t", x: round, repeat: "0.1", props: [{ p: "payload" }], wires: [["c"]] },
    { id: "c", type: "change", z: "t", x: round, rules, wires: [[]] },
  ];
}

/** Established connections to a port of this machine, as its clients see them (Linux). */
function connectionsTo(port: number): number {
  const remote = new RegExp(`^\\s*\\d+: \\S+ \\S+:${port.toString(16).toUpperCase().padStart(4, "0")} 01 `);
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFileSync(file, "utf8"));
  return tables.flatMap((table) => table.split("\n")).filter((line) => remote.test(line)).length;
}
