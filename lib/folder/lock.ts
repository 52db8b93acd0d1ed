import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type ErrorCode, FplusError, messageOf } from "../errors/index.ts";

/** A folder that is ours until `release`, or until the process ends in whatever way. */
export interface FolderLock {
  release(): void;
}

/** The way out where another process uses a folder. */
export const IN_USE = "Another Node-RED uses this folder; give each its own.";

const LOCK_FILE = "lock";
const IS_LOCKED = 5;

/**
 * Takes a folder for this process. The lock is SQLite's on a file in it: the operating system drops it with the process, so that
 * nothing stale is left after a crash, and it holds between containers on one machine.
 * @throws FplusError with that code, field `directory`, when another process (or another part of this one) uses the folder
 */
export function lockFolder(directory: string, code: ErrorCode): FolderLock {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path.join(directory, LOCK_FILE), { timeout: 0 });
    database.exec("pragma journal_mode = memory; begin exclusive");
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === IS_LOCKED) {
      throw new FplusError(code, `${directory} is in use by another process`, {
        field: "directory",
        hint: IN_USE,
        cause: error,
      });
    }
    throw new FplusError(code, `${directory} cannot be used: ${messageOf(error)}`, {
      field: "directory",
      hint: "Check that Node-RED may write to the folder, and that the disk has room.",
      cause: error,
    });
  }
  const held = database;
  return { release: () => held.isOpen && held.close() };
}
