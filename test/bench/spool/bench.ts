/**
 * The store of an edge node: appends of encoded batches with a shared fsync every 50 ms, and the catching up after an
 * outage beside live data. The peer is a plain file with appendFileSync of JSON lines and the same fsyncs.
 */
import { appendFileSync, closeSync, fdatasync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";
import type { BenchResult } from "../../../scripts/bench.ts";
import { SampleBatch, ValueType } from "../../../lib/sample/index.ts";
import { Outbox } from "../../../lib/sparkplug/edge/outbox.ts";
import { decodeRecord, encodeRecord } from "../../../lib/sparkplug/edge/spool-record.ts";
import { openSpool } from "../../../lib/spool/index.ts";
import { rounded } from "../process.ts";

const VALUES = 100;
const RECORDS = 20_000;
const LIVE_PER_SECOND = 200;

export async function run(): Promise<BenchResult> {
  const folder = mkdtempSync(path.join(tmpdir(), "fplus-spool-"));
  try {
    const ours = await appends(folder);
    const lines = await plainAppends(folder);
    const { replayed, live, slowest } = await catchUp(folder);
    return {
      title: `Spool, records of ${VALUES} values`,
      rows: [
        { what: "append with group fsync", value: rounded(ours, 0), unit: "values/s", bar: 200_000 },
        { what: "the same as JSON lines in a plain file", value: rounded(lines, 0), unit: "values/s", bar: "peer" },
        { what: "catching up beside live data", value: rounded(replayed, 0), unit: "values/s", bar: 2 * live },
        { what: "live data meanwhile", value: live, unit: "values/s", bar: "" },
        { what: "longest wait of a live record", value: rounded(slowest), unit: "ms", bar: "" },
      ],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function record(): { batch: SampleBatch; aliases: Uint32Array } {
  const batch = new SampleBatch(VALUES);
  for (let i = 0; i < VALUES; i++) batch.addValue(i, ValueType.Double, i / 7, Date.now());
  return { batch, aliases: Uint32Array.from({ length: VALUES }, (_, i) => i + 1) };
}

/** Values a second, with an fsync under way most of the time. */
async function appends(folder: string): Promise<number> {
  const spool = openSpool({ directory: path.join(folder, "append"), maxBytes: 1e9, policy: "refuse" });
  const { batch, aliases } = record();
  const from = performance.now();
  let flushing: Promise<void> | undefined;
  for (let i = 0; i < RECORDS; i++) {
    spool.append(encodeRecord(batch, aliases));
    if (i % 500 === 499) await turn();
    flushing ??= spool.flush().finally(() => (flushing = undefined));
  }
  await spool.flush();
  const seconds = (performance.now() - from) / 1000;
  await spool.close();
  return (RECORDS * VALUES) / seconds;
}

async function plainAppends(folder: string): Promise<number> {
  const file = openSync(path.join(folder, "lines"), "a");
  const { batch, aliases } = record();
  const records = RECORDS / 10;
  const from = performance.now();
  let flushing: Promise<void> | undefined;
  for (let n = 0; n < records; n++) {
    const line = Array.from({ length: VALUES }, (_, i) => ({
      alias: aliases[i],
      time: batch.timeMs[i],
      value: batch.value(i),
    }));
    appendFileSync(file, `${JSON.stringify(line)}\n`);
    if (n % 500 === 499) await turn();
    flushing ??= promisify(fdatasync)(file).finally(() => (flushing = undefined));
  }
  await promisify(fdatasync)(file);
  const seconds = (performance.now() - from) / 1000;
  closeSync(file);
  return (records * VALUES) / seconds;
}

/** A backlog is sent while live records go on being appended at a fixed rate. */
async function catchUp(folder: string): Promise<{ replayed: number; live: number; slowest: number }> {
  const spool = openSpool({ directory: path.join(folder, "replay"), maxBytes: 1e9, policy: "refuse" });
  const { batch, aliases } = record();
  for (let i = 0; i < RECORDS; i++) spool.append(encodeRecord(batch, aliases));
  let sent = 0;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const outbox = new Outbox(
    spool,
    60_000,
    async (one) => {
      sent += decodeRecord(one.data).length;
      return true;
    },
    resolve,
    (error) => {
      throw error;
    },
  );
  let slowest = 0;
  let due = performance.now();
  const timer = setInterval(() => {
    for (; due <= performance.now(); due += 1000 / LIVE_PER_SECOND) {
      slowest = Math.max(slowest, performance.now() - due);
      outbox.sentLive(spool.append(encodeRecord(batch, aliases)));
    }
  }, 1);
  const from = performance.now();
  outbox.online();
  await done;
  const seconds = (performance.now() - from) / 1000;
  clearInterval(timer);
  await outbox.close();
  return { replayed: sent / seconds, live: LIVE_PER_SECOND * VALUES, slowest };
}
