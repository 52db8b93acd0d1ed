/**
 * The database's face against the driver alone, on the same embedded PostgreSQL and in turns; reading a million rows; the
 * embedded cache against the library it stands on.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { LRUCache } from "lru-cache";
import { Client } from "pg";
import type { BenchResult } from "../../../scripts/bench.ts";
import { openCache } from "../../../lib/cache/index.ts";
import { type Database, openDatabase } from "../../../lib/database/index.ts";
import { rounded } from "../process.ts";

const ROUNDS = 15;
const CALLS = 400;
const MILLION = "SELECT g, repeat('x', 100) AS t FROM generate_series(1, 1000000) g";

export async function run(): Promise<BenchResult> {
  const folder = mkdtempSync(path.join(tmpdir(), "fplus-database-"));
  chmodSync(folder, 0o755);
  const directory = path.join(folder, "database");
  const database = openDatabase({ engine: "embedded", directory });
  try {
    const began = performance.now();
    await database.open();
    const firstStart = performance.now() - began;
    const driver = await driverOf(directory);
    await database.query("CREATE TABLE parts (id int PRIMARY KEY, name text)");
    await database.query("INSERT INTO parts SELECT g, 'part ' || g FROM generate_series(1, 10000) g");
    const sql = "SELECT name FROM parts WHERE id = $1";
    const point = await ratio(
      (i) => database.query(sql, [1 + (i % 10_000)]),
      (i) => driver.query(sql, [1 + (i % 10_000)]),
    );
    const commit = await perSecond((i) => database.query("INSERT INTO parts VALUES ($1, 'new')", [20_000 + i]), 300);
    const stream = await streaming(database);
    await driver.end();
    await database.close();
    const again = performance.now();
    const reopened = openDatabase({ engine: "embedded", directory });
    await reopened.open();
    const secondStart = performance.now() - again;
    await reopened.close();
    const cache = await cacheRates();
    return {
      title: "Database (embedded PostgreSQL) and cache",
      rows: [
        { what: "first start, with a new cluster", value: rounded(firstStart), unit: "ms", bar: "" },
        { what: "start with its data", value: rounded(secondStart), unit: "ms", bar: "" },
        { what: "read one row, one after another", value: rounded(point.ours, 0), unit: "rows/s", bar: "" },
        { what: "the same with the driver alone", value: rounded(point.peer, 0), unit: "rows/s", bar: "peer" },
        { what: "time of ours in that of the driver", value: rounded(point.ratio, 2), unit: "times", bar: "" },
        { what: "commits with fsync, one after another", value: rounded(commit, 0), unit: "commits/s", bar: "" },
        { what: "a million rows, in batches of 1,000", value: rounded(stream.rate, 0), unit: "rows/s", bar: "" },
        { what: "memory that grew meanwhile", value: rounded(stream.grown / 1e6), unit: "MB", bar: "" },
        { what: "embedded cache, set and get of an object", value: rounded(cache.ours, 0), unit: "pairs/s", bar: "" },
        { what: "lru-cache with JSON around it", value: rounded(cache.peer, 0), unit: "pairs/s", bar: "peer" },
      ],
    };
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function driverOf(directory: string): Promise<Client> {
  const [, , , port] = readFileSync(path.join(directory, "server/postmaster.pid"), "utf8").split("\n");
  const password = readFileSync(path.join(directory, "password"), "utf8").trim();
  const name = "factoryplus";
  const client = new Client({ host: "127.0.0.1", port: Number(port), user: name, database: name, password });
  await client.connect();
  return client;
}

async function perSecond(call: (i: number) => Promise<unknown>, calls = CALLS): Promise<number> {
  const from = performance.now();
  for (let i = 0; i < calls; i++) await call(i);
  return (calls * 1000) / (performance.now() - from);
}

/** Both in turn, so that slow moments of the machine hit both; the ratio is the median of all rounds. */
async function ratio(
  ours: (i: number) => Promise<unknown>,
  peer: (i: number) => Promise<unknown>,
): Promise<{ ours: number; peer: number; ratio: number }> {
  const rates: [number, number][] = [];
  for (let round = 0; round < ROUNDS; round++) rates.push([await perSecond(ours), await perSecond(peer)]);
  const ratios = rates.map(([own, other]) => other / own).sort((a, b) => a - b);
  return {
    ours: Math.max(...rates.map(([own]) => own)),
    peer: Math.max(...rates.map(([, other]) => other)),
    ratio: ratios[Math.floor(ROUNDS / 2)]!,
  };
}

async function streaming(database: Database): Promise<{ rate: number; grown: number }> {
  let rows = 0;
  let early = 0;
  let late = 0;
  const from = performance.now();
  for await (const batch of database.stream(MILLION, [], { batchRows: 1000 })) {
    rows += batch.length;
    if (rows <= 300_000) early = Math.max(early, process.memoryUsage.rss());
    else late = Math.max(late, process.memoryUsage.rss());
  }
  return { rate: (rows * 1000) / (performance.now() - from), grown: Math.max(0, late - early) };
}

async function cacheRates(): Promise<{ ours: number; peer: number }> {
  const cache = openCache({ engine: "embedded" });
  const plain = new LRUCache<string, string>({ max: 100_000 });
  const value = { machine: "Press01", state: "running", pieces: 1240 };
  const both = await ratio(
    async (i) => {
      await cache.set(`k${i}`, value);
      await cache.get(`k${i}`);
    },
    (i) => {
      plain.set(`k${i}`, JSON.stringify(value));
      return Promise.resolve(JSON.parse(plain.get(`k${i}`)!));
    },
  );
  await cache.close();
  return both;
}
