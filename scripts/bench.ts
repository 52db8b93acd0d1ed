/**
 * `npm run bench [name …] [--json]`: runs the benchmarks under test/bench, each in a process of its own, and prints its tables.
 * A benchmark compares with a peer in the same run, so its ratios hold on any machine; times are this machine's.
 */
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { ownTemporaryFolder } from "./temporary-folder.ts";

export interface BenchResult {
  readonly title: string;
  readonly rows: Record<string, string | number>[];
}

const folder = path.resolve(import.meta.dirname, "../test/bench");
const MARK = "\u0000bench ";

async function runOne(name: string): Promise<BenchResult> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", import.meta.filename, "--child", name],
    {
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const at = stdout.lastIndexOf(MARK);
  if (at < 0) throw new Error(`the benchmark ${name} gave no result`);
  return JSON.parse(stdout.slice(at + MARK.length)) as BenchResult;
}

/** Rows whose first columns have one name stand in one table. */
function tablesOf(rows: BenchResult["rows"]): BenchResult["rows"][] {
  const tables = Map.groupBy(rows, (row) => Object.keys(row)[0]);
  return [...tables.values()];
}

async function main(args: string[]): Promise<void> {
  if (args[0] === "--child") {
    const bench = (await import(path.join(folder, args[1]!, "bench.ts"))) as { run(): Promise<BenchResult> };
    process.stdout.write(MARK + JSON.stringify(await bench.run()));
    process.exit(0);
  }
  const all = readdirSync(folder).filter((name) => existsSync(path.join(folder, name, "bench.ts")));
  const wanted = args.filter((arg) => !arg.startsWith("--"));
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(", ")}; there are ${all.join(", ")}`);
  ownTemporaryFolder();
  const results: Record<string, BenchResult> = {};
  for (const name of wanted.length > 0 ? wanted : all) {
    const result = await runOne(name);
    results[name] = result;
    if (args.includes("--json")) continue;
    console.log(`\n${result.title}`);
    for (const table of tablesOf(result.rows)) console.table(table);
  }
  if (args.includes("--json")) console.log(JSON.stringify(results, null, 2));
}

await main(process.argv.slice(2));
