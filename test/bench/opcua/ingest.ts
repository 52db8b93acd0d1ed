import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { AttributeIds, OPCUACertificateManager, OPCUAClient, TimestampsToReturn } from "node-opcua";
import { Endpoint, Monitor } from "../../../lib/opcua/index.ts";
import { freePorts } from "../../support/ports.ts";
import { startPrinting } from "../../support/services.ts";
import { until } from "../../support/until.ts";

const TAGS = 1000;
const ROUNDS = 5;
const WARM_MS = 1500;
const ROUND_MS = 2500;

/** Processor microseconds a change, and how many a second went through. */
export interface Ingest {
  readonly microseconds: number;
  readonly perSecond: number;
}

/**
 * Both ways to read, by turns from the same server, which sends as fast as it is asked: 1,000 doubles a message, each with
 * source and server time. Both count what they hand on, and acknowledge it. The peer makes a DataValue of each change, with
 * both times as Dates; ours are lanes of a batch, with the source time to 100 ns (server time where there is none), and ours
 * also drops repeats, counts overflows and puts the messages in order. The peer has node-opcua's own transport settings.
 */
export async function compareIngest(): Promise<{ ours: Ingest; peer: Ingest; ratio: number }> {
  const [port] = await freePorts(1);
  const program = path.join(import.meta.dirname, "../../support/blast-server.ts");
  const server = await startPrinting(process.execPath, [program, String(port), String(TAGS)]);
  const pkiFolder = mkdtempSync(path.join(os.tmpdir(), "fplus-pki-"));
  const url = `opc.tcp://127.0.0.1:${port}/blast`;
  const ours: Ingest[] = [];
  const peer: Ingest[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await byMonitor(url, pkiFolder));
      peer.push(await byGroup(url, pkiFolder));
    }
  } finally {
    await server.stop();
    rmSync(pkiFolder, { recursive: true, force: true });
  }
  const ratios = ours.map(({ microseconds }, i) => microseconds / peer[i]!.microseconds);
  return { ours: middle(ours), peer: middle(peer), ratio: ratios.toSorted((a, b) => a - b)[ROUNDS >> 1]! };
}

function middle(rounds: readonly Ingest[]): Ingest {
  return rounds.toSorted((a, b) => a.microseconds - b.microseconds)[ROUNDS >> 1]!;
}

async function measure(changes: () => number): Promise<Ingest> {
  await pause(WARM_MS);
  const before = changes();
  const began = performance.now();
  const cpu = process.cpuUsage();
  await pause(ROUND_MS);
  const { user, system } = process.cpuUsage(cpu);
  const count = changes() - before;
  return { microseconds: (user + system) / count, perSecond: (count * 1000) / (performance.now() - began) };
}

async function byMonitor(url: string, pkiFolder: string): Promise<Ingest> {
  const endpoint = new Endpoint({ name: "bench", url, pkiFolder });
  const tags = Array.from({ length: TAGS }, (_, i) => ({
    device: "Blast",
    metric: `Value${i}`,
    nodeId: `ns=1;s=Count${i}`,
  }));
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

async function byGroup(url: string, rootFolder: string): Promise<Ingest> {
  const client = OPCUAClient.create({
    endpointMustExist: false,
    clientCertificateManager: new OPCUACertificateManager({ rootFolder }),
  });
  await client.connect(url);
  const session = await client.createSession();
  const subscription = await session.createSubscription2({ requestedPublishingInterval: 100, publishingEnabled: true });
  let changes = 0;
  const group = await subscription.monitorItems(
    Array.from({ length: TAGS }, (_, i) => ({ nodeId: `ns=1;s=Count${i}`, attributeId: AttributeIds.Value })),
    { samplingInterval: 0, queueSize: 10, discardOldest: true },
    TimestampsToReturn.Both,
  );
  group.on("changed", () => void changes++);
  const measured = await measure(() => changes);
  await session.close();
  await client.disconnect();
  return measured;
}
