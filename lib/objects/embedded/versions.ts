import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { crc32 } from "node:zlib";
import { FplusError } from "../../errors/index.ts";
import { makeFolderAsync } from "../../folder/index.ts";
import { damagedFile, isAbsent, moveInto, namesIn, replaceFile } from "./files.ts";

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
  /** HTTP headers stored with it; left out where there are none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Left out where there are none. */
  readonly tags?: Readonly<Record<string, string>>;
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

  /** Newest first; `damaged` is called with the id of each whose sidecar is damaged. */
  async versions(damaged: (id: string) => void = () => undefined): Promise<StoredVersion[]> {
    const found: StoredVersion[] = [];
    for (const id of (await this.#ids()).reverse()) {
      const about = await this.#sidecar(id).catch((error: unknown) => {
        if (!(error instanceof FplusError)) throw error;
        damaged(id);
      });
      if (about !== undefined) found.push({ id, about });
    }
    return found;
  }

  /**
   * The newest version, also where it says that the object was deleted.
   * @throws FplusError `objects.io` where its sidecar is damaged: an older version must not be taken for it
   */
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
    await makeFolderAsync(this.path);
    await prepare();
    if (temporary.data !== undefined) await moveInto(temporary.data, this.dataFile(id));
    await replaceFile(temporary.sidecar, path.join(this.path, id + SIDECAR), sidecarText(about));
  }

  /** Replaces what a version's sidecar says; its bytes stay. */
  async describe(id: string, about: Sidecar, temporary: string): Promise<void> {
    await replaceFile(temporary, path.join(this.path, id + SIDECAR), sidecarText(about));
  }

  async remove(id: string): Promise<void> {
    await rm(path.join(this.path, id + SIDECAR), { force: true });
    await rm(this.dataFile(id), { force: true });
  }

  async #ids(): Promise<string[]> {
    const names = await namesIn(this.path);
    return names
      .filter((name) => /^[0-9a-z]{19}\.json$/.test(name))
      .map((name) => name.slice(0, -SIDECAR.length))
      .sort();
  }

  /** Undefined where it has just been removed. */
  async #sidecar(id: string): Promise<Sidecar | undefined> {
    const file = path.join(this.path, id + SIDECAR);
    const text = await readFile(file, "utf8").catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const about = sidecarOf(text);
    if (about !== undefined) return about;
    throw this.damaged(id);
  }

  /** The error for a version whose sidecar is damaged. */
  damaged(id: string): FplusError {
    const hint = "The bytes of the object are in the .data file beside it; store it anew, or delete it.";
    return damagedFile(path.join(this.path, id + SIDECAR), hint);
  }
}

function sidecarText(about: Sidecar): string {
  return JSON.stringify({ ...about, check: crc32(JSON.stringify(about)) });
}

const FIELDS = "key size etag modified contentType metadata sha256 cipher kept deleted".split(" ");

/** Undefined where the text is damaged. Sidecars of former releases have no checksum. */
function sidecarOf(text: string): Sidecar | undefined {
  try {
    const { check, ...about } = JSON.parse(text) as Sidecar & { check?: number };
    const isWhole = typeof about.key === "string" && typeof about.size === "number";
    const isSound =
      check === undefined
        ? Object.keys(about).every((field) => FIELDS.includes(field))
        : check === crc32(JSON.stringify(about));
    return isWhole && isSound ? about : undefined;
  } catch {
    return undefined;
  }
}
