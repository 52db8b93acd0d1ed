/**
 * The live trend in a real browser: eight lines of 3,600 points, updated ten times a second. The peer is the dashboard's own
 * chart with the same values in the same browser. `FPLUS_BENCH_MINUTES` sets how long each is watched (10 for the full figure).
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import type { BenchResult } from "../../../scripts/bench.ts";
import { buildIfStale } from "../../../scripts/build-if-stale.ts";
import { openBrowser } from "../../support/browser.ts";
import { startNodeRed } from "../../support/node-red.ts";
import { freePorts } from "../../support/ports.ts";
import { cpuSeconds, percentile, rounded, slope } from "../process.ts";
import { type Chart, chartFlow, LINES, POINTS } from "./flow.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const SETTLE_MS = 8000;
const STEP_MS = 5000;

export async function run(): Promise<BenchResult> {
  await buildIfStale();
  const minutes = Number(process.env["FPLUS_BENCH_MINUTES"] || 1);
  const browser = await openBrowser();
  try {
    const ours = await watch("fplus-ui-trend", browser, minutes);
    const stock = await watch("ui-chart", browser, minutes);
    return {
      title: `A live chart, ${LINES} lines of ${POINTS} points, 10 updates a second, watched for ${minutes} min`,
      rows: [
        { chart: "ui trend", ...ours, "fps at least": 30 },
        { chart: "the dashboard's own", ...stock, "fps at least": "peer" },
      ],
    };
  } finally {
    await browser.close();
  }
}

async function watch(chart: Chart, browser: Browser, minutes: number): Promise<Record<string, string | number>> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "fplus-trend-"));
  mkdirSync(path.join(folder, "node_modules/@fplus"), { recursive: true });
  mkdirSync(path.join(folder, "node_modules/@flowfuse"), { recursive: true });
  symlinkSync(root, path.join(folder, "node_modules/@fplus/node-red-suite"));
  const dashboard = "node_modules/@flowfuse/node-red-dashboard";
  symlinkSync(path.join(root, dashboard), path.join(folder, dashboard));
  writeFileSync(path.join(folder, "flows.json"), JSON.stringify(chartFlow(chart)));
  const [port] = await freePorts(1);
  const nodeRed = await startNodeRed(root, folder, port!);
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  try {
    await pause(SETTLE_MS);
    await page.goto(`${nodeRed.url}/dashboard/chart`);
    await page.locator("canvas").first().waitFor();
    if (chart === "fplus-ui-trend")
      await page
        .locator(".fplus-legend > span")
        .nth(LINES - 1)
        .waitFor();
    await pause(SETTLE_MS);
    const devtools = await page.context().newCDPSession(page);
    const heap: number[] = [];
    const frames: number[] = [];
    const cpu = cpuSeconds(nodeRed.pid);
    const from = performance.now();
    do {
      frames.push(await framesPerSecond(page, STEP_MS));
      await devtools.send("HeapProfiler.collectGarbage");
      heap.push((await devtools.send("Runtime.getHeapUsage")).usedSize / 2 ** 20);
    } while (performance.now() - from < minutes * 60_000);
    const load = ((cpuSeconds(nodeRed.pid) - cpu) * 1000) / (performance.now() - from);
    return {
      "fps, median": rounded(percentile(frames, 50), 0),
      "fps, lowest": rounded(Math.min(...frames), 0),
      "heap (MB)": rounded(percentile(heap, 50), 0),
      "heap trend (MB a minute)": rounded((slope(heap) * 60_000) / STEP_MS),
      "server (% of one core)": rounded(load * 100),
    };
  } finally {
    await page.close();
    await nodeRed.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function framesPerSecond(page: Page, ms: number): Promise<number> {
  return page.evaluate(
    (duration) =>
      new Promise<number>((resolve) => {
        let frames = 0;
        const from = performance.now();
        const count = (): void => {
          frames += 1;
          const passed = performance.now() - from;
          if (passed < duration) requestAnimationFrame(count);
          else resolve((frames * 1000) / passed);
        };
        requestAnimationFrame(count);
      }),
    ms,
  );
}
