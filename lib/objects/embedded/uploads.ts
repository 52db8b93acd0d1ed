import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline, type Readable } from "node:stream";
import { FplusError } from "../../errors/index.ts";
import type { Cipher } from "./cipher.ts";
import { moveInto, namesIn, replaceFile, writeDurably } from "./files.ts";

const ABOUT = "upload.json";
/** An upload that nobody goes on with goes after so many days. */
const ABANDONED_MS = 7 * 86_400_000;
/** Open uploads of a store. */
const MAX_UPLOADS = 10_000;
const READ_BYTES = 256 * 1024;

/** What is known of an object whose parts are still coming. */
export interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly started: number;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

/** One part of an upload. */
export interface UploadPart {
  /** 1 to 10,000. */
  readonly number: number;
  /** MD5, hexadecimal. */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

interface StoredPart extends Omit<UploadPart, "modified"> {
  readonly file: string;
  readonly cipher: string | undefined;
}

/**
 * Uploads in parts: `uploads/<id>/` holds what is known of the object and a file for each part, whose name tells number, etag, size and what
 * its encryption started from. A part is there as a whole or not at all, and all of them outlive the process.
 */
export class Uploads {
  readonly #folder: string;
  readonly #temporary: () => string;
  readonly #cipher: () => Cipher | undefined;
  readonly #open = new Map<string, Upload>();

  /**
   * @param temporary gives names for temporary files on the same disk
   * @param cipher encrypts the parts, if there is one
   */
  constructor(folder: string, temporary: () => string, cipher: () => Cipher | undefined) {
    this.#folder = folder;
    this.#temporary = temporary;
    this.#cipher = cipher;
  }

  /** Finds the uploads of before. */
  async open(): Promise<void> {
    this.#open.clear();
    for (const id of await namesIn(this.#folder)) {
      const text = await readFile(path.join(this.#folder, id, ABOUT), "utf8").catch(() => undefined);
      // A folder without it was just being made, or removed.
      if (text === undefined) await rm(path.join(this.#folder, id), { recursive: true, force: true });
      else this.#open.set(id, JSON.parse(text) as Upload);
    }
  }

  get count(): number {
    return this.#open.size;
  }

  /** The open uploads to a bucket, by key and age. */
  of(bucket: string): Upload[] {
    const found = [...this.#open.values()].filter((upload) => upload.bucket === bucket);
    return found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) || a.started - b.started);
  }

  /** @throws FplusError `objects.missing` with the status NoSuchUpload */
  find(bucket: string, key: string, id: string): Upload {
    const upload = this.#open.get(id);
    if (upload?.bucket === bucket && upload.key === key) return upload;
    throw new FplusError("objects.missing", "there is no such upload", { field: "uploadId", status: "NoSuchUpload" });
  }

  /** @throws FplusError `objects.request` with the status SlowDown where too many are open */
  async start(about: Omit<Upload, "id" | "started">): Promise<Upload> {
    if (this.#open.size >= MAX_UPLOADS) {
      throw new FplusError("objects.request", `${MAX_UPLOADS} uploads are open`, {
        hint: "Complete or abort some.",
        status: "SlowDown",
      });
    }
    const upload: Upload = { ...about, id: randomBytes(16).toString("hex"), started: Date.now() };
    await replaceFile(this.#temporary(), path.join(this.#folder, upload.id, ABOUT), JSON.stringify(upload));
    this.#open.set(upload.id, upload);
    return upload;
  }

  /**
   * Stores a part, in place of one with the same number; durable when it resolves.
   * @param content may throw at its end, and nothing is stored then
   * @param etag MD5 of what was read, hexadecimal
   */
  async addPart(
    upload: Upload,
    number: number,
    content: AsyncIterable<Buffer>,
    etag: () => string,
  ): Promise<UploadPart> {
    const cipher = this.#cipher();
    const start = cipher?.start();
    const data = this.#temporary();
    const size = await writeDurably(data, content, start === undefined ? undefined : cipher?.encrypt(start));
    const part = { number, etag: etag(), size };
    const file = nameOf(part, start);
    try {
      // It may have been completed or aborted meanwhile.
      this.find(upload.bucket, upload.key, upload.id);
      await moveInto(data, path.join(this.#folder, upload.id, file));
      for (const other of await this.#stored(upload.id))
        if (other.number === number && other.file !== file) await rm(this.#at(upload, other), { force: true });
    } finally {
      await rm(data, { force: true });
    }
    return { ...part, modified: Date.now() };
  }

  /** The parts that have come, by number. */
  async parts(upload: Upload): Promise<UploadPart[]> {
    const stored = await this.#stored(upload.id);
    return await Promise.all(
      stored.map(async (part) => {
        const { number, etag, size } = part;
        const { mtimeMs } = await stat(this.#at(upload, part));
        return { number, etag, size, modified: mtimeMs };
      }),
    );
  }

  /** The bytes of those parts, one after the other. */
  async *read(upload: Upload, parts: readonly UploadPart[]): AsyncGenerator<Buffer> {
    const stored = new Map((await this.#stored(upload.id)).map((part) => [part.number, part]));
    for (const { number, etag } of parts) {
      const part = stored.get(number);
      if (part?.etag !== etag) throw new FplusError("objects.io", `part ${number} was replaced`, { field: "part" });
      yield* this.#reading(upload, part);
    }
  }

  /** Removes an upload with its parts. */
  async remove(upload: Upload): Promise<void> {
    this.#open.delete(upload.id);
    // Renamed first, so that a process which ends here leaves no half of it.
    const away = this.#temporary();
    await rename(path.join(this.#folder, upload.id), away);
    await rm(away, { recursive: true, force: true });
  }

  /** Removes uploads that were begun long ago; tells how many. */
  async sweep(now: number): Promise<number> {
    const abandoned = [...this.#open.values()].filter(({ started }) => started < now - ABANDONED_MS);
    for (const upload of abandoned) await this.remove(upload);
    return abandoned.length;
  }

  #reading(upload: Upload, part: StoredPart): Readable {
    const file = createReadStream(this.#at(upload, part), { highWaterMark: READ_BYTES });
    if (part.cipher === undefined) return file;
    const cipher = this.#cipher();
    if (cipher === undefined)
      throw new FplusError("objects.refused", "the part is encrypted", { field: "encryptionKey" });
    // Errors travel to the last stream, where the reader hears of them.
    return pipeline(file, cipher.decrypt(part.cipher, 0), () => undefined);
  }

  #at(upload: Upload, part: StoredPart): string {
    return path.join(this.#folder, upload.id, part.file);
  }

  async #stored(id: string): Promise<StoredPart[]> {
    const parts = new Map<number, StoredPart>();
    for (const file of await namesIn(path.join(this.#folder, id))) {
      const part = partOf(file);
      if (part !== undefined) parts.set(part.number, part);
    }
    return [...parts.values()].sort((a, b) => a.number - b.number);
  }
}

function nameOf({ number, etag, size }: Omit<UploadPart, "modified">, cipher: string | undefined): string {
  const start = cipher === undefined ? "" : `-${Buffer.from(cipher, "base64").toString("hex")}`;
  return `${number}-${etag}-${size}${start}.part`;
}

function partOf(file: string): StoredPart | undefined {
  const found = /^(\d+)-([0-9a-f]{32})-(\d+)(?:-([0-9a-f]+))?\.part$/.exec(file);
  if (found === null) return undefined;
  const cipher = found[4] === undefined ? undefined : Buffer.from(found[4], "hex").toString("base64");
  return { file, number: Number(found[1]), etag: found[2]!, size: Number(found[3]), cipher };
}
