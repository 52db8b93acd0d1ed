import { loadDatabase } from "../../database/index.ts";
import { FplusError } from "../../errors/index.ts";
import { readArchive } from "./archive/archive.ts";
import type { ArchiveHead } from "./archive/manifest.ts";
import { EntryCursor } from "./cursor.ts";
import { alone } from "./lock.ts";
import { dumpOf } from "./parts/database.ts";
import { restoreSamples } from "./parts/historian.ts";
import { dropStaged, stageFile, type StagedFile, swapIn } from "./parts/files.ts";
import { restoreObject } from "./parts/objects.ts";
import type { BackupPart, BackupPlaces, BackupProgress, RestoreReport } from "./types.ts";
import { verifyArchive } from "./verify.ts";

/** How to restore. */
export interface RestoreOptions {
  readonly passphrase?: string | undefined;
  /** Drops what the database holds; without it a database that has one of the tables is refused. */
  readonly replace?: boolean;
  /** Only these parts of the archive; left out = all that it has. */
  readonly only?: readonly BackupPart[];
  readonly onProgress?: (progress: BackupProgress) => void;
}

/**
 * Restores an archive: it is verified as a whole first, then the database is loaded in one transaction, then files take their
 * places (what was there is kept beside them), then samples and objects are written. Whatever happens before the
 * transaction's end leaves everything as it was.
 * @param archive opens the archive; it is read twice
 * @throws FplusError `backup.format`, `backup.key`, `backup.damaged`, `backup.target` naming a place that is missing,
 *   `backup.busy`, and what the places throw
 */
export async function restore(
  archive: () => Promise<AsyncIterable<Buffer>>,
  places: BackupPlaces,
  options: RestoreOptions = {},
): Promise<RestoreReport> {
  const began = performance.now();
  const { passphrase, only } = options;
  const verified = await verifyArchive(await archive(), passphrase, options.onProgress);
  const verifyMs = performance.now() - began;
  const wanted = verified.parts.filter((part) => only === undefined || only.includes(part as BackupPart));
  checkPlaces(places, wanted);
  return await alone(wanted.includes("database") ? places.database : undefined, async () => {
    const work = new Restoring(places, options, wanted, (head) => {
      // Between the two readings the archive may have been exchanged.
      if (head.id !== verified.id)
        throw new FplusError("backup.damaged", "the archive is another one than was verified");
    });
    await work.run(await archive());
    const { id, plant, time, left } = verified;
    return { id, plant, time, ...work.done, left, verifyMs, ms: performance.now() - began };
  });
}

function checkPlaces(places: BackupPlaces, parts: readonly string[]): void {
  const known: Readonly<Record<string, unknown>> = {
    "node-red": places.nodeRed,
    database: places.database,
    historian: places.historian,
    objects: places.objects,
  };
  const missing = parts.find((part) => known[part] === undefined);
  if (missing === undefined) return;
  throw new FplusError("backup.target", `the archive has a part ${missing}, and there is no place for it`, {
    field: missing,
    hint: "Name the place, or leave the part out.",
  });
}

class Restoring {
  readonly done = { tables: 0, rows: 0, files: 0, kept: [] as string[], samples: 0, rejected: 0, objects: 0 };
  readonly #places: BackupPlaces;
  readonly #options: RestoreOptions;
  readonly #parts: readonly string[];
  readonly #onHead: (head: ArchiveHead) => void;
  #bytes = 0;
  #entries = 0;

  constructor(
    places: BackupPlaces,
    options: RestoreOptions,
    parts: readonly string[],
    onHead: (head: ArchiveHead) => void,
  ) {
    this.#places = places;
    this.#options = options;
    this.#parts = parts;
    this.#onHead = onHead;
  }

  async run(archive: AsyncIterable<Buffer>): Promise<void> {
    const { passphrase } = this.#options;
    const cursor = new EntryCursor(readArchive(this.#measured(archive), { passphrase, onHead: this.#onHead }));
    const staged: StagedFile[] = [];
    try {
      await this.#stage(cursor, staged);
      await this.#load(cursor);
      this.done.kept.push(...(await swapIn(staged, Date.now())));
      this.done.files = staged.length;
      await this.#write(cursor);
    } finally {
      await dropStaged(staged);
      await cursor.close();
    }
  }

  async #stage(cursor: EntryCursor, staged: StagedFile[]): Promise<void> {
    const { nodeRed } = this.#places;
    for (let entry = await cursor.take("file"); entry !== undefined; entry = await cursor.take("file")) {
      if (!this.#parts.includes("node-red") || nodeRed === undefined) continue;
      staged.push(await stageFile(entry, nodeRed));
      this.#say(entry.name);
    }
  }

  async #load(cursor: EntryCursor): Promise<void> {
    const { database } = this.#places;
    const dump = dumpOf(cursor);
    if (!this.#parts.includes("database") || database === undefined) {
      for await (const _ of dump);
      return;
    }
    const { replace = false } = this.#options;
    const { tables } = await database.transaction((session) =>
      loadDatabase(session, dump, {
        replace,
        onRows: (table) => this.#say(table),
        onTable: () => (this.#entries += 1),
      }),
    );
    this.done.tables = tables.length;
    this.done.rows = tables.reduce((sum, { rows }) => sum + rows, 0);
  }

  async #write(cursor: EntryCursor): Promise<void> {
    const { historian, objects } = this.#places;
    for (let entry = await cursor.take("samples"); entry !== undefined; entry = await cursor.take("samples")) {
      if (!this.#parts.includes("historian") || historian === undefined) continue;
      await historian.open();
      const { samples, rejected } = await restoreSamples(historian, entry);
      this.done.samples += samples;
      this.done.rejected += rejected;
      this.#say(entry.name);
    }
    for (let entry = await cursor.take("object"); entry !== undefined; entry = await cursor.take("object")) {
      if (!this.#parts.includes("objects") || objects === undefined) continue;
      await restoreObject(objects, entry);
      this.done.objects += 1;
      this.#say(entry.name);
    }
  }

  #say(entry: string): void {
    this.#entries += 1;
    this.#options.onProgress?.({ doing: "restore", entry, entries: this.#entries, bytes: this.#bytes });
  }

  async *#measured(archive: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
    for await (const chunk of archive) {
      this.#bytes += chunk.length;
      yield chunk;
    }
  }
}
