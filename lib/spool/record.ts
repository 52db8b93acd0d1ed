import { crc32 } from "node:zlib";

/**
 * A record on disk: length (u32), CRC32 of what follows it (u32), append time in ms (f64), data. Little endian.
 * The checksum covers time and data, so a torn or flipped record is never taken for a whole one.
 */
export const HEADER_BYTES = 16;
/** Longer than any batch; a length above it can only be damage. */
export const MAX_DATA_BYTES = 64 * 1024 * 1024;

/** A record as it stands on disk: length, checksum, bytes. */
export function encodeRecord(data: Uint8Array, appendedAt: number): Buffer {
  const record = Buffer.allocUnsafe(HEADER_BYTES + data.length);
  record.writeUInt32LE(data.length, 0);
  record.writeDoubleLE(appendedAt, 8);
  record.set(data, HEADER_BYTES);
  record.writeUInt32LE(crc32(record.subarray(8)), 4);
  return record;
}

/** Length of the data of the record that starts at `at`, or -1 where no whole and sound record does. */
export function soundDataLength(bytes: Buffer, at: number): number {
  if (at + HEADER_BYTES > bytes.length) return -1;
  const length = bytes.readUInt32LE(at);
  if (length > MAX_DATA_BYTES || at + HEADER_BYTES + length > bytes.length) return -1;
  const sum = crc32(bytes.subarray(at + 8, at + HEADER_BYTES + length));
  return sum === bytes.readUInt32LE(at + 4) ? length : -1;
}

/** Where the next sound record begins behind a damaged one; -1 where none does. */
export function nextSound(bytes: Buffer, damagedAt: number): number {
  // Most damage leaves the length alone; otherwise anything that could be a header is tried.
  const behind = damagedAt + HEADER_BYTES + (damagedAt + 4 <= bytes.length ? bytes.readUInt32LE(damagedAt) : 0);
  if (soundDataLength(bytes, behind) >= 0) return behind;
  for (let at = damagedAt + 1; at + HEADER_BYTES <= bytes.length; at++) {
    if (isTime(bytes.readDoubleLE(at + 8)) && soundDataLength(bytes, at) >= 0) return at;
  }
  return -1;
}

/** What the clock of a computer can say; hardly any other eight bytes can. */
function isTime(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 8.64e15;
}
