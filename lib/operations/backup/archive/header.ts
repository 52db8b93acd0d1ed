import { createHmac, hkdfSync, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import zlib from "node:zlib";
import { FplusError } from "../../../errors/index.ts";

/** How the content is packed: 1 = gzip, 2 = zstd. */
export type Packing = 1 | 2;

/** What the first bytes of an archive say, and the key that they lead to. */
export interface Header {
  /** The bytes themselves; they are authenticated with every frame. */
  readonly bytes: Buffer;
  readonly packing: Packing;
  readonly encrypted: boolean;
  readonly key: Buffer;
}

/**
 * Layout, 60 bytes: magic (8), version (1), flags (1; bit 0 = encrypted), packing (1), log2 of scrypt's N (1), salt (32), check (16).
 * The check is the start of an HMAC of all before it under the key, so that a wrong key is told from damage.
 */
export const HEADER_BYTES = 60;

const MAGIC = Buffer.from("FPBACKUP");
const VERSION = 1;
const ENCRYPTED = 1;
const CHECK_AT = 44;
const LOG_N = 15;
/** A forged header must not make us compute for hours. */
const MAX_LOG_N = 20;
/** Characters of a key. */
export const LEAST_KEY = 12;

/** The header of a new archive; without a passphrase it is readable by anybody, and still detects every change by accident. */
export async function newHeader(passphrase: string | undefined): Promise<Header> {
  if (passphrase !== undefined && passphrase.length < LEAST_KEY) {
    throw new FplusError("config.invalid", `the key has less than ${LEAST_KEY} characters`, {
      field: "key",
      hint: "Take a long one, and keep it elsewhere: without it nobody can read the archive.",
    });
  }
  const packing = typeof zlib.createZstdCompress === "function" ? 2 : 1;
  const flags = passphrase === undefined ? 0 : ENCRYPTED;
  const start = Buffer.concat([MAGIC, Buffer.from([VERSION, flags, packing, LOG_N]), randomBytes(32)]);
  const key = await keyOf(start, passphrase);
  return { bytes: Buffer.concat([start, checkOf(start, key)]), packing, encrypted: flags === ENCRYPTED, key };
}

/**
 * Reads a header.
 * @throws FplusError `backup.format` for what is no archive of ours or of a newer version, `backup.key` for a missing or wrong key
 */
export async function readHeader(bytes: Buffer, passphrase: string | undefined): Promise<Header> {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new FplusError("backup.format", "this is no archive of a Factory+ backup");
  }
  const [version = 0, flags = 0, packing = 0, logN = 0] = bytes.subarray(MAGIC.length);
  if (version !== VERSION || (packing !== 1 && packing !== 2) || logN > MAX_LOG_N) {
    throw new FplusError("backup.format", `the archive has format ${version}.${packing}, which is not known here`, {
      hint: "It was made by a newer version of this package: install that one.",
    });
  }
  if (packing === 2 && typeof zlib.createZstdDecompress !== "function") {
    throw new FplusError("backup.format", `Node.js ${process.versions.node} cannot unpack zstd`, {
      hint: "Restore with Node.js 22.15 or newer.",
    });
  }
  const encrypted = (flags & ENCRYPTED) !== 0;
  if (encrypted && passphrase === undefined) {
    throw new FplusError("backup.key", "the archive is encrypted", {
      field: "key",
      hint: "Give the key it was made with.",
    });
  }
  // Who expects an encrypted archive must not be handed another one.
  if (!encrypted && passphrase !== undefined) {
    throw new FplusError("backup.key", "the archive is not encrypted, and a key was given", {
      field: "key",
      hint: "Make sure that it is yours; then leave the key out.",
    });
  }
  const start = bytes.subarray(0, CHECK_AT);
  const key = await keyOf(start, passphrase);
  if (!timingSafeEqual(checkOf(start, key), bytes.subarray(CHECK_AT, HEADER_BYTES))) {
    throw encrypted
      ? new FplusError("backup.key", "the archive is encrypted with another key", {
          field: "key",
          hint: "Give the key it was made with. With that key, its first bytes are damaged.",
        })
      : new FplusError("backup.damaged", "the archive's first bytes are damaged", { offset: 0 });
  }
  return { bytes: bytes.subarray(0, HEADER_BYTES), packing, encrypted, key };
}

async function keyOf(start: Buffer, passphrase: string | undefined): Promise<Buffer> {
  const salt = start.subarray(12, CHECK_AT);
  if (passphrase === undefined) return Buffer.from(hkdfSync("sha256", "", salt, "factory-plus backup, open", 32));
  const N = 2 ** start[11]!;
  return await new Promise((resolve, reject) => {
    scrypt(passphrase, salt, 32, { N, r: 8, p: 1, maxmem: 256 * N * 8 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

function checkOf(start: Buffer, key: Buffer): Buffer {
  return createHmac("sha256", key)
    .update(start)
    .digest()
    .subarray(0, HEADER_BYTES - CHECK_AT);
}
