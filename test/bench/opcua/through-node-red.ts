import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { buildIfStale } from "../../../scripts/build-if-stale.ts";
import { startCounter } from "../../support/counter.ts";
import { startNodeRed } from "../../support/node-red.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { cpuSeconds } from "../process.ts";

/** How much of what changed on the server reached the next node, and what a change cost the Node-RED process. */
export interface Through {
  readonly deliveredPercent: number;
  readonly microseconds: number;
}

const root = path.resolve(import.meta.dirname, "../../..");
const PEER = "node-red-contrib-opcua@0.2.354";
const MEASURED_MS = 20_000;
/** The peer makes its monitored items one by one. */
const WARM_MS = { ours: 5_000, peer: 25_000 } as const;

/**
 * A node that counts how often each count of the server arrived, and writes that to a file each half second; a file beside it makes it
 * begin anew.
 */
const SINK = `const fs = require("fs");
module.exports = (RED) => {
  RED.nodes.registerType("bench-sink", function (config) {
    RED.nodes.createNode(this, config);
    let counts = [];
    const add = (value) => (counts[value] = (counts[value] ?? 0) + 1);
    this.on("input", (msg, _send, done) => {
      const { payload } = msg;
      if (typeof payload === "number") add(payload);
      else if (payload?.f64) for (let i = 0; i < payload.length; i++) add(payload.f64[i]);
      done();
    });
    const file = process.env.BENCH_COUNT;
    const timer = setInterval(() => {
      if (fs.existsSync(file + ".begin")) {
        fs.rmSync(file + ".begin");
        counts = [];
      }
      fs.writeFileSync(file + ".new", JSON.stringify(Object.entries(counts)));
      fs.renameSync(file + ".new", file);
    }, 500);
    this.on("close", () => clearInterval(timer));
  });
};`;
const SINK_HTML = `<script type="text/javascript">RED.nodes.registerType("bench-sink", { category: "x", defaults: {}, inputs: 1, outputs: 0 });</script>`;

/** The peer's folder of packages: fetched by npm into the scratch folder, once; undefined where it cannot be had. */
export async function peerHome(): Promise<string | undefined> {
  const home = path.join(root, ".tmp", "bench-contrib-opcua");
  if (existsSync(path.join(home, "node_modules/node-red-contrib-opcua/package.json"))) return home;
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, "package.json"), '{ "name": "bench", "version": "0.0.1" }');
  const npm = ["install", PEER, "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"];
  return promisify(execFile)("npm", npm, { cwd: home, maxBuffer: 1 << 26 }).then(
    () => home,
    () => undefined,
  );
}

/** Runs a Node-RED with one reader and a counting node on a server whose tags count. */
export async function throughNodeRed(
  who: "ours" | "peer",
  tags: number,
  periodMs: number,
  home = "",
): Promise<Through> {
  await buildIfStale();
  const [opcua, http] = await freePorts(2);
  const counter = await startCounter(opcua!, tags, periodMs);
  const user = mkdtempSync(path.join(os.tmpdir(), "fplus-through-"));
  const count = path.join(user, "count");
  try {
    mkdirSync(path.join(user, "nodes"));
    writeFileSync(path.join(user, "nodes/bench-sink.js"), SINK);
    writeFileSync(path.join(user, "nodes/bench-sink.html"), SINK_HTML);
    if (who === "ours") {
      mkdirSync(path.join(user, "node_modules/@fplus"), { recursive: true });
      symlinkSync(root, path.join(user, "node_modules/@fplus/node-red-suite"));
    } else symlinkSync(path.join(home, "node_modules"), path.join(user, "node_modules"));
    const flow = who === "ours" ? ourFlow(counter.url, tags) : peerFlow(counter.url, tags, periodMs);
    writeFileSync(path.join(user, "flows.json"), JSON.stringify([...flow, { id: "s", type: "bench-sink", z: "t" }]));
    const nodeRed = await startNodeRed(root, user, http!, { BENCH_COUNT: count });
    try {
      const counted = (): [value: string, count: number][] =>
        existsSync(count) ? (JSON.parse(readFileSync(count, "utf8")) as [string, number][]) : [];
      await until("first values", () => counted().length > 0);
      await pause(WARM_MS[who]);
      writeFileSync(`${count}.begin`, "");
      await until("the count to begin", () => !existsSync(`${count}.begin`));
      const cpu = cpuSeconds(nodeRed.pid);
      await pause(MEASURED_MS);
      const used = cpuSeconds(nodeRed.pid) - cpu;
      const counts = counted();
      // The first and the last count of the server are cut off by the window.
      const whole = counts.slice(1, -1);
      const changes = Number(whole.at(-1)![0]) - Number(whole[0]![0]) + 1;
      const sum = (of: readonly [string, number][]): number => of.reduce((total, [, many]) => total + many, 0);
      return {
        deliveredPercent: (100 * sum(whole)) / (tags * changes),
        microseconds: (used * 1e6) / Math.max(1, sum(counts)),
      };
    } finally {
      await nodeRed.stop();
    }
  } finally {
    await counter.stop();
    rmSync(user, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function ourFlow(url: string, tags: number): object[] {
  return [
    { id: "t", type: "tab" },
    { id: "p", type: "fplus-opcua-endpoint", name: "PLC", url },
    {
      id: "r",
      type: "fplus-opcua-read",
      z: "t",
      endpoint: "p",
      source: "table",
      tags: Array.from({ length: tags }, (_, i) => ({
        device: "Counter1",
        metric: `Count${i}`,
        nodeId: `ns=1;s=Count${i}`,
      })),
      mode: "subscribe",
      publishingMs: "250",
      samplingMs: "0",
      queueSize: "10",
      output: "batch",
      wires: [["s"], []],
    },
  ];
}

/** As its users build it: a message a tag to a client node that subscribes. */
function peerFlow(endpoint: string, tags: number, periodMs: number): object[] {
  const code = `for (let i = 0; i < ${tags}; i++) node.send({ topic: "ns=1;s=Count" + i, payload: ${periodMs} }); return null;`;
  return [
    { id: "t", type: "tab" },
    { id: "p", type: "OpcUa-Endpoint", endpoint, secpol: "None", secmode: "None", none: true },
    { id: "i", type: "inject", z: "t", once: true, onceDelay: 3, props: [{ p: "payload" }], wires: [["f"]] },
    { id: "f", type: "function", z: "t", func: code, outputs: 1, wires: [["c"]] },
    {
      id: "c",
      type: "OpcUa-Client",
      z: "t",
      endpoint: "p",
      action: "subscribe",
      deadbandtype: "a",
      deadbandvalue: 1,
      time: "250",
      timeUnit: "ms",
      certificate: "n",
      securitymode: "None",
      securitypolicy: "None",
      wires: [["s"], [], []],
    },
  ];
}
