/**
 * Reading 1,000 tags that change ten times a second: processor time a change, beside node-opcua's own
 * monitored items, both from the same server process, one after the other.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { AttributeIds, OPCUAClient, TimestampsToReturn } from "node-opcua";
import type { BenchResult } from "../../../scripts/bench.ts";
import { Endpoint, Monitor } from "../../../lib/opcua/index.ts";
import { startCounter } from "../../support/counter.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { rounded } from "../process.ts";

const TAGS = 1000;
const SECONDS = 10;
const tags = Array.from({ length: TAGS }, (_, i) => ({
  device: "Counter1",
  metric: `Count${i}`,
  nodeId: `ns=1;s=Count${i}`,
}));

interface Measured {
  readonly changes: number;
  readonly microseconds: number;
}

/** Processor microseconds of this process a change, over some seconds after a second of warming up. */
async function measure(changes: () => number): Promise<Measured> {
  await pause(2000);
  const before = changes();
  const cpu = process.cpuUsage();
  await pause(SECONDS * 1000);
  const { user, system } = process.cpuUsage(cpu);
  return { changes: changes() - before, microseconds: (user + system) / (changes() - before) };
}

async function ours(url: string, pkiFolder: string): Promise<Measured> {
  const endpoint = new Endpoint({ name: "bench", url, pkiFolder });
  let changes = 0;
  const monitor = new Monitor(endpoint, tags, {
    publishingMs: 100,
    samplingMs: 0,
    queueSize: 10,
    enumTexts: true,
    onBatch: (batch) => void (changes += batch.length),
  });
  endpoint.use(monitor);
  endpoint.start();
  await until("all items", () => monitor.active === TAGS);
  const measured = await measure(() => changes);
  await endpoint.close();
  return measured;
}

async function theirs(url: string): Promise<Measured> {
  const client = OPCUAClient.create({ endpointMustExist: false });
  await client.connect(url);
  const session = await client.createSession();
  const subscription = await session.createSubscription2({ requestedPublishingInterval: 100, publishingEnabled: true });
  let changes = 0;
  const group = await subscription.monitorItems(
    tags.map(({ nodeId }) => ({ nodeId, attributeId: AttributeIds.Value })),
    { samplingInterval: 0, queueSize: 10, discardOldest: true },
    TimestampsToReturn.Both,
  );
  group.on("changed", () => void changes++);
  const measured = await measure(() => changes);
  await session.close();
  await client.disconnect();
  return measured;
}

export async function run(): Promise<BenchResult> {
  const [port] = await freePorts(1);
  const counter = await startCounter(port!, TAGS, 100);
  const pki = mkdtempSync(path.join(os.tmpdir(), "fplus-pki-"));
  try {
    const own = await ours(counter.url, pki);
    const peer = await theirs(counter.url);
    const row = (what: string, { changes, microseconds }: Measured) => ({
      what,
      "changes/s": Math.round(changes / SECONDS),
      "µs of processor a change": rounded(microseconds),
      "to the peer": rounded(microseconds / peer.microseconds, 2),
    });
    return {
      title: `OPC UA, ${TAGS} tags at 10 Hz over one subscription`,
      rows: [row("into batches", own), row("node-opcua's monitored items", peer)],
    };
  } finally {
    await counter.stop();
    rmSync(pki, { recursive: true, force: true });
  }
}
