import type { Database } from "../../database/index.ts";
import type { HistorianStore } from "../../historian/index.ts";
import type { ObjectStore } from "../../objects/index.ts";
import type { NodeRedPlace } from "./parts/files.ts";

/** What a backup can hold. */
export const BACKUP_PARTS = ["node-red", "database", "historian", "objects"] as const;
/** One of {@link BACKUP_PARTS}. */
export type BackupPart = (typeof BACKUP_PARTS)[number];

/** What is backed up, and where it is restored to. A part that is left out is not in the backup. */
export interface BackupPlaces {
  readonly nodeRed?: NodeRedPlace;
  readonly database?: Database;
  readonly historian?: HistorianStore;
  readonly objects?: ObjectStore;
}

/** What a backup is about, beside its places. */
export interface BackupOptions {
  /** Name of the plant. */
  readonly plant: string;
  /** Version of this package. */
  readonly version: string;
  /** At least 12 characters; left out = not encrypted. */
  readonly passphrase?: string | undefined;
  /** Days of history before now; left out = all of it. */
  readonly historyDays?: number;
  /** Buckets whose objects go along. */
  readonly buckets?: readonly string[];
  readonly onProgress?: (progress: BackupProgress) => void;
}

/** How far a backup, a check or a restore is. */
export interface BackupProgress {
  readonly doing: "back up" | "verify" | "restore";
  /** The entry that is being worked on. */
  readonly entry: string;
  readonly entries: number;
  /** Of the archive. */
  readonly bytes: number;
}

/** What became of a backup. */
export interface BackupReport {
  /** Random; no two archives share it. */
  readonly id: string;
  readonly plant: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly parts: readonly string[];
  readonly encrypted: boolean;
  readonly entries: number;
  /** Bytes of the archive, and of what is in it. */
  readonly size: number;
  readonly contentSize: number;
  /** Of the archive, hexadecimal. */
  readonly sha256: string;
  readonly rows: number;
  readonly samples: number;
  /** What the plant has and the archive has not. */
  readonly left: readonly string[];
  readonly ms: number;
}

/** What a check found. */
export interface VerifyReport extends Omit<BackupReport, "rows" | "samples"> {}

/** What a restore did. */
export interface RestoreReport {
  readonly id: string;
  readonly plant: string;
  /** When the archive was made, milliseconds since the epoch. */
  readonly time: number;
  readonly tables: number;
  readonly rows: number;
  readonly files: number;
  /** Copies of files that were replaced. */
  readonly kept: readonly string[];
  readonly samples: number;
  /** Samples that the historian can never hold. */
  readonly rejected: number;
  readonly objects: number;
  readonly left: readonly string[];
  readonly verifyMs: number;
  /** Both together: from the start to a plant that is whole again. */
  readonly ms: number;
}
