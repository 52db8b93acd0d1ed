import { createHash } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";

/** A birth as it came over the wire. */
export interface StoredBirth {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** Keeps births over restarts, so that a host resolves aliases from its first message on. */
export interface BirthStore {
  /** All births, those of edge nodes before those of their devices; what cannot be read is left out. */
  load(): Promise<StoredBirth[]>;
  /** Keeps the birth in the place of the one before it; called one at a time. A failure only costs a rebirth later. */
  save(birth: StoredBirth): Promise<void>;
}

/** Births kept at most; names come from the network. */
export const MAX_BIRTHS = 100_000;

/** An edge node's own birth voids those of its devices, so it comes first. */
export function inOrder(births: readonly StoredBirth[]): StoredBirth[] {
  return births.toSorted((a, b) => a.topic.split("/").length - b.topic.split("/").length);
}

/** Births as files of one folder: the topic, a line feed, the payload. */
export class BirthFolder implements BirthStore {
  readonly #folder: string;
  readonly #names: Set<string>;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#names = new Set(readdirSync(folder));
  }

  async load(): Promise<StoredBirth[]> {
    const births: StoredBirth[] = [];
    for (const name of await readdir(this.#folder)) {
      const bytes = await readFile(path.join(this.#folder, name));
      const end = bytes.indexOf(0x0a);
      if (name.endsWith(".birth") && end > 0) {
        births.push({ topic: bytes.toString("utf8", 0, end), payload: bytes.subarray(end + 1) });
      }
    }
    return inOrder(births);
  }

  async save({ topic, payload }: StoredBirth): Promise<void> {
    const name = `${createHash("sha256").update(topic).digest("hex").slice(0, 32)}.birth`;
    if (!this.#names.has(name) && this.#names.size >= MAX_BIRTHS) return;
    const file = path.join(this.#folder, name);
    await writeFile(`${file}.new`, Buffer.concat([Buffer.from(`${topic}\n`), payload]));
    await rename(`${file}.new`, file);
    this.#names.add(name);
  }
}
