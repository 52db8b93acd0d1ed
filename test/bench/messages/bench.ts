/**
 * Sparkplug DDATA of ten metrics from an edge node (spool and all) through a broker to a host application in one process:
 * how many a second when nothing holds them back, memory over the run, and the time from sample to host at 1,000 a second.
 * The peer is bare MQTT.js with the same bytes at QoS 0 through the same broker. `FPLUS_BENCH_MESSAGES` sets the
 * length (1000000 for the full soak).
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";
import { connectAsync } from "mqtt";
import type { BenchResult } from "../../../scripts/bench.ts";
import { EmbeddedBroker, openLink } from "../../../lib/broker/index.ts";
import { SampleBatch, signals, ValueType } from "../../../lib/sample/index.ts";
import { EdgeNode, encodePlain, HostApplication } from "../../../lib/sparkplug/index.ts";
import { openSpool } from "../../../lib/spool/index.ts";
import { mosquittoProgram, startMosquitto } from "../../support/mosquitto.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { percentile, rounded } from "../process.ts";

const METRICS = 10;
/** Messages under way at most, so that what is measured is the way and not a queue. */
const WINDOW = 1000;
const PACED = 5000;
const BURST = 10;

type Row = Record<string, string | number>;

export async function run(): Promise<BenchResult> {
  const messages = Number(process.env["FPLUS_BENCH_MESSAGES"] || 100_000);
  const folder = mkdtempSync(path.join(os.tmpdir(), "fplus-messages-"));
  const rows: Row[] = [];
  try {
    const [embeddedPort, mosquittoPort] = await freePorts(2);
    const embedded = new EmbeddedBroker({ host: "127.0.0.1", port: embeddedPort! });
    await embedded.open();
    rows.push(await through("embedded", embeddedPort!, messages, path.join(folder, "embedded")));
    await embedded.close();
    if (mosquittoProgram !== undefined) {
      const mosquitto = await startMosquitto(folder, mosquittoPort!);
      rows.push(await through("Mosquitto", mosquittoPort!, messages, path.join(folder, "mosquitto")));
      await mosquitto.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { title: `${messages} DDATA of ${METRICS} metrics: edge node, broker, host application`, rows };
}

async function through(broker: string, port: number, messages: number, directory: string): Promise<Row> {
  const address = { url: `mqtt://127.0.0.1:${port}` };
  const line = signalsOf(broker);
  let received = 0;
  let lost = 0;
  let expected = 0;
  const sentAt = new Float64Array(PACED);
  const took: number[] = [];
  const host = new HostApplication({
    hostId: "Bench",
    address,
    openLink,
    onBatch: (batch) => {
      const serial = batch.number(0);
      // A birth repeats what was last said.
      if (batch.length !== METRICS || serial < expected) return;
      lost += serial - expected;
      expected = serial + 1;
      received++;
      if (took.length < PACED && paced) took.push(performance.now() - sentAt[received - 1 - before]!);
    },
  });
  const edge = new EdgeNode({
    groupId: "Bench",
    edgeNodeId: broker,
    address,
    openLink,
    directory,
    spool: openSpool({ directory, maxBytes: 1e9, policy: "refuse" }),
  });
  let paced = false;
  let before = 0;
  host.start();
  edge.start();
  await until("the edge node to be online", () => edge.online);
  edge.accept(batchOf(line, -1));
  await until("the host to know the device", () => host.health().gauges["devicesOnline"] === 1);

  const memory: number[] = [];
  const from = performance.now();
  for (let sent = 0; sent < messages; sent++) {
    edge.accept(batchOf(line, sent));
    await room(() => sent - received);
    if (sent % Math.ceil(messages / 50) === 0) {
      globalThis.gc?.();
      memory.push(process.memoryUsage().heapUsed / 2 ** 20);
    }
  }
  await until("all to arrive", () => received + lost >= messages);
  const rate = (messages / (performance.now() - from)) * 1000;

  before = received;
  paced = true;
  for (let i = 0; i < PACED; i += BURST) {
    for (let k = i; k < i + BURST; k++) {
      sentAt[k] = performance.now();
      edge.accept(batchOf(line, messages + k));
    }
    await pause(BURST);
  }
  await until("the paced ones to arrive", () => took.length >= PACED - lost);
  await edge.close();
  await host.close();
  const peer = await bare(address.url, Math.min(messages, 100_000));
  const half = memory.slice(memory.length >> 1);
  return {
    broker,
    "messages/s": Math.round(rate),
    "bare MQTT.js": Math.round(peer),
    "of the peer": rounded(rate / peer, 2),
    lost,
    "heap, first and last (MB)": `${rounded(half[0] ?? 0)} and ${rounded(half.at(-1) ?? 0)}`,
    "at 1,000/s: p50, p99 (ms)": `${rounded(percentile(took, 50))}, ${rounded(percentile(took, 99))}`,
    "p99 at most": 50,
  };
}

function signalsOf(source: string): number[] {
  return Array.from(
    { length: METRICS },
    (_, i) => signals.intern({ source, device: "Press", metric: `Metric${i}`, type: ValueType.Double }).id,
  );
}

/** Waits until fewer are under way than may be. */
async function room(underWay: () => number): Promise<void> {
  while (underWay() > WINDOW) await turn();
}

/** The first metric carries the message's number, so that a hole is seen. */
function batchOf(line: readonly number[], serial: number): SampleBatch {
  const batch = new SampleBatch(METRICS);
  const now = Date.now();
  line.forEach((signal, i) => batch.addValue(signal, ValueType.Double, i === 0 ? serial : serial / (i + 1), now));
  return batch;
}

/** Messages a second that MQTT.js alone carries from one client to another. */
async function bare(url: string, messages: number): Promise<number> {
  const payload = Buffer.from(
    encodePlain({
      timestamp: Date.now(),
      seq: 1,
      metrics: Array.from({ length: METRICS }, (_, i) => ({
        alias: i,
        type: "Double",
        value: i / 3,
        timestamp: Date.now(),
      })),
    }),
  );
  const [publisher, subscriber] = await Promise.all([connectAsync(url), connectAsync(url)]);
  let received = 0;
  subscriber.on("message", () => void received++);
  await subscriber.subscribeAsync("bench/bare");
  const from = performance.now();
  for (let sent = 0; sent < messages; sent++) {
    publisher.publish("bench/bare", payload);
    await room(() => sent - received);
  }
  await until("all bare ones to arrive", () => received === messages);
  const rate = (messages / (performance.now() - from)) * 1000;
  await Promise.all([publisher.endAsync(), subscriber.endAsync()]);
  return rate;
}
