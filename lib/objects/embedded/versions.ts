import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { isAbsent, moveInto, replaceFile } from "./files.ts";

/** What the sidecar file beside an object's bytes says of them. */
export interface Sidecar {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly sha256: string;
  /** What the encryption of the data started from; left out where it is not encrypted. */
  readonly cipher?: string;
  /** Stored while the bucket kept versions; others are replaced by the next one. */
  readonly kept: boolean;
  /** The object was deleted here. */
  readonly deleted: boolean;
}

/** One version of an object; ids sort by age, so the newest is the last. */
export interface StoredVersion {
  readonly id: string;
  readonly about: Sidecar;
}

const SIDECAR = ".json";
const DATA = ".data";

/**
 * The folder of one object. A version is its data file and its sidecar, and exists once the sidecar has its final name:
 * that rename is the moment of storing, and there is no pointer that could contradict it.
 */
export class ObjectFolder {
  readonly path: string;

  constructor(folder: string) {
    this.path = folder;
  }

  /** Newest first. */
  async versions(): Promise<StoredVersion[]> {
    const found: StoredVersion[] = [];
    for (const id of (await this.#ids()).reverse()) {
      const about = await this.#sidecar(id);
      if (about !== undefined) found.push({ id, about });
    }
    return found;
  }

  /** The newest version, also where it says that the object was deleted. */
  async latest(): Promise<StoredVersion | undefined> {
    for (const id of (await this.#ids()).reverse()) {
      const about = await this.#sidecar(id);
      if (about !== undefined) return { id, about };
    }
    return undefined;
  }

  dataFile(id: string): string {
    return path.join(this.path, id + DATA);
  }

  /** An id behind all that exist, also when the clock was set back. */
  async nextId(now: number): Promise<string> {
    const last = (await this.#ids()).at(-1);
    const time = now.toString(36).padStart(9, "0");
    const random = randomBytes(5).toString("hex");
    if (last === undefined || last.slice(0, 9) < time) return `${time}${random}`;
    return `${(Number.parseInt(last.slice(0, 9), 36) + 1).toString(36).padStart(9, "0")}${random}`;
  }

  /**
   * Makes a version of a file that is on the disk already (none for a deletion).
   * @param prepare runs once the folder exists
   */
  async commit(
    id: string,
    about: Sidecar,
    temporary: { readonly data?: string; readonly sidecar: string },
    prepare: () => Promise<void>,
  ): Promise<void> {
    await mkdir(this.path, { recursive: true });
    await prepare();
    if (temporary.data !== undefined) await moveInto(temporary.data, this.dataFile(id));
    await replaceFile(temporary.sidecar, path.join(this.path, id + SIDECAR), JSON.stringify(about));
  }

  async remove(id: string): Promise<void> {
    await rm(path.join(this.path, id + SIDECAR), { force: true });
    await rm(this.dataFile(id), { force: true });
  }

  async #ids(): Promise<string[]> {
    const names = await this.#names();
    return names
      .filter((name) => /^[0-9a-z]{19}\.json$/.test(name))
      .map((name) => name.slice(0, -SIDECAR.length))
      .sort();
  }

  async #names(): Promise<string[]> {
    return await readdir(this.path).catch((error: unknown) => {
      if (isAbsent(error)) return [];
      throw error;
    });
  }

  /** Undefined where it has just been removed, or is not one of ours. */
  async #sidecar(id: string): Promise<Sidecar | undefined> {
    try {
      const about = JSON.parse(await readFile(path.join(this.path, id + SIDECAR), "utf8")) as Sidecar;
      return typeof about.key === "string" && typeof about.size === "number" ? about : undefined;
    } catch (error) {
      if (isAbsent(error) || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
}
