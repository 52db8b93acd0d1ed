import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** A checksum under way. */
export interface Checksum {
  update(chunk: Uint8Array): void;
  /** Base64, as S3's headers carry it. */
  digest(): string;
}

/** The checksums of `x-amz-checksum-…`, by the name behind it. */
export const CHECKSUMS = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] as const;
/** The name of one of them. */
export type ChecksumName = (typeof CHECKSUMS)[number];

const CASTAGNOLI = 0x82f63b78;
/** The polynomial of CRC-64/NVME, reflected: upper and lower half. */
const NVME = [0x9a6c9329, 0xac4bc9b5] as const;

/** Begins a checksum. */
export function checksumOf(name: ChecksumName): Checksum {
  switch (name) {
    case "crc32": {
      let value = 0;
      return {
        update: (chunk) => void (value = crc32(chunk, value)),
        digest: () => base64([value]),
      };
    }
    case "crc32c":
      return castagnoli();
    case "crc64nvme":
      return nvme();
    case "sha1":
    case "sha256": {
      const hash = createHash(name);
      return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest("base64") };
    }
  }
}

/** Tables for eight bytes at a time: table k is what a byte does k places further on. */
let castagnoliTables: Int32Array[] | undefined;

function castagnoli(): Checksum {
  castagnoliTables ??= slicingTables();
  const [t0, t1, t2, t3, t4, t5, t6, t7] = castagnoliTables as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  let crc = -1;
  return {
    update(chunk) {
      let at = 0;
      for (const last = chunk.length - 8; at <= last; at += 8) {
        crc ^= chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 24);
        crc =
          t7[crc & 255]! ^
          t6[(crc >>> 8) & 255]! ^
          t5[(crc >>> 16) & 255]! ^
          t4[crc >>> 24]! ^
          t3[chunk[at + 4]!]! ^
          t2[chunk[at + 5]!]! ^
          t1[chunk[at + 6]!]! ^
          t0[chunk[at + 7]!]!;
      }
      for (; at < chunk.length; at++) crc = t0[(crc ^ chunk[at]!) & 255]! ^ (crc >>> 8);
    },
    digest: () => base64([~crc]),
  };
}

function slicingTables(): Int32Array[] {
  const first = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ CASTAGNOLI : value >>> 1;
    first[byte] = value;
  }
  const tables = [first];
  for (let k = 1; k < 8; k++) {
    const before = tables[k - 1]!;
    tables.push(before.map((value) => first[value & 255]! ^ (value >>> 8)));
  }
  return tables;
}

let nvmeTables: { readonly high: Int32Array; readonly low: Int32Array } | undefined;

/** 64 bits as two halves of 32, for JavaScript's whole numbers end before. */
function nvme(): Checksum {
  nvmeTables ??= halvesOfNvme();
  const tables = nvmeTables;
  let high = -1;
  let low = -1;
  return {
    update(chunk) {
      for (let at = 0; at < chunk.length; at++) {
        const index = (low ^ chunk[at]!) & 255;
        low = tables.low[index]! ^ ((low >>> 8) | (high << 24));
        high = tables.high[index]! ^ (high >>> 8);
      }
    },
    digest: () => base64([~high, ~low]),
  };
}

function halvesOfNvme(): { high: Int32Array; low: Int32Array } {
  const high = new Int32Array(256);
  const low = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let [upper, lower] = [0, byte];
    for (let bit = 0; bit < 8; bit++) {
      const odd = (lower & 1) === 1;
      lower = (lower >>> 1) | (upper << 31);
      upper = upper >>> 1;
      if (odd) {
        upper ^= NVME[0];
        lower ^= NVME[1];
      }
    }
    high[byte] = upper;
    low[byte] = lower;
  }
  return { high, low };
}

function base64(words: readonly number[]): string {
  const bytes = Buffer.alloc(4 * words.length);
  words.forEach((word, i) => bytes.writeInt32BE(word | 0, 4 * i));
  return bytes.toString("base64");
}
