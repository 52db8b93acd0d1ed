import type { TestContext } from "node:test";
import sparkplugPayload from "sparkplug-payload";
import { type BrokerAddress, EmbeddedBroker, openLink } from "../../../lib/broker/index.ts";
import { isHistorical, SampleBatch, signals, ValueType } from "../../../lib/sample/index.ts";
import {
  EdgeNode,
  type EdgeNodeOptions,
  HostApplication,
  type HostApplicationOptions,
  type LifecycleEvent,
} from "../../../lib/sparkplug/index.ts";
import { openSpool } from "../../../lib/spool/index.ts";
import { freePorts } from "../ports.ts";
import { until } from "../until.ts";

const reference = sparkplugPayload.get("spBv1.0")!;

/** A Sparkplug message, decoded by an implementation that is not ours. */
export interface Seen {
  readonly topic: string;
  readonly payload: ReturnType<typeof reference.decodePayload>;
}

/** A broker with a recorder that keeps every Sparkplug message, decoded by an implementation that is not ours. */
export async function world(t: TestContext) {
  const [port] = await freePorts(1);
  const address: BrokerAddress = { url: `mqtt://127.0.0.1:${port}`, keepalive: 2 };
  const closing: (() => Promise<void>)[] = [];
  let broker = new EmbeddedBroker({ host: "127.0.0.1", port: port! });
  await broker.open();
  const seen: Seen[] = [];
  const recorder = openLink({ address, clientId: "recorder" });
  recorder.subscribe("spBv1.0/#", 1, (topic, payload) => {
    if (!topic.startsWith("spBv1.0/STATE")) seen.push({ topic, payload: reference.decodePayload(payload) });
  });
  recorder.start();
  await until("recorder", () => recorder.connected);
  closing.push(() => recorder.end());
  t.after(async () => {
    for (const close of closing.reverse()) await close();
    await broker.close();
  });
  return {
    address,
    seen,
    recorder,
    types: () => seen.map(({ topic }) => topic.split("/").slice(2).join("/")),
    async stopBroker() {
      await broker.close();
    },
    async startBroker() {
      broker = new EmbeddedBroker({ host: "127.0.0.1", port: port! });
      await broker.open();
    },
    edge(folder: string, options: Partial<EdgeNodeOptions> = {}): EdgeNode {
      const edge = new EdgeNode({
        groupId: "G",
        edgeNodeId: "N",
        address,
        openLink,
        directory: folder,
        spool: openSpool({ directory: folder, maxBytes: 1e8, policy: "drop-oldest" }),
        rollingMs: 1000,
        ...options,
      });
      edge.start();
      closing.push(() => edge.close());
      return edge;
    },
    host(options: Partial<HostApplicationOptions> = {}) {
      const values = new Map<string, number[]>();
      const events: LifecycleEvent[] = [];
      const errors: unknown[] = [];
      /** Paths of samples that came with a status, and the status. */
      const statuses = new Map<string, number[]>();
      let historical = 0;
      const host = new HostApplication({
        hostId: "H",
        address,
        openLink,
        onEvent: (event) => events.push(event),
        onError: (error) => errors.push(error),
        onBatch: (batch) => {
          for (let i = 0; i < batch.length; i++) {
            if (isHistorical(batch, i)) historical += 1;
            const { path } = signals.get(batch.signal[i]!);
            const list = values.get(path) ?? [];
            list.push(batch.number(i));
            values.set(path, list);
            statuses.set(path, [...(statuses.get(path) ?? []), batch.status[i]!]);
          }
        },
        ...options,
      });
      host.start();
      closing.push(() => host.close());
      return { host, values, statuses, events, errors, historical: () => historical };
    },
  };
}

export let clock = 1_700_000_000_000;
/** One sample a metric, all at a time later than that of any before. */
export function sampled(values: Record<string, number>, status = 0, device = "Press"): SampleBatch {
  const batch = new SampleBatch();
  clock += 1;
  for (const [metric, value] of Object.entries(values)) {
    const signal = signals.intern({
      source: "plc",
      device,
      metric,
      unit: "Cel",
      hierarchy: ["Acme", "Sheffield", "Forming", "Line1"],
    });
    batch.addValue(signal.id, ValueType.Double, value, clock, 0, status);
  }
  return batch;
}

export const metricsOf = (seen: Seen | undefined) => seen?.payload.metrics ?? [];
export const seqOf = (seen: Seen) =>
  seen.payload.seq === undefined || seen.payload.seq === null ? undefined : Number(seen.payload.seq);
