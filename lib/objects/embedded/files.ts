import { createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { FplusError, toFplusError } from "../../errors/index.ts";
import { NAME_FILE } from "./layout.ts";

/** Whether a file or folder was not there. */
export function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
}

/** A disk's error as ours. */
export function diskFault(error: unknown): FplusError {
  const { code } = error as NodeJS.ErrnoException;
  const hint =
    code === "ENOSPC"
      ? "The disk is full: free some space."
      : "Check the disk, and that Node-RED may write to the folder.";
  return toFplusError("objects.io", error, { hint });
}

/** Does something with the disk, whose errors become ours. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskFault(error);
  }
}

/** The error for a file that cannot be read as what it is. */
export function damagedFile(file: string, hint: string): FplusError {
  return new FplusError("objects.io", `${file} is damaged`, { field: "directory", hint });
}

/** Writes a stream, changed on its way where asked for, to a new file; it is on the disk when this resolves, and gone when this fails. */
export async function writeDurably(file: string, content: AsyncIterable<Buffer>, change?: Transform): Promise<void> {
  try {
    const target = createWriteStream(file, { flags: "wx", flush: true, highWaterMark: 1 << 20 });
    await (change === undefined ? pipeline(content, target) : pipeline(content, change, target));
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

/** Replaces a small file as a whole: readers see the old or the new one, also after a power cut. */
export async function replaceFile(temporary: string, target: string, text: string): Promise<void> {
  await writeFile(temporary, text, { flush: true });
  await moveInto(temporary, target);
}

/** Makes a folder with those above it, and brings to the disk that they are there. */
export async function makeDurably(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    await syncFolder(path.dirname(at));
    if (at === path.resolve(first) || at === path.dirname(at)) return;
  }
}

/** Moves a file into a folder, which is made where it is missing. */
export async function moveInto(from: string, to: string): Promise<void> {
  const folder = path.dirname(to);
  await makeDurably(folder);
  await rename(from, to);
  await syncFolder(folder);
}

/** A rename is safe once its folder is on the disk; Windows knows no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform !== "win32") await bringToDisk(folder);
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

/** Removes a folder and those above it that are empty then, up to a root which stays. */
export async function removeEmpty(folder: string, root: string): Promise<void> {
  for (let at = folder; at !== root && at.startsWith(root + path.sep); at = path.dirname(at)) {
    const left = await readdir(at).catch(() => ["gone"]);
    if (left.some((name) => name !== NAME_FILE)) return;
    try {
      await rm(path.join(at, NAME_FILE), { force: true });
      await rmdir(at);
    } catch {
      return;
    }
  }
}
