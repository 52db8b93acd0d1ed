import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Endpoint, Monitor } from "../../../lib/opcua/index.ts";
import { startCounter } from "../../support/counter.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";

const ROUNDS = 3;

/** Seconds from the first packet to the first value of every tag; the median of some starts. */
export async function secondsToFirstValues(tags: number): Promise<number> {
  const [port] = await freePorts(1);
  const counter = await startCounter(port!, tags, 1000);
  const took: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) took.push(await start(counter.url, tags));
  } finally {
    await counter.stop();
  }
  return took.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
}

async function start(url: string, tags: number): Promise<number> {
  const pkiFolder = mkdtempSync(path.join(os.tmpdir(), "fplus-pki-"));
  // Loading node-opcua and making a certificate happen once in the life of a plant.
  const first = new Endpoint({ name: "warm", url, pkiFolder });
  first.start();
  await until("a session", () => first.state === "up");
  await first.close();
  const heard = new Set<number>();
  const endpoint = new Endpoint({ name: "bench", url, pkiFolder });
  const table = Array.from({ length: tags }, (_, i) => ({
    device: "Counter1",
    metric: `Count${i}`,
    nodeId: `ns=1;s=Count${i}`,
  }));
  const monitor = new Monitor(endpoint, table, {
    publishingMs: 100,
    samplingMs: 0,
    queueSize: 10,
    enumTexts: true,
    onBatch: (batch) => {
      for (let i = 0; i < batch.length; i++) heard.add(batch.signal[i]!);
    },
  });
  endpoint.use(monitor);
  const began = performance.now();
  endpoint.start();
  await until("a value of every tag", () => heard.size === tags);
  const took = (performance.now() - began) / 1000;
  await monitor.close();
  await endpoint.close();
  rmSync(pkiFolder, { recursive: true, force: true });
  return took;
}
