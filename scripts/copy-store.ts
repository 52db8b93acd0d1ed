/**
 * `npm run copy-store -- database <from> <to>`: copies all tables of a database into an empty one and verifies them, all or nothing.
 * Places are `embedded:<folder>` or `postgres://user:password@host:5432/database`.
 * `npm run copy-store -- historian <from> <to>`: copies a store into another and verifies it, signal by signal. An interrupted copy
 * goes on where it was when it is started again. Places are `embedded:<folder>` or the address of an InfluxDB with its bucket,
 * `http://127.0.0.1:8086/<bucket>`; `FPLUS_INFLUX_TOKEN` and `FPLUS_INFLUX_ORG` are used where a server asks for them.
 * `npm run copy-store -- objects <from> <to>` and `search <from> <to>`: the same for objects and for search indexes; what the target
 * holds already is left alone.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import path from "node:path";
import { copyDatabase, type DatabaseOptions, openDatabase, optionsOfUrl } from "../lib/database/index.ts";
import { copyHistorian, type HistorianOptions, openHistorian } from "../lib/historian/index.ts";
import { copyObjects } from "./copy/objects.ts";
import { folderOf } from "./copy/place.ts";
import { copyIndexes } from "./copy/search.ts";
import { everySecond } from "./plant/every-second.ts";

const USAGE = `npm run copy-store -- database <from> <to>
  <from>, <to>   embedded:<folder>, or postgres://user:password@host:5432/database. Stop Node-RED first.
npm run copy-store -- historian <from> <to> [--signals <pattern>]
  <from>, <to>   embedded:<folder>, or http://host:8086/<bucket> (layout: ?layout=devices)
  Stop what writes into <from> first. FPLUS_INFLUX_TOKEN and FPLUS_INFLUX_ORG serve an InfluxDB that asks for them.
npm run copy-store -- objects <from> <to>
  <from>, <to>   embedded:<folder> (encrypted: FPLUS_OBJECTS_KEY), or http://host:9000 (FPLUS_S3_ACCESS_KEY, FPLUS_S3_SECRET_KEY)
npm run copy-store -- search <from> <to>
  <from>, <to>   embedded:<folder>, or http://host:7700 (FPLUS_MEILI_KEY)
A cache is not copied: it fills itself. Counters and locks start anew.`;

/** @throws Error with the usage where it is neither */
function optionsOf(place: string, env: NodeJS.ProcessEnv): HistorianOptions {
  const directory = folderOf(place);
  if (directory !== undefined) return { engine: "embedded", directory };
  if (!URL.canParse(place) || !/^https?:/.test(place))
    throw new Error(`neither a folder nor an address: ${place}\n${USAGE}`);
  const url = new URL(place);
  const bucket = decodeURIComponent(url.pathname.slice(1));
  const layout = url.searchParams.get("layout");
  const { FPLUS_INFLUX_ORG: org, FPLUS_INFLUX_TOKEN: token } = env;
  return {
    engine: "influx",
    url: url.origin,
    bucket,
    ...(layout === "devices" || layout === "amrc" ? { layout } : {}),
    ...(org ? { org } : {}),
    ...(token ? { token } : {}),
  };
}

function databaseOf(place: string): DatabaseOptions {
  const directory = folderOf(place);
  return directory === undefined ? optionsOfUrl(place) : { engine: "embedded", directory };
}

async function copyTables(fromPlace: string, toPlace: string): Promise<void> {
  const [from, to] = [openDatabase(databaseOf(fromPlace)), openDatabase(databaseOf(toPlace))];
  try {
    const { tables, left } = await copyDatabase(from, to, ({ table, rows }) => console.log(`${table}: ${rows} rows`));
    const rows = tables.reduce((sum, each) => sum + each.rows, 0);
    console.log(`${rows} rows of ${tables.length} tables are copied and verified.`);
    for (const what of left) console.log(`not copied, make it by hand: ${what}`);
  } finally {
    await from.close();
    await to.close();
  }
}

/** Signals that a former run of the same copy has finished. */
function finishedIn(file: string): Map<string, number> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, number>));
  } catch {
    return new Map();
  }
}

async function main(args: string[]): Promise<void> {
  const at = args.indexOf("--signals");
  const pattern = at < 0 ? undefined : args[at + 1];
  const [kind, fromPlace, toPlace] = at < 0 ? args : args.toSpliced(at, 2);
  if (kind === "cache") throw new Error("A cache is not copied: it fills itself. Choose the server and deploy.");
  if (fromPlace === undefined || toPlace === undefined) throw new Error(USAGE);
  switch (kind) {
    case "database":
      return copyTables(fromPlace, toPlace);
    case "historian":
      return copySignals(fromPlace, toPlace, pattern);
    case "objects":
      if (!(await copyObjects(fromPlace, toPlace))) process.exitCode = 1;
      return;
    case "search":
      return copyIndexes(fromPlace, toPlace);
    default:
      throw new Error(USAGE);
  }
}

async function copySignals(fromPlace: string, toPlace: string, pattern: string | undefined): Promise<void> {
  const from = openHistorian({ ...optionsOf(fromPlace, process.env), name: "from" });
  const to = openHistorian({ ...optionsOf(toPlace, process.env), name: "to" });
  const key = createHash("sha256")
    .update(JSON.stringify([fromPlace, toPlace]))
    .digest("hex")
    .slice(0, 16);
  const folder = path.resolve(process.env["FPLUS_STATE"] || "state", "copies");
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${key}.json`);
  const done = finishedIn(file);
  const say = everySecond();
  try {
    await from.open();
    await to.open();
    const report = await copyHistorian({
      from,
      to,
      until: Date.now(),
      done: new Map(done),
      ...(pattern === undefined ? {} : { pattern }),
      onProgress(progress) {
        if (progress.verified) {
          done.set(progress.path, progress.samples);
          writeFileSync(`${file}.new`, JSON.stringify(Object.fromEntries(done)));
          renameSync(`${file}.new`, file);
        }
        const { signal, signals, path: name, samples } = progress;
        say(() => `${signal} of ${signals} signals, ${name}: ${samples} samples`);
      },
    });
    const { signals, samples, skipped, rejected } = report;
    console.log(
      `${samples} samples of ${signals} signals are copied and verified${skipped > 0 ? `, ${skipped} signals by a former run` : ""}.`,
    );
    for (const { path: name, reason } of rejected.slice(0, 20)) console.log(`not copied: ${name}: ${reason}`);
    if (rejected.length > 20) console.log(`and ${rejected.length - 20} more samples that the target cannot hold`);
  } finally {
    await from.close();
    await to.close();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
