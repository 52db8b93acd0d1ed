import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import path from "node:path";

/** Brings the entries of a folder to the disk: a file that is made or renamed is safe only then. Windows knows no such thing. */
export function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes a folder with those above it, and brings to the disk that they are there. */
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return;
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    syncFolder(path.dirname(at));
    if (at === path.resolve(first) || at === path.dirname(at)) return;
  }
}
