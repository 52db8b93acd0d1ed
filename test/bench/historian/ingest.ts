import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { openHistorian } from "../../../lib/historian/index.ts";
import { SampleBatch, signals } from "../../../lib/sample/index.ts";
import { decodePayload, encodePlain } from "../../../lib/sparkplug/index.ts";
import { NodeView } from "../../../lib/sparkplug/host/node-view.ts";
import { startChild } from "../../support/child.ts";
import { data, NOW } from "../sparkplug/payloads.ts";

const METRICS = 100;
const MESSAGES = 50;
/** Processor time that the AMRC ingester was measured to take a point, in microseconds. */
const AMRC_MICROSECONDS = 20;

/** Sparkplug DATA of 100 metrics, decoded as a host does, into a server that throws lines away. */
export async function ingest(points: number): Promise<Record<string, string | number>> {
  const sink = startChild(process.execPath, [path.join(import.meta.dirname, "sink.child.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    return await into(sink, points);
  } finally {
    sink.kill("SIGKILL");
  }
}

async function into(sink: ChildProcess, points: number): Promise<Record<string, string | number>> {
  const [said] = (await once(sink.stdout!, "data")) as [Buffer];
  const url = said.toString().trim();
  const { metrics } = data(METRICS) as { metrics: { alias: number; type: string; value: unknown }[] };
  const named = metrics.map((metric) => ({ ...metric, name: `Module/Value ${metric.alias}`, timestamp: NOW }));
  decodePayload(encodePlain({ timestamp: NOW, seq: 0, metrics: named }));
  const view = new NodeView("Bench", "Node");
  view.nodeBirth(NOW);
  const message = Buffer.from(encodePlain(data(METRICS)));
  const store = openHistorian({ engine: "influx", url, bucket: "b", org: "o", registry: signals });
  await store.open();
  const run = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += METRICS * MESSAGES) {
      const joined = new SampleBatch(METRICS * MESSAGES);
      for (let k = 0; k < MESSAGES; k++) {
        decodePayload(message);
        const { batch } = view.data("", NOW);
        for (let i = 0; i < batch.length; i++) joined.addFrom(batch, i);
      }
      const { rejected } = await store.write(joined);
      if (rejected.length > 0) throw new Error(rejected[0]!.reason);
    }
  };
  await run(points / 10);
  const before = Number(await (await fetch(`${url}/lines`)).text());
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run(points);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const after = Number(await (await fetch(`${url}/lines`)).text());
  if (after - before !== points) throw new Error(`${after - before} lines arrived instead of ${points}`);
  await store.close();
  const each = (user + system) / points;
  return {
    "Sparkplug DATA to lines on a server": `${METRICS} metrics a message`,
    "points/s": Math.round((points / ms) * 1000),
    "µs of processor a point": Math.round(each * 100) / 100,
    "times less than 20 µs": Math.round((AMRC_MICROSECONDS / each) * 10) / 10,
  };
}
