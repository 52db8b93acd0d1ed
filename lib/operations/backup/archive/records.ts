import { FplusError } from "../../../errors/index.ts";

/** What a record is: the archive's head, the start of an entry, some of its bytes, its end, the manifest at the end of all. */
export const RecordKind = { Head: 1, Entry: 2, Data: 3, End: 4, Manifest: 5 } as const;
/** One of {@link RecordKind}. */
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** One record: a kind (1 byte), a length (4 bytes, big endian) and so many bytes. */
export interface ArchiveRecord {
  readonly kind: RecordKind;
  readonly body: Buffer;
}

/** Bytes of an entry in one record at most. */
export const DATA_BYTES = 256 * 1024;
/** JSON in one record at most: a forged length must not eat the memory. */
const MAX_BYTES = 64 * 1024 * 1024;
const PREFIX = 5;

/** A record as bytes. */
export function recordOf(kind: RecordKind, body: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX + body.length);
  bytes[0] = kind;
  bytes.writeUInt32BE(body.length, 1);
  body.copy(bytes, PREFIX);
  return bytes;
}

/** A record of JSON. */
export function jsonRecord(kind: RecordKind, value: object): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  if (body.length > MAX_BYTES) throw new FplusError("backup.format", "there are too many entries for one archive");
  return recordOf(kind, body);
}

/** The records in a stream of bytes, in whatever pieces it comes. @throws FplusError `backup.damaged` */
export async function* readRecords(content: AsyncIterable<Buffer>): AsyncGenerator<ArchiveRecord, void> {
  let waiting: Buffer[] = [];
  let size = 0;
  let needed = PREFIX;
  for await (const chunk of content) {
    waiting.push(chunk);
    size += chunk.length;
    if (size < needed) continue;
    const bytes = Buffer.concat(waiting, size);
    let at = 0;
    for (;;) {
      needed = PREFIX;
      if (size - at < PREFIX) break;
      const length = bytes.readUInt32BE(at + 1);
      if (length > MAX_BYTES) throw new FplusError("backup.damaged", `a record claims ${length} bytes`);
      needed = PREFIX + length;
      if (size - at < needed) break;
      yield { kind: bytes[at] as RecordKind, body: bytes.subarray(at + PREFIX, at + needed) };
      at += needed;
    }
    waiting = [bytes.subarray(at)];
    size -= at;
  }
  if (size > 0) throw new FplusError("backup.damaged", "the archive ends within a record");
}
