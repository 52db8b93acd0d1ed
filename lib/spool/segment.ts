import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { encodeRecord, HEADER_BYTES, soundDataLength } from "./record.ts";
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

/**
 * One file of the log: records in order of position, appended at the end, deleted as a whole.
 * Offsets of the records are held only while somebody reads or writes it.
 */
export class Segment {
  readonly base: number;
  readonly file: string;
  count: number;
  bytes: number;
  #fd: number | undefined;
  #offsets: number[] | undefined;

  constructor(directory: string, base: number, count = 0, bytes = 0) {
    this.base = base;
    this.file = path.join(directory, segmentName(base));
    this.count = count;
    this.bytes = bytes;
    if (count === 0) this.#offsets = [];
  }

  /** Position after the last record. */
  get end(): number {
    return this.base + this.count;
  }

  get fd(): number {
    this.#fd ??= openSync(this.file, "a+");
    return this.#fd;
  }

  /** Finds the sound records. Damage ends the segment: what lies behind it cannot be told apart from noise. */
  scan(): { sound: number; bytes: number; damaged: number } {
    const content = readFileSync(this.file);
    const offsets: number[] = [];
    let at = 0;
    for (;;) {
      const length = soundDataLength(content, at);
      if (length < 0) break;
      offsets.push(at);
      at += HEADER_BYTES + length;
    }
    this.#offsets = offsets;
    return { sound: offsets.length, bytes: at, damaged: content.length - at };
  }

  /** Takes what the file really holds for the truth and cuts a torn tail off; returns the bytes cut. */
  recover(): number {
    const { sound, bytes, damaged } = this.scan();
    this.count = sound;
    this.bytes = bytes;
    if (damaged > 0) ftruncateSync(this.fd, bytes);
    return damaged;
  }

  /** Writes one record whole, or throws and leaves the file as it was. */
  append(data: Uint8Array, appendedAt: number): void {
    const record = encodeRecord(data, appendedAt);
    try {
      let written = 0;
      while (written < record.length) written += writeSync(this.fd, record, written, record.length - written);
    } catch (error) {
      if (fstatSync(this.fd).size > this.bytes) ftruncateSync(this.fd, this.bytes);
      throw error;
    }
    this.#offsets?.push(this.bytes);
    this.bytes += record.length;
    this.count += 1;
  }

  /** Up to `count` records from `position` on, which must lie in this segment. */
  read(position: number, count: number): SpoolRecord[] {
    if (this.#offsets === undefined) this.scan();
    const offsets = this.#offsets ?? [];
    const records: SpoolRecord[] = [];
    for (let i = position - this.base; i < offsets.length && records.length < count; i++) {
      const start = offsets[i]!;
      const end = offsets[i + 1] ?? this.bytes;
      const bytes = Buffer.allocUnsafe(end - start);
      readSync(this.fd, bytes, 0, bytes.length, start);
      records.push({ position: this.base + i, appendedAt: bytes.readDoubleLE(8), data: bytes.subarray(HEADER_BYTES) });
    }
    return records;
  }

  /** Forgets the offsets, so that a long backlog costs no memory. */
  forget(): void {
    this.#offsets = undefined;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#offsets = undefined;
  }

  remove(): void {
    this.close();
    rmSync(this.file, { force: true });
  }
}
