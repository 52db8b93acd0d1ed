/**
 * Folders in which a store keeps its files: one process at a time, entries that survive a power cut, files that somebody deletes.
 * @module
 */
export { fileIdentity, isSameFile } from "./same-file.ts";
export { type FolderLock, IN_USE, lockFolder } from "./lock.ts";
export { bringToDisk, makeFolder, makeFolderAsync, syncFolder, syncFolderAsync } from "./sync.ts";
