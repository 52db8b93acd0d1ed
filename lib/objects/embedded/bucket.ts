import { readdir, readFile, rename, stat } from "node:fs/promises";
import path from "node:path";
import { FplusError } from "../../errors/index.ts";
import type { ExpiryRule } from "../types.ts";
import { damagedFile, isAbsent, removeEmpty, replaceFile } from "./files.ts";
import { nameFolders, objectFolder } from "./layout.ts";
import { ObjectFolder, type Sidecar, type StoredVersion } from "./versions.ts";
import { walk } from "./walk.ts";

interface BucketSettings {
  readonly versions: boolean;
  /** Versions were kept once and no longer are. */
  readonly suspended?: boolean;
  readonly expiry: readonly ExpiryRule[];
}

const DAY_MS = 86_400_000;

/** Looks at the object that is to be replaced, if there is one, and throws to keep it. */
export type Guard = (current: Sidecar | undefined) => void;

/** What a deletion did. */
export interface Deletion {
  /** Of the version that went, or of the one that says that the object was deleted; left out in buckets without versions. */
  readonly versionId?: string;
  /** The version that went, or came, says that the object was deleted. */
  readonly marker: boolean;
}

/** One bucket of the embedded store: its settings, and one change at a time. */
export class Bucket {
  readonly path: string;
  readonly #folder: string;
  readonly #settingsFile: string;
  readonly #temporary: () => string;
  readonly #damaged: (fault: FplusError) => void;
  #settings: BucketSettings = { versions: false, expiry: [] };
  #gone = false;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param temporary gives names for temporary files on the same disk
   * @param damaged is told of files that cannot be read as what they are
   */
  constructor(folder: string, temporary: () => string, damaged: (fault: FplusError) => void) {
    this.#damaged = damaged;
    this.#folder = folder;
    this.path = path.join(folder, "objects");
    this.#settingsFile = path.join(folder, "bucket.json");
    this.#temporary = temporary;
  }

  get settings(): BucketSettings {
    return this.#settings;
  }

  /** Reads the settings; tells whether the bucket exists. */
  async load(): Promise<boolean> {
    try {
      this.#settings = this.#settingsOf(await readFile(this.#settingsFile, "utf8"));
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  #settingsOf(text: string): BucketSettings {
    try {
      const { versions, suspended = false, expiry } = JSON.parse(text) as BucketSettings;
      if (typeof versions === "boolean" && Array.isArray(expiry)) return { versions, suspended, expiry };
    } catch {
      // Damaged, as what follows says.
    }
    this.#damaged(damagedFile(this.#settingsFile, "Until its settings are made again the bucket keeps everything."));
    // With these nothing is replaced and nothing expires.
    return { versions: true, expiry: [] };
  }

  async save(change: Partial<BucketSettings>): Promise<void> {
    await this.#alone(async () => {
      const settings = { ...this.#settings, ...change };
      await replaceFile(this.#temporary(), this.#settingsFile, JSON.stringify(settings));
      this.#settings = settings;
    });
  }

  object(key: string): ObjectFolder {
    return new ObjectFolder(path.join(this.path, objectFolder(key)));
  }

  /** When it was made, in milliseconds since the epoch. */
  async created(): Promise<number> {
    const { birthtimeMs, mtimeMs } = await stat(this.#folder);
    return birthtimeMs || mtimeMs;
  }

  /** Adds a version whose bytes lie in a temporary file, and drops what it replaces. */
  async add(about: Omit<Sidecar, "kept">, data: string, guard?: Guard): Promise<StoredVersion> {
    return await this.#alone(async () => {
      if (guard !== undefined) {
        const current = await this.object(about.key).latest();
        guard(current?.about.deleted === true ? undefined : current?.about);
      }
      return await this.#add(about, data);
    });
  }

  /** Replaces the tags of a version, the newest where none is named; undefined where there is no such version. */
  async tag(
    key: string,
    versionId: string | undefined,
    tags: Readonly<Record<string, string>>,
  ): Promise<StoredVersion | undefined> {
    return await this.#alone(async () => {
      const folder = this.object(key);
      const version = (await folder.versions()).find((one) => versionId === undefined || publicId(one) === versionId);
      if (version === undefined || version.about.deleted) return undefined;
      const { tags: _, ...rest } = version.about;
      const about = Object.keys(tags).length === 0 ? rest : { ...rest, tags };
      await folder.describe(version.id, about, this.#temporary());
      return { id: version.id, about };
    });
  }

  /** Deletes a version, or the object: with versions kept that is one more version, which says so. */
  async delete(key: string, versionId: string | undefined): Promise<Deletion> {
    return await this.#alone(() => this.#delete(key, versionId));
  }

  /**
   * Moves the bucket's folder away, if nothing is in it.
   * @returns whether it is gone
   */
  async moveAway(to: string): Promise<boolean> {
    return await this.#alone(async () => {
      let holds = false;
      const damaged = (): void => void (holds = true);
      const { done } = await walk(this.path, { prefix: "", recursive: true, after: "", deleted: true, damaged }).next();
      if (done !== true || holds) return false;
      await rename(this.#folder, to);
      this.#gone = true;
      return true;
    });
  }

  async #add(about: Omit<Sidecar, "kept">, data?: string): Promise<StoredVersion> {
    const folder = this.object(about.key);
    const kept = this.#settings.versions;
    const replaced = kept ? [] : (await folder.versions()).filter((version) => !version.about.kept);
    const version = { id: await folder.nextId(about.modified), about: { ...about, kept } };
    const sidecar = this.#temporary();
    await folder.commit(version.id, version.about, data === undefined ? { sidecar } : { data, sidecar }, () =>
      nameFolders(this.path, about.key),
    );
    for (const { id } of replaced) await folder.remove(id);
    return version;
  }

  async #delete(key: string, versionId: string | undefined): Promise<Deletion> {
    const folder = this.object(key);
    const damaged: string[] = [];
    const versions = await folder.versions((id) => damaged.push(id));
    let marker = false;
    if (versionId !== undefined) {
      for (const version of versions) {
        if (publicId(version) !== versionId) continue;
        marker = version.about.deleted;
        await folder.remove(version.id);
      }
    } else if (versions.length > 0 && (this.#settings.versions || versions.some(({ about }) => about.kept))) {
      const nothing = { size: 0, etag: "", contentType: "", metadata: {}, sha256: "", deleted: true };
      return { versionId: publicId(await this.#add({ key, modified: Date.now(), ...nothing })), marker: true };
    } else {
      for (const id of [...versions.map((version) => version.id), ...damaged]) await folder.remove(id);
    }
    await removeEmpty(folder.path, this.path);
    return { marker, ...(versionId === undefined ? {} : { versionId }) };
  }

  /** Deletes what is older than the rules let it become; tells how many objects went. */
  async sweep(now: number): Promise<number> {
    let gone = 0;
    for (const { prefix, days } of this.#settings.expiry) {
      for await (const met of walk(this.path, {
        prefix,
        recursive: true,
        after: "",
        deleted: false,
        damaged: this.#damaged,
      })) {
        if (met.kind !== "object" || met.version.about.modified > now - days * DAY_MS) continue;
        await this.delete(met.key, undefined);
        gone += 1;
      }
    }
    return gone;
  }

  async #alone<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      if (this.#gone) throw noBucket(path.basename(this.#folder));
      return change();
    });
    this.#last = turn.catch(() => undefined);
    return await turn;
  }
}

/** @returns the error for a bucket that is not there */
export function noBucket(name: string): FplusError {
  const hint = "It is made when something is stored in it.";
  return new FplusError("objects.missing", `there is no bucket ${name}`, { field: "bucket", hint });
}

/** The id by which users name a version; what was stored without versions has the id that S3 gives it. */
export function publicId({ id, about }: StoredVersion): string {
  return about.kept ? id : "null";
}

/** Folders in a folder; none where it is not there. */
export async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
