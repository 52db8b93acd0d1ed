/**
 * The embedded historian: append, size and queries, beside a plain SQLite table in the same run;
 * our line protocol beside the official client's Point; Sparkplug DATA into a server's lines; a kill, an InfluxDB that is away, and what each takes.
 * `FPLUS_BENCH_POINTS` sets the size (10,000,000 for the full figure), `FPLUS_BENCH_OUTAGE_SECONDS` the outage (300).
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { BenchResult } from "../../../scripts/bench.ts";
import { openHistorian } from "../../../lib/historian/index.ts";
import { SampleBatch, SignalRegistry, ValueType } from "../../../lib/sample/index.ts";
import { influxd2Program } from "../../support/influxd2.ts";
import { findProgram } from "../../support/services.ts";
import { crash } from "./crash.ts";
import { ingest } from "./ingest.ts";
import { lines } from "./lines.ts";
import { outage } from "./outage.ts";
import { servers } from "./servers.ts";

const SERIES = 100;
const T0 = 1_700_000_000_000;
const DAY_MS = 86_400_000;
const registry = new SignalRegistry();
const ids = Array.from(
  { length: SERIES },
  (_, i) => registry.intern({ source: "Acme/Leeds", device: `Machine${i % 6}`, metric: `Tag ${i}`, unit: "Cel" }).id,
);

/** Five seconds of all series: two decimals with noise, as a plant's sensors send. */
function batchAt(second: number): SampleBatch {
  const batch = new SampleBatch(SERIES * 5);
  for (let k = 0; k < 5; k++) {
    for (let s = 0; s < SERIES; s++) {
      const i = batch.add(ids[s]!, ValueType.Double, T0 + (second + k) * 1000, 0, 0);
      batch.f64[i] = Math.round((50 + s + 10 * Math.sin((second + k) / 300) + Math.random()) * 100) / 100;
    }
  }
  return batch;
}

async function best(times: number, run: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

const perSecond = (count: number, ms: number): number => Math.round((count / ms) * 1000);
const rounded = (value: number): number => Math.round(value * 100) / 100;

async function embedded(points: number, folder: string): Promise<Record<string, string | number>> {
  const store = openHistorian({ engine: "embedded", directory: folder, registry });
  await store.open();
  const seconds = points / SERIES;
  let making = 0;
  const start = performance.now();
  let group: Promise<unknown>[] = [];
  for (let second = 0; second < seconds; second += 5) {
    const before = performance.now();
    const batch = batchAt(second);
    making += performance.now() - before;
    group.push(store.write(batch));
    if (group.length === 50) {
      await Promise.all(group);
      group = [];
    }
  }
  await Promise.all(group);
  const append = perSecond(points, performance.now() - start);
  const to = T0 + seconds * 1000;
  const signals = ["Acme/Leeds/Machine0/Tag 0"];
  const query = { signals, from: to - DAY_MS, to };
  const mean = await best(5, () => store.query({ ...query, aggregate: "mean", windowMs: 300_000 }));
  const trend = await best(5, () => store.query({ ...query, maxPoints: 1000 }));
  const hour = { signals: ["Acme/**"], from: to - 3_600_000, to, aggregate: "mean", windowMs: 3_600_000 } as const;
  const all = await best(3, () => store.query(hour));
  await store.close();
  const bytes = readdirSync(folder).reduce((sum, file) => sum + statSync(path.join(folder, file)).size, 0);
  return {
    store: "embedded",
    "append samples/s": append,
    "of it making them": `${Math.round((making / (performance.now() - start)) * 100)} %`,
    "bytes a sample": rounded(bytes / points),
    "24 h, 5 min mean, ms": rounded(mean),
    "24 h for a trend, ms": rounded(trend),
    "all signals, 1 h mean, ms": rounded(all),
  };
}

async function plainTable(points: number, folder: string): Promise<Record<string, string | number>> {
  const file = path.join(folder, "plain.sqlite");
  const database = new DatabaseSync(file);
  database.exec("pragma journal_mode = wal; pragma synchronous = full");
  database.exec("create table p(s integer, t integer, v real, primary key(s, t)) without rowid, strict");
  const insert = database.prepare("insert or replace into p values(?, ?, ?)");
  const seconds = points / SERIES;
  const start = performance.now();
  for (let second = 0; second < seconds; second += 5) {
    const batch = batchAt(second);
    database.exec("begin");
    for (let i = 0; i < batch.length; i++) insert.run(batch.signal[i]!, batch.timeMs[i]!, batch.f64[i]!);
    database.exec("commit");
  }
  const append = perSecond(points, performance.now() - start);
  const to = T0 + seconds * 1000;
  const mean = database.prepare("select t / 300000, avg(v) from p where s = ? and t >= ? and t < ? group by 1");
  const trend = database.prepare("select t, v from p where s = ? and t >= ? and t < ?");
  const hour = database.prepare("select s, avg(v) from p where t >= ? and t < ? and s = ? group by s");
  const row = {
    store: "SQLite table, a row a sample, 1000 a commit",
    "append samples/s": append,
    "24 h, 5 min mean, ms": rounded(await best(5, () => mean.all(0, to - DAY_MS, to))),
    "24 h for a trend, ms": rounded(await best(5, () => trend.all(0, to - DAY_MS, to))),
    "all signals, 1 h mean, ms": rounded(await best(3, () => ids.map((id) => hour.all(to - 3_600_000, to, id)))),
  };
  database.close();
  return { ...row, "bytes a sample": rounded(statSync(file).size / points) };
}

export async function run(options: { points?: number } = {}): Promise<BenchResult> {
  const points = options.points ?? Number(process.env["FPLUS_BENCH_POINTS"] || 2_000_000);
  const folder = mkdtempSync(path.join(os.tmpdir(), "fplus-bench-"));
  try {
    const own = await embedded(points, path.join(folder, "own"));
    const plain = await plainTable(points, folder);
    const crashed = await crash(path.join(folder, "crash"));
    const ingested = await ingest(Math.min(points, 2_000_000));
    const influxd = findProgram("FPLUS_TEST_INFLUXD", "/usr/bin/influxd");
    if (influxd === undefined) console.error("influxd is not installed: nothing is said of an outage");
    const away = influxd === undefined ? [] : [await outage("1.6", influxd, path.join(folder, "outage"))];
    if (influxd2Program !== undefined) away.push(await outage("2.7", influxd2Program, path.join(folder, "outage2")));
    const programs = { "1.6": influxd, "1.8": process.env["FPLUS_TEST_INFLUXD18"], "2.7": influxd2Program };
    const taken = await servers(programs, path.join(folder, "servers"), registry, ids);
    const title = `Historian: ${points.toLocaleString("en")} samples of ${SERIES} series, and line protocol`;
    return { title, rows: [own, plain, ...lines(batchAt(0), registry), ingested, crashed, ...away, ...taken] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
