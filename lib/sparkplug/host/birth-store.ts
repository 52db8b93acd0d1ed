import { mkdirSync, readdirSync, readFileSync, rmSync, renameSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import path from "node:path";

/** A birth as it came over the wire. */
export interface StoredBirth {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** Keeps births over restarts, so that a host resolves aliases from its first message on. */
export interface BirthStore {
  /** All births; those that cannot be read are left out. */
  load(): StoredBirth[];
  /** Keeps the birth in the place of the one before it. A failure is thrown, and only costs a rebirth later. */
  save(birth: StoredBirth): void;
  delete(topic: string): void;
}

const MAX_BIRTHS = 100_000;

/** Births as files of one folder: the topic, a line feed, the payload. */
export class BirthFolder implements BirthStore {
  readonly #folder: string;
  #count: number;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#count = readdirSync(folder).length;
  }

  load(): StoredBirth[] {
    const births: StoredBirth[] = [];
    for (const name of readdirSync(this.#folder)) {
      const bytes = readFileSync(path.join(this.#folder, name));
      const end = bytes.indexOf(0x0a);
      if (name.endsWith(".birth") && end > 0) {
        births.push({ topic: bytes.toString("utf8", 0, end), payload: bytes.subarray(end + 1) });
      }
    }
    // An edge node's own birth voids those of its devices, so it comes first.
    return births.sort((a, b) => a.topic.split("/").length - b.topic.split("/").length);
  }

  save({ topic, payload }: StoredBirth): void {
    if (this.#count >= MAX_BIRTHS) return;
    const file = this.#file(topic);
    writeFileSync(`${file}.new`, Buffer.concat([Buffer.from(`${topic}\n`), payload]));
    renameSync(`${file}.new`, file);
    this.#count += 1;
  }

  delete(topic: string): void {
    rmSync(this.#file(topic), { force: true });
  }

  #file(topic: string): string {
    return path.join(this.#folder, `${createHash("sha256").update(topic).digest("hex").slice(0, 32)}.birth`);
  }
}
