/** What the package costs a Node-RED that has none of its nodes on the canvas: the same Node-RED with and without it, by turns. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { buildIfStale } from "../../../scripts/build-if-stale.ts";
import type { BenchResult } from "../../../scripts/bench.ts";
import { startNodeRed } from "../../support/node-red.ts";
import { freePorts } from "../../support/ports.ts";
import { percentile, residentMegabytes, rounded } from "../process.ts";

const RUNS = 7;
const root = path.resolve(import.meta.dirname, "../../..");

export async function run(): Promise<BenchResult> {
  await buildIfStale();
  const folder = mkdtempSync(path.join(os.tmpdir(), "fplus-idle-"));
  const users = { without: path.join(folder, "without"), with: path.join(folder, "with") };
  mkdirSync(users.without);
  mkdirSync(path.join(users.with, "node_modules/@fplus"), { recursive: true });
  symlinkSync(root, path.join(users.with, "node_modules/@fplus/node-red-suite"));
  const starts = { without: [] as number[], with: [] as number[] };
  const memory = { without: [] as number[], with: [] as number[] };
  try {
    for (let i = 0; i <= RUNS; i++) {
      for (const which of ["without", "with"] as const) {
        const [port] = await freePorts(1);
        const nodeRed = await startNodeRed(root, users[which], port!);
        const started = nodeRed.startedMs();
        const palette = await (await fetch(`${nodeRed.url}/nodes`, { headers: { accept: "application/json" } })).text();
        if (palette.includes("@fplus/node-red-suite") !== (which === "with"))
          throw new Error(`${which}: wrong palette`);
        await pause(3000);
        // The first run of each writes the folder's files.
        if (i > 0) {
          starts[which].push(started);
          memory[which].push(residentMegabytes(nodeRed.pid));
        }
        await nodeRed.stop();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const row = (what: string, unit: string, bar: number, values: typeof starts) => {
    const [alone, loaded] = [percentile(values.without, 50), percentile(values.with, 50)];
    return { what, unit, without: rounded(alone), with: rounded(loaded), adds: rounded(loaded - alone), bar };
  };
  return {
    title: `An idle Node-RED with and without the package, medians of ${RUNS} starts`,
    rows: [row("start", "ms", 150, starts), row("resident memory", "MB", 10, memory)],
  };
}
