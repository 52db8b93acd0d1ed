/**
 * The whole plant of `npm start` at 1,000 tags and 1 Hz with a browser on it: start, latency, processor, memory.
 * The peer for latency is a bare node-opcua subscription on the same server in the same run.
 * `FPLUS_BENCH_MINUTES` sets how long processor and memory are watched (30 for the full figure).
 */
import { setTimeout as pause } from "node:timers/promises";
import type { BenchResult } from "../../../scripts/bench.ts";
import { openBrowser } from "../../support/browser.ts";
import { freePorts } from "../../support/ports.ts";
import { newState, removeState, startPlant } from "../../support/plant.ts";
import { cpuSeconds, percentile, residentMegabytes, rounded, slope } from "../process.ts";

const TAGS = 1000;

export async function run(): Promise<BenchResult> {
  const minutes = Number(process.env["FPLUS_BENCH_MINUTES"] || 2);
  const ports = await freePorts(3);
  const stateDir = await newState();
  const browser = await openBrowser();
  const page = await browser.newPage();
  const began = performance.now();
  const plant = await startPlant({ ports, stateDir, env: { FPLUS_TAGS: String(TAGS) } });
  try {
    await plant.printed(/live values/);
    await page.goto(`${plant.url}/dashboard/overview`);
    await page.locator('[data-machine="Press01"] dd', { hasText: /\d/ }).first().waitFor();
    const firstValue = performance.now() - began;

    const seen = await latencies(page, `${plant.url}/dashboard/machine`);
    const bare = await bareLatencies(`opc.tcp://127.0.0.1:${ports[1]}/fplus`);

    // What grows to its size: compiled code and pools for a minute, the open chunks of the historian for ten.
    await pause(minutes >= 30 ? 600_000 : 60_000);
    const memory: number[] = [];
    const cpu = cpuSeconds(plant.pid);
    const from = performance.now();
    while (performance.now() - from < minutes * 60_000) {
      memory.push(residentMegabytes(plant.pid));
      await pause(1000);
    }
    const load = ((cpuSeconds(plant.pid) - cpu) / ((performance.now() - from) / 1000)) * 100;
    const parts = await plant.health();
    const written = parts.find(({ kind }) => kind === "historian")?.counters["written"] ?? 0;
    return {
      title: `The plant, ${TAGS} tags at 1 Hz, one browser, watched for ${minutes} min`,
      rows: [
        { what: "start to the first live value in the browser", value: rounded(firstValue / 1000), unit: "s", bar: 15 },
        {
          what: "OPC UA source time to the page, median",
          value: rounded(percentile(seen, 50), 0),
          unit: "ms",
          bar: "",
        },
        {
          what: `OPC UA source time to the page, p95 (${seen.length} changes)`,
          value: rounded(percentile(seen, 95), 0),
          unit: "ms",
          bar: 500,
        },
        {
          what: "the same to a bare node-opcua client, p95",
          value: rounded(percentile(bare, 95), 0),
          unit: "ms",
          bar: "peer",
        },
        { what: "processor", value: rounded(load), unit: "% of one core", bar: 30 },
        { what: "resident memory, highest", value: rounded(Math.max(...memory), 0), unit: "MB", bar: 400 },
        { what: "resident memory, trend", value: rounded(slope(memory) * 3600), unit: "MB an hour", bar: "flat" },
        { what: "samples stored", value: written, unit: "", bar: "" },
      ],
    };
  } finally {
    await browser.close();
    await plant.stop();
    await removeState(stateDir);
  }
}

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof openBrowser>>["newPage"]>>;

/** For every change that a machine's table shows in ten seconds: from the value's source time until the page has changed. */
async function latencies(page: Page, url: string): Promise<number[]> {
  await page.goto(url);
  await page.locator("tr[data-time]").first().waitFor();
  await pause(2000);
  return page.evaluate(
    () =>
      new Promise<number[]>((resolve) => {
        const found: number[] = [];
        const observer = new MutationObserver((records) => {
          const now = Date.now();
          for (const { target } of records) found.push(now - Number((target as HTMLElement).dataset["time"]));
        });
        observer.observe(document.querySelector("tbody")!, { subtree: true, attributeFilter: ["data-time"] });
        setTimeout(() => resolve(found), 10_000);
      }),
  );
}

/** The same, measured where a plain subscription of node-opcua hands the value to its user. */
async function bareLatencies(url: string): Promise<number[]> {
  const { AttributeIds, OPCUAClient, TimestampsToReturn } = await import("node-opcua");
  const client = OPCUAClient.create({ endpointMustExist: false });
  await client.connect(url);
  const session = await client.createSession();
  const subscription = await session.createSubscription2({ requestedPublishingInterval: 100, publishingEnabled: true });
  const found: number[] = [];
  for (const name of ["Temperature", "Load", "Energy.Power", "Energy.Current", "Condition.Vibration"]) {
    const item = await subscription.monitor(
      { nodeId: `ns=1;s=Press01.${name}`, attributeId: AttributeIds.Value },
      { samplingInterval: 0, queueSize: 10, discardOldest: true },
      TimestampsToReturn.Both,
    );
    item.on("changed", (value) => found.push(Date.now() - (value.sourceTimestamp?.getTime() ?? Number.NaN)));
  }
  await pause(10_000);
  await session.close();
  await client.disconnect();
  return found;
}
