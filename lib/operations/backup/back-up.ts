import { createHash, randomUUID } from "node:crypto";
import { FplusError } from "../../errors/index.ts";
import { type NewEntry, writeArchive } from "./archive/archive.ts";
import { type ArchiveHead, type ArchiveManifest, FORMAT } from "./archive/manifest.ts";
import { alone } from "./lock.ts";
import { databaseEntries } from "./parts/database.ts";
import { historianEntries } from "./parts/historian.ts";
import { nodeRedEntries } from "./parts/files.ts";
import { objectEntries } from "./parts/objects.ts";
import type { BackupOptions, BackupPlaces, BackupReport } from "./types.ts";

/** Name of what made the archive. */
export const PRODUCT = "Factory+ for Node-RED";

/**
 * Makes an archive of a plant and gives it to `store` as a stream; the plant goes on meanwhile. The database is read as it is at one
 * moment, everything else as it comes.
 * @param store keeps all of it, or throws; what it gives is given back
 * @throws FplusError `backup.busy`, and what the places and `store` throw
 */
export async function backUp<T>(
  places: BackupPlaces,
  options: BackupOptions,
  store: (content: AsyncIterable<Buffer>, head: ArchiveHead) => Promise<T>,
): Promise<{ report: BackupReport; stored: T }> {
  return await alone(places.database, async () => {
    const began = performance.now();
    const { passphrase, plant, version, onProgress } = options;
    const head: ArchiveHead = {
      format: FORMAT,
      id: randomUUID(),
      product: PRODUCT,
      version,
      plant,
      time: Date.now(),
      parts: partsOf(places, options),
    };
    const count = { rows: 0, samples: 0, entries: 0, size: 0 };
    const left: string[] = [];
    const hash = createHash("sha256");
    let entry = "";
    let manifest: ArchiveManifest | undefined;
    async function* counted(): AsyncGenerator<NewEntry, void> {
      for await (const one of entriesOf(places, options, head.time, count, left)) {
        count.entries += 1;
        entry = one.name;
        yield one;
      }
    }
    async function* content(): AsyncGenerator<Buffer, void> {
      const archive = {
        head,
        entries: counted(),
        left,
        passphrase,
        onManifest: (whole: ArchiveManifest) => (manifest = whole),
      };
      for await (const chunk of writeArchive(archive)) {
        hash.update(chunk);
        count.size += chunk.length;
        onProgress?.({ doing: "back up", entry, entries: count.entries, bytes: count.size });
        yield chunk;
      }
    }
    const stored = await store(content(), head);
    if (manifest === undefined) throw new FplusError("backup.damaged", "the archive was not taken to its end");
    const report: BackupReport = {
      id: head.id,
      plant,
      time: head.time,
      parts: head.parts,
      encrypted: passphrase !== undefined,
      ...count,
      contentSize: manifest.entries.reduce((sum, { size }) => sum + size, 0),
      sha256: hash.digest("hex"),
      left,
      ms: performance.now() - began,
    };
    return { report, stored };
  });
}

function partsOf({ nodeRed, database, historian, objects }: BackupPlaces, { buckets = [] }: BackupOptions): string[] {
  return [
    ...(nodeRed === undefined ? [] : ["node-red"]),
    ...(database === undefined ? [] : ["database"]),
    ...(historian === undefined ? [] : ["historian"]),
    ...(objects === undefined || buckets.length === 0 ? [] : ["objects"]),
  ];
}

/** In the order in which they are restored. */
async function* entriesOf(
  { nodeRed, database, historian, objects }: BackupPlaces,
  { passphrase, historyDays, buckets = [] }: BackupOptions,
  time: number,
  count: { rows: number; samples: number },
  left: string[],
): AsyncGenerator<NewEntry, void> {
  if (nodeRed !== undefined) yield* nodeRedEntries(nodeRed, passphrase !== undefined, left);
  if (database !== undefined) {
    const transaction = await database.begin({ isolation: "repeatable read", readOnly: true });
    try {
      yield* databaseEntries(transaction, left, (rows) => (count.rows += rows));
    } finally {
      await transaction.rollback();
    }
  }
  if (historian !== undefined) {
    const range = { to: time, ...(historyDays === undefined ? {} : { from: time - historyDays * 86_400_000 }) };
    yield* historianEntries(historian, range, (samples) => (count.samples += samples));
  }
  if (objects !== undefined) yield* objectEntries(objects, buckets, left);
}
