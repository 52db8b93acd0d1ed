import { rm } from "node:fs/promises";
import path from "node:path";
import type { FplusError } from "../../errors/index.ts";
import { Bucket, foldersIn, noBucket } from "./bucket.ts";
import { folderOf } from "./layout.ts";

/** The buckets of an embedded store, by name. */
export class Buckets {
  readonly #folder: string;
  readonly #temporary: () => string;
  readonly #damaged: (fault: FplusError) => void;
  readonly #known = new Map<string, Bucket>();
  readonly #making = new Map<string, Promise<void>>();

  /**
   * @param temporary gives names for temporary files on the same disk
   * @param damaged is told of files that cannot be read as what they are
   */
  constructor(folder: string, temporary: () => string, damaged: (fault: FplusError) => void) {
    this.#folder = folder;
    this.#temporary = temporary;
    this.#damaged = damaged;
  }

  /** Finds the buckets that are on the disk. */
  async load(): Promise<void> {
    this.#known.clear();
    for (const name of await foldersIn(this.#folder)) {
      const bucket = this.#at(name);
      if (await bucket.load()) this.#known.set(decodeURIComponent(name), bucket);
    }
  }

  /** In the order of their names. */
  get names(): string[] {
    return [...this.#known.keys()].sort();
  }

  all(): Iterable<Bucket> {
    return this.#known.values();
  }

  has(name: string): boolean {
    return this.#known.has(name);
  }

  /** @throws FplusError `objects.missing` */
  get(name: string): Bucket {
    const bucket = this.#known.get(name);
    if (bucket !== undefined) return bucket;
    throw noBucket(name);
  }

  /** Makes a bucket where it is missing. */
  async ensure(name: string): Promise<void> {
    if (this.#known.has(name)) return;
    let making = this.#making.get(name);
    if (making === undefined) {
      making = this.#make(name).finally(() => this.#making.delete(name));
      this.#making.set(name, making);
    }
    await making;
  }

  /**
   * Deletes a bucket with nothing in it, neither objects nor versions.
   * @returns whether it was empty, and is gone
   */
  async delete(name: string): Promise<boolean> {
    const away = this.#temporary();
    if (!(await this.get(name).moveAway(away))) return false;
    this.#known.delete(name);
    await rm(away, { recursive: true, force: true });
    return true;
  }

  async #make(name: string): Promise<void> {
    const bucket = this.#at(folderOf(name, "prefix"));
    await bucket.save({});
    this.#known.set(name, bucket);
  }

  #at(folder: string): Bucket {
    return new Bucket(path.join(this.#folder, folder), this.#temporary, this.#damaged);
  }
}
