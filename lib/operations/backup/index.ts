export { LEAST_KEY } from "./archive/header.ts";
export type { ArchiveHead, ArchiveManifest, StoredEntry } from "./archive/manifest.ts";
export { backUp } from "./back-up.ts";
export { ageText, BackupKeeper, type KeeperOptions, type KeeperState, type MadeBackup } from "./keeper.ts";
export type { NodeRedPlace } from "./parts/files.ts";
export { restore, type RestoreOptions } from "./restore.ts";
export { type Dated, outlived, type Retention } from "./retention.ts";
export { nextRunOf, type NextRun, type Schedule } from "./schedule.ts";
export { BackupShelf, type ShelfPlace, type ShelvedBackup } from "./shelf.ts";
export {
  BACKUP_PARTS,
  type BackupOptions,
  type BackupPart,
  type BackupPlaces,
  type BackupProgress,
  type BackupReport,
  type RestoreReport,
  type VerifyReport,
} from "./types.ts";
export { verifyArchive } from "./verify.ts";
export { packageVersion } from "./version.ts";
