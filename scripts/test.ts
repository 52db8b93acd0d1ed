/**
 * `npm test [path …]`: checks types, style and format, builds, then runs the suites in order and prints one closing line.
 * With paths (files, or folders under test/) only those tests run, without the checks.
 * `REQUIRE_SERVICES=1` makes a test that misses a browser or a server fail instead of being skipped.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, statSync } from "node:fs";
import path from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { pathToFileURL } from "node:url";
import { buildIfStale } from "./build-if-stale.ts";
import { ownTemporaryFolder } from "./temporary-folder.ts";

/** Folders of one suite; those that start whole plants or measure what a process does run one file at a time. */
const SUITES = [
  { folders: ["architecture", "flows", "lib", "nodes", "dashboards"], concurrency: 2 },
  { folders: ["e2e", "editor", "fault", "package", "interop"], concurrency: 1 },
] as const;

const root = path.resolve(import.meta.dirname, "..");
const EVERY_FILE = ["--import", pathToFileURL(path.join(root, "test/support/end.ts")).href];

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

function filesIn(place: string): string[] {
  const target = [path.join("test", place), place]
    .map((name) => path.resolve(root, name))
    .find((name) => existsSync(name));
  if (target === undefined) return [];
  return statSync(target).isFile()
    ? [target]
    : globSync("**/*.test.ts", { cwd: target }).map((name) => path.join(target, name));
}

async function runFiles(files: readonly string[], concurrency: number, tally: Tally): Promise<void> {
  if (files.length === 0) return;
  const events = run({ files: files.toSorted(), concurrency, execArgv: EVERY_FILE });
  const count = (kind: "passed" | "failed", event: { skip?: string | boolean; details: { type?: string } }): void => {
    if (event.details.type === "suite") return;
    if (event.skip !== undefined && event.skip !== false) tally.skipped++;
    else tally[kind]++;
  };
  events.on("test:pass", (event) => count("passed", event));
  events.on("test:fail", (event) => count("failed", event));
  // oxlint-disable-next-line new-cap -- the name node:test gives its reporter
  const report = events.compose(new spec());
  report.pipe(process.stdout, { end: false });
  await once(report, "end");
}

async function command(name: string, ...args: string[]): Promise<boolean> {
  const child = spawn(name, args, { cwd: root, stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0;
}

async function main(places: readonly string[]): Promise<boolean> {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const checked = places.length > 0 || (await command("npm", "run", "--silent", "check"));
  await buildIfStale();
  const endTemporary = ownTemporaryFolder();
  if (places.length > 0) {
    await runFiles(places.flatMap(filesIn), 1, tally);
  } else {
    for (const { folders, concurrency } of SUITES) await runFiles(folders.flatMap(filesIn), concurrency, tally);
  }
  const { passed, failed, skipped } = tally;
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped${checked ? "" : "; the checks FAILED"}`);
  const left = endTemporary();
  if (left.length > 0) console.error(`Left in the temporary directory: ${left.join(", ")}`);
  if (passed + failed === 0) console.error("No test ran.");
  return checked && failed === 0 && passed > 0 && left.length === 0;
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
