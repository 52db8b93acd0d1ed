import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";
import { FplusError, messageOf } from "../errors/index.ts";
import { type FolderLock, lockFolder, makeFolder, syncFolder } from "../folder/index.ts";
import { HEADER_BYTES, MAX_DATA_BYTES } from "./record.ts";
import { Segment, segmentBase } from "./segment.ts";
import type { Spool, SpoolOptions, SpoolRecord, SpoolStats } from "./types.ts";

const SEGMENT_BYTES = 8 * 1024 * 1024;
/** The release cursor is written at most this often; after a crash what it missed is delivered again. */
const CURSOR_INTERVAL_MS = 500;
/** How often it is asked whether somebody has deleted the folder. */
const LOOK_INTERVAL_MS = 250;

/**
 * Opens the spool of a directory, made when missing. One process at a time may have it open.
 * @throws FplusError `spool.io` when the directory cannot be used, or another process has it open
 */
export function openSpool(options: SpoolOptions): Spool {
  let lock: FolderLock | undefined;
  try {
    makeFolder(options.directory);
    lock = lockFolder(options.directory, "spool.io");
    return new SegmentSpool(options, lock);
  } catch (error) {
    lock?.release();
    throw ioError(options.directory, error);
  }
}

class SegmentSpool implements Spool {
  readonly #options: SpoolOptions;
  readonly #segmentBytes: number;
  readonly #cursorFile: string;
  /** Oldest first; the last one is appended to. */
  readonly #segments: Segment[];
  #released: number;
  #cursorAt = Number.NEGATIVE_INFINITY;
  #cursorSaved: number;
  #flushing: Promise<void> | undefined;
  #appendedCount = 0;
  #releasedCount = 0;
  #dropped = 0;
  #refused = 0;
  #corrupt = 0;
  #closed = false;
  #lock: FolderLock;
  #lookedAt = 0;
  /** A segment's file was made whose name may not be on the disk yet. */
  #hasNewName = false;

  constructor(options: SpoolOptions, lock: FolderLock) {
    this.#lock = lock;
    this.#options = options;
    this.#segmentBytes = Math.max(
      4096,
      Math.min(options.segmentBytes ?? SEGMENT_BYTES, Math.floor(options.maxBytes / 8)),
    );
    this.#cursorFile = path.join(options.directory, "cursor");
    this.#segments = this.#load();
    const cursor = readCursor(this.#cursorFile);
    // What the cursor names was delivered, and a power cut took its file: its positions must not come again.
    if (cursor > this.next) {
      for (const segment of this.#segments.splice(0)) segment.remove();
      this.#segments.push(new Segment(options.directory, cursor));
    }
    this.#released = Math.max(cursor, this.#segments[0]?.base ?? 0);
    this.#cursorSaved = this.#released;
  }

  get first(): number {
    return this.#released;
  }

  get next(): number {
    return this.#segments.at(-1)?.end ?? 0;
  }

  append(data: Uint8Array): number {
    if (this.#closed) throw new FplusError("spool.io", "the spool is closed", { field: this.#options.directory });
    if (data.length > MAX_DATA_BYTES) {
      throw new FplusError("spool.io", `a record of ${data.length} bytes is too large`, {
        field: this.#options.directory,
      });
    }
    this.#makeRoom(HEADER_BYTES + data.length);
    try {
      const segment = this.#writable();
      segment.append(data, Date.now());
      this.#appendedCount += 1;
      return segment.end - 1;
    } catch (error) {
      this.#refused += 1;
      throw ioError(this.#options.directory, error);
    }
  }

  flush(): Promise<void> {
    const last = this.#segments.at(-1);
    if (this.#closed || last === undefined) return Promise.resolve();
    // A flush that has begun may miss later appends, so callers meanwhile share the one after it; that one tries anew what failed.
    const after = this.#flushing?.catch(() => undefined) ?? Promise.resolve();
    const mine = after.then(async () => {
      if (this.#flushing === mine) this.#flushing = undefined;
      if (this.#closed) return;
      this.#lookAfterFiles();
      await Promise.all(this.#segments.filter(({ dirty }) => dirty).map((segment) => this.#sync(segment)));
      if (this.#hasNewName) syncFolder(this.#options.directory);
      this.#hasNewName = false;
    });
    this.#flushing = mine;
    return mine.catch((error: unknown) => {
      throw ioError(this.#options.directory, error);
    });
  }

  read(position: number, count: number): SpoolRecord[] {
    const records: SpoolRecord[] = [];
    let from = Math.max(position, this.#released);
    while (records.length < count && from < this.next) {
      const segment = this.#segmentOf(from);
      if (segment === undefined) break;
      const wanted = Math.min(count - records.length, segment.end - from);
      records.push(...this.#readSegment(segment, from, wanted));
      from += wanted;
    }
    return records;
  }

  release(position: number): void {
    const to = Math.min(position, this.next);
    if (to <= this.#released) return;
    this.#releasedCount += to - this.#released;
    this.#released = to;
    while (this.#segments.length > 1 && this.#segments[0]!.end <= to) this.#segments.shift()!.remove();
    if (performance.now() - this.#cursorAt >= CURSOR_INTERVAL_MS) this.#saveCursor();
  }

  stats(): SpoolStats {
    return {
      depth: this.next - this.#released,
      bytes: this.#segments.reduce((sum, segment) => sum + segment.bytes, 0),
      appended: this.#appendedCount,
      released: this.#releasedCount,
      dropped: this.#dropped,
      refused: this.#refused,
      corrupt: this.#corrupt,
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.flush().catch(() => undefined);
    this.#closed = true;
    this.#saveCursor();
    for (const segment of this.#segments) segment.close();
    this.#lock.release();
  }

  /** Only the last segment is read at opening; the length of the others follows from the name of the next one. */
  #load(): Segment[] {
    const bases = readdirSync(this.#options.directory)
      .map(segmentBase)
      .filter((base) => base !== undefined)
      .sort((a, b) => a - b);
    const segments = bases.map((base, i) => {
      const segment = new Segment(this.#options.directory, base, (bases[i + 1] ?? base) - base);
      segment.bytes = statSync(segment.file).size;
      return segment;
    });
    this.#corrupt += segments.at(-1)?.recover() ?? 0;
    return segments;
  }

  #segmentOf(position: number): Segment | undefined {
    return this.#segments.find((segment) => position >= segment.base && position < segment.end);
  }

  #readSegment(segment: Segment, from: number, count: number): SpoolRecord[] {
    const { damaged } = segment;
    try {
      const found = segment.read(from, count);
      this.#corrupt += segment.damaged - damaged;
      if (segment !== this.#segments.at(-1) && from + count === segment.end) segment.close();
      return found;
    } catch (error) {
      throw ioError(segment.file, error);
    }
  }

  #writable(): Segment {
    if (performance.now() - this.#lookedAt >= LOOK_INTERVAL_MS) this.#lookAfterFiles();
    const last = this.#segments.at(-1);
    if (last !== undefined && last.bytes < this.#segmentBytes) {
      this.#hasNewName ||= last.count === 0;
      return last;
    }
    const fresh = new Segment(this.#options.directory, this.next);
    this.#segments.push(fresh);
    this.#hasNewName = true;
    return fresh;
  }

  /** Somebody may have deleted the folder, or put another in its place: what is open still holds its records, and is written anew. */
  #lookAfterFiles(): void {
    this.#lookedAt = performance.now();
    const gone = this.#segments.filter(({ isGone }) => isGone);
    if (gone.length === 0) return;
    for (const segment of gone) segment.restore();
    this.#hasNewName = true;
    this.#lock.release();
    this.#lock = lockFolder(this.#options.directory, "spool.io");
  }

  async #sync(segment: Segment): Promise<void> {
    try {
      await segment.sync();
    } catch (error) {
      // What was released meanwhile has no file any more, and needs none.
      if (this.#segments.includes(segment)) throw error;
    }
  }

  #makeRoom(bytes: number): void {
    while (this.stats().bytes + bytes > this.#options.maxBytes && this.#segments.length > 0) {
      const oldest = this.#segments[0]!;
      if (this.#options.policy === "refuse" && oldest.end > this.#released) {
        this.#refused += 1;
        throw new FplusError("spool.full", `the spool holds its ${this.#options.maxBytes} bytes`, {
          field: this.#options.directory,
          hint: "Make it larger, or let it drop the oldest.",
        });
      }
      if (this.#segments.length === 1) this.#segments.push(new Segment(this.#options.directory, oldest.end));
      this.#dropped += Math.max(0, oldest.end - Math.max(this.#released, oldest.base));
      this.#released = Math.max(this.#released, oldest.end);
      this.#segments.shift()!.remove();
    }
  }

  #saveCursor(): void {
    this.#cursorAt = performance.now();
    if (this.#cursorSaved === this.#released) return;
    try {
      writeFileSync(this.#cursorFile, `${this.#released} ${crc32(String(this.#released))}`);
      this.#cursorSaved = this.#released;
    } catch {
      // A full disk: the records since the last saved cursor are delivered again after a crash, which is allowed.
    }
  }
}

/** Position and checksum; a cursor that cannot be read begins at the oldest record, which delivers some again and loses none. */
function readCursor(file: string): number {
  try {
    const [, text, sum] = /^(\d{1,15}) (\d+)$/.exec(readFileSync(file, "utf8")) ?? [];
    return text !== undefined && Number(sum) === crc32(text) ? Number(text) : 0;
  } catch {
    return 0;
  }
}

function ioError(field: string, error: unknown): FplusError {
  return error instanceof FplusError ? error : new FplusError("spool.io", messageOf(error), { field, cause: error });
}
