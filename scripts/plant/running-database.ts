import { readFileSync } from "node:fs";
import path from "node:path";

/**
 * The address of an embedded PostgreSQL that runs already, as its own lock file tells it. Who opens the folder in its place would stop
 * the server at the end, under the plant that uses it.
 */
export function runningDatabase(directory: string): string | undefined {
  try {
    const lines = readFileSync(path.join(directory, "server/postmaster.pid"), "utf8").split("\n");
    process.kill(Number(lines[0]), 0);
    if (lines[7]?.trim() !== "ready") return undefined;
    const password = readFileSync(path.join(directory, "password"), "utf8").trim();
    return `postgres://factoryplus:${encodeURIComponent(password)}@127.0.0.1:${Number(lines[3])}/factoryplus`;
  } catch {
    return undefined;
  }
}
