/** Version of the archive's content. */
export const FORMAT = 1;

/** What an archive says of itself first. */
export interface ArchiveHead {
  readonly format: number;
  /** Random; no two archives share it. */
  readonly id: string;
  readonly product: string;
  /** Of the package that made it. */
  readonly version: string;
  readonly plant: string;
  /** Milliseconds since the epoch: when it was begun. */
  readonly time: number;
  /** What was asked for: `node-red`, `database`, `historian`, `objects`. */
  readonly parts: readonly string[];
}

/** What kind of content an entry has, and with it what restores it. */
export type EntryKind = "file" | "schema" | "rows" | "samples" | "object";

/** What stands before an entry's content. */
export interface EntryDescription {
  readonly name: string;
  readonly kind: EntryKind;
  /** What restores it needs beside the content, by kind. */
  readonly meta: Readonly<Record<string, unknown>>;
}

/** An entry as the manifest lists it. */
export interface StoredEntry {
  readonly name: string;
  /** Bytes of its content. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Everything in an archive, in order; it stands at its end. */
export interface ArchiveManifest {
  readonly entries: readonly StoredEntry[];
  /** What the plant has and the archive has not, to be looked after by hand. */
  readonly left: readonly string[];
}
