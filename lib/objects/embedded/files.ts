import { createWriteStream } from "node:fs";
import { readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { FplusError, toFplusError } from "../../errors/index.ts";
import { makeFolderAsync, syncFolderAsync } from "../../folder/index.ts";
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

/**
 * Writes a stream, changed on its way where asked for, to a new file; it is on the disk when this resolves, and gone when this fails.
 * @returns the bytes of the stream
 */
export async function writeDurably(file: string, content: AsyncIterable<Buffer>, change?: Transform): Promise<number> {
  let size = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of content) {
      size += chunk.length;
      yield chunk;
    }
  }
  try {
    const target = createWriteStream(file, { flags: "wx", flush: true, highWaterMark: 1 << 20 });
    await (change === undefined ? pipeline(counted, target) : pipeline(counted, change, target));
    return size;
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

/** The names in a folder; none where it is not there. */
export async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
}

/** Replaces a small file as a whole: readers see the old or the new one, also after a power cut. */
export async function replaceFile(temporary: string, target: string, text: string): Promise<void> {
  await writeFile(temporary, text, { flush: true });
  await moveInto(temporary, target);
}

/** Moves a file into a folder, which is made where it is missing. */
export async function moveInto(from: string, to: string): Promise<void> {
  const folder = path.dirname(to);
  await makeFolderAsync(folder);
  await rename(from, to);
  await syncFolderAsync(folder);
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
