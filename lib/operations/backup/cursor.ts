import type { ReadEntry } from "./archive/archive.ts";
import type { ArchiveManifest, EntryKind } from "./archive/manifest.ts";

/** Reads the entries of an archive one after another, with a look at what kind comes next. */
export class EntryCursor {
  readonly #entries: AsyncGenerator<ReadEntry, ArchiveManifest>;
  #next: IteratorResult<ReadEntry, ArchiveManifest> | undefined;

  constructor(entries: AsyncGenerator<ReadEntry, ArchiveManifest>) {
    this.#entries = entries;
  }

  /** The next entry where it is of one of those kinds. */
  async take(...kinds: readonly EntryKind[]): Promise<ReadEntry | undefined> {
    this.#next ??= await this.#entries.next();
    if (this.#next.done === true || !kinds.includes(this.#next.value.kind)) return undefined;
    const entry = this.#next.value;
    this.#next = undefined;
    return entry;
  }

  /** Ends reading, wherever it is. */
  async close(): Promise<void> {
    await this.#entries.return({ entries: [], left: [] });
  }
}
