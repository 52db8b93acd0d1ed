import { createRequire } from "node:module";
import { isRepository } from "./place.ts";

/** What the standalone plant needs beside it; the package itself does not bring them, for most install it into a Node-RED of theirs. */
const COMPANIONS = ["node-red", "@flowfuse/node-red-dashboard"];

/**
 * Tells what the command is for, and what is not here to run it.
 * @throws Error to show as it is
 */
export function checkSurroundings(words: readonly string[]): void {
  if (words.length > 1 || (words[0] ?? "demo") !== "demo") {
    throw new Error(
      "usage: factory-plus [demo]\n           factory-plus backup | backups | verify | restore\n    Settings are environment variables, such as FPLUS_PORT; the README lists them.",
    );
  }
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 13)) {
    throw new Error(`Node.js ${process.versions.node} is too old: install 22.13 or newer.`);
  }
  const { resolve } = createRequire(import.meta.url);
  const missing = COMPANIONS.filter((name) => !canResolve(resolve, name));
  if (missing.length === 0) return;
  const all = [...COMPANIONS, "@fplus/node-red-suite"].map((name) => `-p ${name}`).join(" ");
  throw new Error(
    isRepository
      ? `${missing.join(", ")} missing: run npm ci first.`
      : `${missing.join(", ")} missing. Run: npx ${all} factory-plus`,
  );
}

function canResolve(resolve: NodeJS.RequireResolve, name: string): boolean {
  try {
    return resolve(`${name}/package.json`) !== "";
  } catch {
    return false;
  }
}
