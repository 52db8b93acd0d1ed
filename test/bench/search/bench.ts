/**
 * The embedded search engine over 20,000 documents (`FPLUS_BENCH_DOCUMENTS`): 200 queries of each kind, with SQLite's FTS5 beside it, which
 * finds whole words only. Broad words: one in eight documents has each.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { BenchResult } from "../../../scripts/bench.ts";
import { openSearch, type SearchDocument } from "../../../lib/search/index.ts";

const ROUNDS = 200;
const NOUNS = ["temperature", "pressure", "vibration", "speed", "torque", "level", "flow", "humidity"];
const THINGS = ["sensor", "transmitter", "pump", "valve", "motor", "gauge", "switch", "controller"];
const TYPES = ["sensor", "actuator", "drive", "gateway"];
const SITES = ["Leeds", "Sheffield", "Graz", "Turin", "Lyon"];

function documents(count: number): SearchDocument[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `Acme/${SITES[i % 5]!}/Line ${i % 40}/Device ${i}`,
    name: `${NOUNS[i % 8]!} ${THINGS[(i >> 3) % 8]!} ${i}`,
    description: `The ${NOUNS[(i >> 6) % 8]!} ${THINGS[(i >> 4) % 8]!} of line ${i % 40}, calibrated in ${2000 + (i % 25)} by team ${i % 9}`,
    device_type: TYPES[i % 4]!,
    location: `production_line_${i % 40}`,
    status: i % 7 === 0 ? "offline" : "online",
    serial: i,
  }));
}

interface Times {
  readonly p50: number;
  readonly p95: number;
}

async function times(run: (round: number) => unknown): Promise<Times> {
  const taken: number[] = [];
  for (let round = -10; round < ROUNDS; round++) {
    const start = performance.now();
    await run(round + 10);
    if (round >= 0) taken.push(performance.now() - start);
  }
  taken.sort((a, b) => a - b);
  const at = (share: number): number => Math.round(taken[Math.floor(taken.length * share)]! * 100) / 100;
  return { p50: at(0.5), p95: at(0.95) };
}

const row = (query: string, { p50, p95 }: Times, peer?: Times): Record<string, string | number> => ({
  query,
  "median ms": p50,
  "p95 ms": p95,
  ...(peer === undefined ? {} : { "FTS5 p95 ms": peer.p95 }),
});

export async function run(options: { documents?: number } = {}): Promise<BenchResult> {
  const count = options.documents ?? Number(process.env["FPLUS_BENCH_DOCUMENTS"] || 20_000);
  const folder = mkdtempSync(path.join(os.tmpdir(), "fplus-bench-"));
  const all = documents(count);
  const peer = new DatabaseSync(":memory:");
  peer.exec("create virtual table d using fts5(name, description)");
  const insert = peer.prepare("insert into d values(?, ?)");
  for (const document of all) insert.run(document["name"] as string, document["description"] as string);
  const fts = peer.prepare(
    "select rowid, (select count(*) from d where d match ?1) from d where d match ?1 order by rank limit 20",
  );
  const store = openSearch({ engine: "embedded", directory: folder });
  try {
    const before = process.memoryUsage().rss;
    const start = performance.now();
    await store.configure("devices", {
      searchable: ["name", "description"],
      filterable: ["device_type", "location", "status", "serial"],
      sortable: ["serial"],
    });
    for (let at = 0; at < count; at += 1000) await store.upsert("devices", all.slice(at, at + 1000));
    const seconds = (performance.now() - start) / 1000;
    const memory = Math.round((process.memoryUsage().rss - before) / 1e6);
    const search = (body: object): Promise<unknown> => store.search("devices", body);
    const noun = (i: number): string => NOUNS[i % 8]!;
    const thing = (i: number): string => THINGS[(i * 3) % 8]!;
    const mistyped = (word: string): string => word.slice(0, 3) + word.slice(4);
    const facets = ["device_type", "location", "status"];
    const rows = [
      row("one word", await times((i) => search({ q: noun(i) })), await times((i) => fts.all(noun(i)))),
      row(
        "two words",
        await times((i) => search({ q: `${noun(i)} ${thing(i)}` })),
        await times((i) => fts.all(`${noun(i)} ${thing(i)}`)),
      ),
      row("two mistyped words", await times((i) => search({ q: `${mistyped("temperature")} ${mistyped(thing(i))}x` }))),
      row("a word being typed", await times((i) => search({ q: noun(i).slice(0, 1 + (i % 4)) }))),
      row("a rare word", await times((i) => search({ q: `team ${(i * 97) % count}` }))),
      row(
        "two words, filter, three facets",
        await times((i) =>
          search({
            query: `${noun(i)} ${thing(i)}`,
            filters: `device_type = 'sensor' AND location = 'production_line_${(i * 4) % 40}'`,
            facets,
          }),
        ),
      ),
      row(
        "no word, three facets, sorted",
        await times((i) => search({ q: "", facets, sort: ["serial:desc"], offset: i })),
      ),
      row(
        "four words, highlighted",
        await times((i) => search({ q: `the ${noun(i)} ${thing(i)} line`, attributesToHighlight: ["*"] })),
      ),
    ];
    const title = `Search: ${count.toLocaleString("en")} documents, indexed and on disk in ${seconds.toFixed(1)} s, ${memory} MB`;
    return { title, rows };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
