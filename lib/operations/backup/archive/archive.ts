import { createHash } from "node:crypto";
import { Readable, type Transform } from "node:stream";
import zlib from "node:zlib";
import { FplusError, toFplusError } from "../../../errors/index.ts";
import { open, seal } from "./frames.ts";
import { newHeader, type Packing } from "./header.ts";
import type { ArchiveHead, ArchiveManifest, EntryDescription, StoredEntry } from "./manifest.ts";
import { type ArchiveRecord, DATA_BYTES, jsonRecord, readRecords, RecordKind, recordOf } from "./records.ts";

/** Something that goes into an archive; its content is read once. */
export interface NewEntry extends EntryDescription {
  readonly content: AsyncIterable<Buffer | string> | Iterable<Buffer | string>;
}

/** An entry of an archive that is being read: its content must be read before the next entry comes. */
export interface ReadEntry extends EntryDescription {
  readonly content: AsyncGenerator<Buffer, void>;
}

/** What reading is told. */
export interface ReadOptions {
  readonly passphrase?: string | undefined;
  readonly onHead?: (head: ArchiveHead) => void;
}

/** What an archive is made of. */
export interface NewArchive {
  readonly head: ArchiveHead;
  readonly entries: AsyncIterable<NewEntry>;
  /** What is not in it; it may grow while the entries are read. */
  readonly left: readonly string[];
  readonly passphrase: string | undefined;
  /** Told what is in it, when all of it has been given. */
  readonly onManifest: (manifest: ArchiveManifest) => void;
}

/** An archive as bytes: entries are framed, packed and sealed on their way, none is held as a whole. */
export async function* writeArchive(archive: NewArchive): AsyncGenerator<Buffer, void> {
  const header = await newHeader(archive.passphrase);
  yield* seal(through(framed(archive), packer(header.packing)), header);
}

/**
 * Reads an archive, entry by entry; each is compared with its checksum where it ends, and all with the manifest.
 * @throws FplusError `backup.format`, `backup.key`, `backup.damaged`
 */
export async function* readArchive(
  archive: AsyncIterable<Buffer>,
  { passphrase, onHead }: ReadOptions = {},
): AsyncGenerator<ReadEntry, ArchiveManifest> {
  const records = readRecords(unpacked(archive, passphrase));
  try {
    const first = await nextOf(records, RecordKind.Head);
    onHead?.(jsonOf<ArchiveHead>(first));
    const found: StoredEntry[] = [];
    for (;;) {
      const record = await nextOf(records);
      if (record.kind === RecordKind.Manifest) {
        const manifest = jsonOf<ArchiveManifest>(record);
        if (JSON.stringify(manifest.entries) !== JSON.stringify(found))
          throw damaged("its entries are not those of its manifest");
        // The last frame proves that nothing follows.
        if ((await records.next()).done !== true) throw damaged("something follows its manifest");
        return manifest;
      }
      if (record.kind !== RecordKind.Entry) throw damaged("an entry was expected");
      const description = jsonOf<EntryDescription>(record);
      const content = contentOf(records, description.name, found);
      yield { ...description, content };
      for await (const _ of content);
      if (found.at(-1)?.name !== description.name) throw damaged(`${description.name} was left in the middle`);
    }
  } finally {
    await records.return();
  }
}

async function* framed({ head, entries, left, onManifest }: NewArchive): AsyncGenerator<Buffer, void> {
  yield jsonRecord(RecordKind.Head, head);
  const stored: StoredEntry[] = [];
  for await (const { content, ...description } of entries) {
    yield jsonRecord(RecordKind.Entry, description);
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of content) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      hash.update(bytes);
      size += bytes.length;
      for (let at = 0; at < bytes.length; at += DATA_BYTES)
        yield recordOf(RecordKind.Data, bytes.subarray(at, at + DATA_BYTES));
    }
    const entry = { name: description.name, size, sha256: hash.digest("hex") };
    stored.push(entry);
    yield jsonRecord(RecordKind.End, entry);
  }
  const manifest = { entries: stored, left };
  yield jsonRecord(RecordKind.Manifest, manifest);
  onManifest(manifest);
}

async function* contentOf(
  records: AsyncGenerator<ArchiveRecord, void>,
  name: string,
  found: StoredEntry[],
): AsyncGenerator<Buffer, void> {
  const hash = createHash("sha256");
  let size = 0;
  for (;;) {
    const record = await nextOf(records);
    if (record.kind === RecordKind.Data) {
      hash.update(record.body);
      size += record.body.length;
      yield record.body;
      continue;
    }
    if (record.kind !== RecordKind.End) throw damaged(`${name} has no end`);
    const entry = { name, size, sha256: hash.digest("hex") };
    if (JSON.stringify(entry) !== JSON.stringify(jsonOf<StoredEntry>(record)))
      throw damaged(`${name} is not as it was stored`);
    found.push(entry);
    return;
  }
}

async function* unpacked(archive: AsyncIterable<Buffer>, passphrase: string | undefined): AsyncGenerator<Buffer, void> {
  let packing = 1;
  const frames = open(archive, passphrase, (header) => (packing = header.packing));
  // The header is known with the first frame.
  const first = await frames.next();
  async function* all(): AsyncGenerator<Buffer, void> {
    if (first.done !== true) yield first.value;
    yield* frames;
  }
  try {
    yield* through(all(), packing === 2 ? zlib.createZstdDecompress() : zlib.createGunzip());
  } catch (error) {
    throw toFplusError("backup.damaged", error);
  } finally {
    await frames.return();
  }
}

function packer(packing: Packing): Transform {
  return packing === 2 ? zlib.createZstdCompress() : zlib.createGzip();
}

/** What comes out of a transform; errors on either side end both. */
function through(content: AsyncIterable<Buffer>, transform: Transform): AsyncIterable<Buffer> {
  return Readable.from(content, { objectMode: false }).compose(transform) as AsyncIterable<Buffer>;
}

async function nextOf(records: AsyncGenerator<ArchiveRecord, void>, kind?: RecordKind): Promise<ArchiveRecord> {
  const next = await records.next();
  if (next.done === true) throw damaged("it ends before its manifest");
  if (kind !== undefined && next.value.kind !== kind) throw damaged("its head is missing");
  return next.value;
}

function jsonOf<T>({ body }: ArchiveRecord): T {
  try {
    return JSON.parse(body.toString("utf8")) as T;
  } catch (cause) {
    throw new FplusError("backup.damaged", "the archive has a record that is not JSON", { cause });
  }
}

function damaged(what: string): FplusError {
  return new FplusError("backup.damaged", `the archive is damaged: ${what}`, { hint: "Take another archive." });
}
