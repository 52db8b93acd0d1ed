import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
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
  for (const parent of parentsOf(folder, mkdirSync(folder, { recursive: true }))) syncFolder(parent);
}

/** As `syncFolder`, without holding up the process. */
export async function syncFolderAsync(folder: string): Promise<void> {
  if (process.platform !== "win32") await bringToDisk(folder);
}

/** As `makeFolder`, without holding up the process. */
export async function makeFolderAsync(folder: string): Promise<void> {
  for (const parent of parentsOf(folder, await mkdir(folder, { recursive: true }))) await syncFolderAsync(parent);
}

/** Resolves when what was written to a file or folder would survive a power cut. */
export async function bringToDisk(target: string): Promise<void> {
  const handle = await open(target, process.platform === "win32" ? "r+" : "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The folders that have a new entry, the lowest first. @param first the highest that was made; undefined where none was */
function* parentsOf(folder: string, first: string | undefined): Generator<string> {
  if (first === undefined) return;
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    yield path.dirname(at);
    if (at === path.resolve(first) || at === path.dirname(at)) return;
  }
}
