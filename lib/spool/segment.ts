import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { isSameFile, makeFolder } from "../folder/index.ts";
import { encodeRecord, HEADER_BYTES, nextSound, soundDataLength } from "./record.ts";
import type { SpoolRecord } from "./types.ts";

/** Name of the file whose first record has that position. */
export function segmentName(base: number): string {
  return `${String(base).padStart(16, "0")}.seg`;
}

/** Position of the first record of a segment file, or undefined for another file. */
export function segmentBase(name: string): number | undefined {
  const match = /^(\d{16})\.seg$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** Where a record lies in its file; undefined where it is damaged. */
interface Slot {
  readonly at: number;
  readonly size: number;
}

/**
 * One file of the log: records in order of position, appended at the end, deleted as a whole.
 * Where the records lie is held only while somebody reads or writes it.
 */
export class Segment {
  readonly base: number;
  readonly file: string;
  count: number;
  bytes: number;
  /** Records that were found damaged. */
  damaged = 0;
  /** Something was appended that may not be on the disk yet. */
  dirty = false;
  #fd: number | undefined;
  #slots: (Slot | undefined)[] | undefined;

  constructor(directory: string, base: number, count = 0, bytes = 0) {
    this.base = base;
    this.file = path.join(directory, segmentName(base));
    this.count = count;
    this.bytes = bytes;
    if (count === 0) this.#slots = [];
  }

  /** Position after the last record. */
  get end(): number {
    return this.base + this.count;
  }

  get #open(): number {
    this.#fd ??= openSync(this.file, "a+");
    return this.#fd;
  }

  /** Takes what the file really holds for the truth and cuts a torn tail off; returns how many records were lost. */
  recover(): number {
    const content = readFileSync(this.file);
    const { slots, end } = slotsOf(content);
    const torn = content.length > end;
    if (torn) ftruncateSync(this.#open, end);
    this.#slots = slots;
    this.count = slots.length;
    this.bytes = end;
    this.damaged = slots.filter((slot) => slot === undefined).length;
    return this.damaged + (torn ? 1 : 0);
  }

  /** Writes one record whole, or throws and leaves the file as it was. */
  append(data: Uint8Array, appendedAt: number): void {
    const record = encodeRecord(data, appendedAt);
    const fd = this.#open;
    try {
      let written = 0;
      while (written < record.length) written += writeSync(fd, record, written, record.length - written);
    } catch (error) {
      if (fstatSync(fd).size > this.bytes) ftruncateSync(fd, this.bytes);
      throw error;
    }
    this.#slots?.push({ at: this.bytes, size: record.length });
    this.bytes += record.length;
    this.count += 1;
    this.dirty = true;
  }

  /** Resolves when all that was appended before is on the disk. Has a handle of its own: the other may be closed meanwhile. */
  async sync(): Promise<void> {
    const handle = await open(this.file, "r+");
    try {
      this.dirty = false;
      await handle.datasync();
    } catch (error) {
      this.dirty = true;
      throw error;
    } finally {
      await handle.close();
    }
  }

  /** Sound records among the `count` from `position` on, which must lie in this segment. */
  read(position: number, count: number): SpoolRecord[] {
    const slots = (this.#slots ??= this.#find());
    const records: SpoolRecord[] = [];
    const first = position - this.base;
    for (let i = first; i < Math.min(slots.length, first + count); i++) {
      const slot = slots[i];
      if (slot === undefined) continue;
      const bytes = Buffer.allocUnsafe(slot.size);
      const length = readSync(this.#open, bytes, 0, bytes.length, slot.at);
      // The file may have been damaged, or cut, since it was looked through.
      if (length === slot.size && soundDataLength(bytes, 0) === slot.size - HEADER_BYTES) {
        const data = bytes.subarray(HEADER_BYTES);
        records.push({ position: this.base + i, appendedAt: bytes.readDoubleLE(8), data });
      } else {
        slots[i] = undefined;
        this.damaged += 1;
      }
    }
    return records;
  }

  /** Whether its file was deleted or replaced by somebody else while it was open. */
  get isGone(): boolean {
    return this.#fd !== undefined && !isSameFile(this.file, this.#fd);
  }

  /** Puts a file that is gone back in its place: as long as it is open, all that it holds can still be read. */
  restore(): void {
    const content = Buffer.alloc(this.bytes);
    for (let at = 0; at < content.length;) {
      const length = readSync(this.#open, content, at, content.length - at, at);
      if (length === 0) break;
      at += length;
    }
    makeFolder(path.dirname(this.file));
    const fresh = openSync(this.file, "a+");
    try {
      ftruncateSync(fresh, 0);
      for (let at = 0; at < content.length;) at += writeSync(fresh, content, at, content.length - at);
    } catch (error) {
      closeSync(fresh);
      throw error;
    }
    closeSync(this.#open);
    this.#fd = fresh;
    this.dirty = true;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#slots = undefined;
  }

  remove(): void {
    this.close();
    rmSync(this.file, { force: true });
  }

  /** Looks through the file of a full segment, whose number of records is known. */
  #find(): (Slot | undefined)[] {
    let slots: (Slot | undefined)[] = [];
    try {
      ({ slots } = slotsOf(readFileSync(this.file)));
    } catch (error) {
      // Somebody deleted it: all of its records are lost.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    // Of damage that took a length with it nobody can tell how many records it was: all that are missing lay there.
    const missing = this.count - slots.length;
    const hole = slots.indexOf(undefined);
    if (missing > 0)
      slots.splice(hole < 0 ? slots.length : hole, 0, ...Array.from({ length: missing }, () => undefined));
    slots.length = this.count;
    this.damaged = slots.filter((slot) => slot === undefined).length;
    return slots;
  }
}

/** Every record of a file, and where the last sound one ends. A damaged one is stepped over where its length leads to the next. */
function slotsOf(content: Buffer): { slots: (Slot | undefined)[]; end: number } {
  const slots: (Slot | undefined)[] = [];
  let end = 0;
  for (let at = 0; at < content.length;) {
    const length = soundDataLength(content, at);
    if (length < 0) {
      at = nextSound(content, at);
      if (at < 0) break;
      slots.push(undefined);
      continue;
    }
    slots.push({ at, size: HEADER_BYTES + length });
    end = at += HEADER_BYTES + length;
  }
  return { slots, end };
}
