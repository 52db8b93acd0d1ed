import { createCipheriv, createDecipheriv, createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { Transform } from "node:stream";
import { promisify } from "node:util";
import { FplusError } from "../../errors/index.ts";
import { damagedFile, isAbsent, replaceFile } from "./files.ts";

const ALGORITHM = "aes-256-ctr";
const BLOCK = 16;
const CHECKED = "factory-plus objects";
const derive = promisify<string, Buffer, number, Buffer>(scrypt);

interface CipherFile {
  readonly salt: string;
  /** What the right key makes of a known text. */
  readonly check: string;
}

/**
 * Encrypts objects on the disk (AES-256 in counter mode, a fresh start for every version), so that any part can be read by itself.
 * The key is derived from what the user gave, which is nowhere on the disk; the checksum over the content finds changes.
 */
export class Cipher {
  readonly #key: Buffer;

  private constructor(key: Buffer) {
    this.#key = key;
  }

  /**
   * The cipher of a store's folder; its salt is made at first use.
   * @throws FplusError `objects.refused` when the folder was made with another key
   */
  static async open(directory: string, passphrase: string): Promise<Cipher> {
    const file = path.join(directory, "cipher.json");
    const known = await readFile(file, "utf8").then(
      (text) => cipherOf(text, file),
      (error: unknown) => {
        if (isAbsent(error)) return undefined;
        throw error;
      },
    );
    const salt = known === undefined ? randomBytes(16) : Buffer.from(known.salt, "base64");
    const key = await derive(passphrase, salt, 32);
    const check = createHmac("sha256", key).update(CHECKED).digest();
    if (known === undefined) {
      const text = JSON.stringify({
        salt: salt.toString("base64"),
        check: check.toString("base64"),
      } satisfies CipherFile);
      await replaceFile(`${file}.new`, file, text);
    } else if (!timingSafeEqual(check, Buffer.from(known.check, "base64"))) {
      throw wrongKey("the objects are encrypted with another key", "Give the key they were stored with.");
    }
    return new Cipher(key);
  }

  /** What a version starts from; kept beside it. */
  start(): string {
    return randomBytes(BLOCK).toString("base64");
  }

  /** Encrypts what passes through. */
  encrypt(start: string): Transform {
    return createCipheriv(ALGORITHM, this.#key, Buffer.from(start, "base64"));
  }

  /** Decrypts what passes through, whose first byte is that of the block which holds `from`; gives the bytes from `from` on. */
  decrypt(start: string, from: number): Transform {
    const counter = advanced(Buffer.from(start, "base64"), Math.floor(from / BLOCK));
    const decipher = createDecipheriv(ALGORITHM, this.#key, counter);
    let skip = from % BLOCK;
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const plain = decipher.update(chunk);
        const cut = Math.min(skip, plain.length);
        skip -= cut;
        done(null, plain.subarray(cut));
      },
    });
  }
}

/** @throws FplusError `objects.io` where the file is damaged: a new one would make everything unreadable */
function cipherOf(text: string, file: string): CipherFile {
  const hint = "Put it back from a backup: without it nobody can read the objects.";
  let known: Partial<CipherFile> | null;
  try {
    known = JSON.parse(text) as Partial<CipherFile> | null;
  } catch {
    throw damagedFile(file, hint);
  }
  const { salt, check } = known ?? {};
  const lengths = [salt, check].map((part) => (typeof part === "string" ? Buffer.from(part, "base64").length : 0));
  if (salt === undefined || check === undefined || lengths[0] !== 16 || lengths[1] !== 32)
    throw damagedFile(file, hint);
  return { salt, check };
}

/** The first byte of the block that holds a byte. */
export function blockStart(byte: number): number {
  return byte - (byte % BLOCK);
}

/** @returns the error for an object that cannot be read without the right key */
export function wrongKey(message: string, hint: string): FplusError {
  return new FplusError("objects.refused", message, { field: "encryptionKey", hint });
}

/** The counter so many blocks later; it is one number of 128 bits. */
function advanced(counter: Buffer, blocks: number): Buffer {
  const number = (BigInt(`0x${counter.toString("hex")}`) + BigInt(blocks)) & ((1n << 128n) - 1n);
  return Buffer.from(number.toString(16).padStart(2 * BLOCK, "0"), "hex");
}
