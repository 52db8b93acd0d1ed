import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "./plant/place.ts";

const SOURCES = ["lib", "nodes", "dashboards", "flows", "scripts/build.ts", "package.json"];

/**
 * Builds only when a source is newer than the last build; tells whether it did.
 * In a process of its own: the bundler keeps its threads and 180 MB for as long as its process lives.
 */
export async function buildIfStale(): Promise<boolean> {
  const stamp = path.join(packageRoot, "dist/.built");
  const built = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  if (SOURCES.every((source) => newestIn(path.join(packageRoot, source)) < built)) return false;
  const builder = spawn(process.execPath, [path.join(packageRoot, "scripts/build.ts")], { stdio: "inherit" });
  const [code] = (await once(builder, "exit")) as [number | null];
  if (code !== 0) throw new Error("the build failed");
  return true;
}

function newestIn(target: string): number {
  const stats = statSync(target);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(target).map((name) => newestIn(path.join(target, name))));
}
