import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { SampleBatch, ValueType } from "../../../lib/sample/index.ts";
import { addMetric, decodePayload, encodePlain, head, typeOf } from "../../../lib/sparkplug/index.ts";
import { LastSamples } from "../../../lib/sparkplug/host/last-samples.ts";
import { NodeView } from "../../../lib/sparkplug/host/node-view.ts";
import { type Duel, duel } from "../rounds.ts";
import { data, NOW, peer } from "./payloads.ts";

/** What a host does with every message, here and as one would write it on sparkplug-payload. */
export function hostPipeline(count: number): Duel {
  const { metrics } = data(count) as { metrics: { alias: number; type: string; value: unknown }[] };
  const birth = encodePlain({
    timestamp: NOW,
    seq: 0,
    metrics: metrics.map((metric) => ({ ...metric, name: `Module/Value ${metric.alias}`, timestamp: NOW })),
  });
  const message = Buffer.from(encodePlain(data(count)));

  const view = new NodeView("Bench", "Node");
  const last = new LastSamples();
  decodePayload(birth);
  last.update(view.nodeBirth(NOW).batch);
  const ours = (): void => {
    decodePayload(message);
    last.update(view.data("", NOW).batch);
  };

  const names = new Map(metrics.map(({ alias }) => [alias, `Bench/Node/Module/Value ${alias}`]));
  const values = new Map<string, { value: unknown; timestamp: number; quality: number }>();
  const bits: Readonly<Record<string, number>> = { Int8: 24, Int16: 16, Int32: 0 };
  const theirs = (): void => {
    for (const metric of peer.decodePayload(message).metrics ?? []) {
      const name = names.get(Number(metric.alias));
      if (name === undefined) continue;
      let { value } = metric as { value: unknown };
      const shift = bits[metric.type ?? ""];
      if (shift !== undefined && typeof value === "number") value = (value << shift) >> shift;
      values.set(name, { value, timestamp: Number(metric.timestamp), quality: 192 });
    }
  };
  ours();
  theirs();
  if (head.count !== count || values.size !== count) throw new Error("the pipelines do not see all metrics");
  return duel(ours, theirs);
}

/** Bytes of heap that are garbage afterwards, a metric, when DATA is decoded into one batch again and again. */
export function garbage(count: number): { ours: number; peer: number } {
  const message = Buffer.from(encodePlain(data(count)));
  const batch = new SampleBatch(count);
  const ours = (): void => {
    decodePayload(message);
    batch.length = 0;
    for (let i = 0; i < head.count; i++) addMetric(i, typeOf(i, ValueType.Unknown), i, 0, batch, NOW);
  };
  return { ours: bytesOf(ours, 400) / count, peer: bytesOf(() => void peer.decodePayload(message), 40) / count };
}

function bytesOf(run: () => void, calls: number): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let i = 0; i < 5000; i++) run();
  const rounds = Array.from({ length: 15 }, () => {
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < calls; i++) run();
    return (process.memoryUsage().heapUsed - before) / calls;
  });
  return rounds.sort((a, b) => a - b)[7]!;
}
