import { randomBytes } from "node:crypto";
import { access, constants, copyFile, type FileHandle, mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline, Readable } from "node:stream";
import { AgeClock } from "../../clock/index.ts";
import { FplusError } from "../../errors/index.ts";
import { bringToDisk, fileIdentity, type FolderLock, lockFolder, makeFolder } from "../../folder/index.ts";
import type { EmbeddedObjectsOptions } from "../options.ts";
import { rangeWithin } from "../range.ts";
import type {
  ByteRange,
  ExpiryRule,
  LinkGrant,
  ObjectContent,
  ObjectEngine,
  ObjectInfo,
  ObjectName,
  ObjectPage,
  ObjectVersion,
  PutPlan,
} from "../types.ts";
import { type Deletion, type Guard, publicId } from "./bucket.ts";
import { Buckets } from "./buckets.ts";
import { blockStart, Cipher, wrongKey } from "./cipher.ts";
import { diskFault, isAbsent, onDisk, writeDurably } from "./files.ts";
import { linkSecret, LinkSigner } from "./links.ts";
import { Uploads } from "./uploads.ts";
import type { Sidecar, StoredVersion } from "./versions.ts";
import { type Met, walk, type WalkOptions } from "./walk.ts";

const SWEEP_MS = 60 * 60 * 1000;
const READ_BYTES = 256 * 1024;
const MIN_KEY = 12;

/** What an S3 client may say of an object beside what every store knows. */
export interface EmbeddedDetails {
  /** HTTP headers that go out with it again; names in small letters. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** Decides whether the object that is there may be replaced. */
  readonly guard?: Guard;
}

/** A bucket, as a list of buckets shows it. */
export interface BucketInfo {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
}

/**
 * Objects in a folder: `buckets/<bucket>/objects/<key>@/` holds each version's bytes and sidecar. Bytes are written beside, brought to
 * the disk and renamed into place, so that an object is there as a whole or not at all. One process a folder.
 */
export class EmbeddedEngine implements ObjectEngine {
  readonly kind = "embedded";
  readonly place: string;
  /** Uploads in parts that are not complete yet. */
  readonly uploads: Uploads;
  readonly #linkBase: string;
  readonly #encryptionKey: string | undefined;
  readonly #buckets: Buckets;
  #opening: Promise<void> | undefined;
  #signer: LinkSigner | undefined;
  #cipher: Cipher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #closed = false;
  #lock: FolderLock | undefined;
  #folder: string | undefined;
  #clock = new AgeClock(Number.NEGATIVE_INFINITY);
  #damage = "";

  /** @throws FplusError `config.invalid` when the encryption key is too short to be one */
  constructor({ directory, linkBase = "", encryptionKey }: EmbeddedObjectsOptions) {
    if (encryptionKey !== undefined && encryptionKey.length < MIN_KEY) {
      throw new FplusError("config.invalid", `the encryption key has fewer than ${MIN_KEY} characters`, {
        field: "encryptionKey",
        hint: "Use a long random text and keep it in a safe place: without it the objects are lost.",
      });
    }
    this.place = directory;
    const temporary = (): string => this.#temporary();
    this.#buckets = new Buckets(this.#at("buckets"), temporary, (fault) => this.#note(fault));
    this.uploads = new Uploads(this.#at("uploads"), temporary, () => this.#cipher);
    this.#encryptionKey = encryptionKey;
    this.#linkBase = linkBase.replace(/\/+$/, "");
  }

  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      this.#lock?.release();
      throw diskFault(error);
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    makeFolder(this.place);
    await access(this.place, constants.W_OK);
    this.#lock = lockFolder(this.place, "objects.io");
    // What a process that ended was still writing.
    await rm(this.#at("tmp"), { recursive: true, force: true });
    await mkdir(this.#at("tmp"), { recursive: true });
    makeFolder(this.#at("buckets"));
    this.#folder = fileIdentity(this.#at("buckets"));
    if (this.#encryptionKey !== undefined) this.#cipher = await Cipher.open(this.place, this.#encryptionKey);
    await this.#buckets.load();
    await this.uploads.open();
    this.#clock = new AgeClock(Number(await readFile(this.#at("swept"), "utf8").catch(() => "-Infinity")));
    this.#schedule(0);
  }

  /** What was found damaged last, as a sentence; empty where nothing was. */
  get damage(): string {
    return this.#damage;
  }

  /** Whether the content of new objects is encrypted on the disk. */
  get encrypted(): boolean {
    return this.#cipher !== undefined;
  }

  buckets(): Promise<string[]> {
    return Promise.resolve(this.#buckets.names);
  }

  hasBucket(name: string): boolean {
    return this.#buckets.has(name);
  }

  /** @throws FplusError `objects.missing` */
  async describeBucket(name: string): Promise<BucketInfo> {
    return { name, created: await onDisk(() => this.#buckets.get(name).created()) };
  }

  /**
   * Deletes a bucket with nothing in it, neither objects nor versions nor parts.
   * @returns whether it was empty, and is gone
   */
  async deleteBucket(name: string): Promise<boolean> {
    this.#buckets.get(name);
    return this.uploads.of(name).length === 0 && (await onDisk(() => this.#buckets.delete(name)));
  }

  async ensureBucket(name: string): Promise<void> {
    await this.#lookAfterFolder();
    await onDisk(() => this.#buckets.ensure(name));
  }

  /** Somebody may have deleted the folder, or put another in its place: what is stored from now on lies in the one that is there. */
  async #lookAfterFolder(): Promise<void> {
    if (fileIdentity(this.#at("buckets")) === this.#folder) return;
    this.#lock?.release();
    this.#opening = undefined;
    await this.open();
  }

  async put(
    { bucket, key }: ObjectName,
    content: AsyncIterable<Buffer>,
    plan: PutPlan & EmbeddedDetails,
  ): Promise<ObjectInfo> {
    const home = this.#buckets.get(bucket);
    const data = this.#temporary();
    const cipher = this.#cipher?.start();
    const encrypt = cipher === undefined ? undefined : this.#cipher?.encrypt(cipher);
    const size = await onDisk(() => writeDurably(data, content, encrypt));
    try {
      const sha256 = plan.sha256();
      const about = { key, size, etag: plan.etag(), modified: Date.now(), sha256, deleted: false };
      const { contentType, metadata, guard } = plan;
      const more = { ...detailsOf(plan), ...(cipher === undefined ? {} : { cipher }) };
      const version = await onDisk(() => home.add({ ...about, contentType, metadata, ...more }, data, guard));
      return infoOf(bucket, version);
    } finally {
      await rm(data, { force: true });
    }
  }

  async get(name: ObjectName, range?: ByteRange): Promise<ObjectContent> {
    const bucket = this.#buckets.get(name.bucket);
    // A version may be replaced between finding and opening it; the one that replaced it is there then.
    for (let attempt = 1; ; attempt++) {
      const version = await this.#find(name);
      const { size, cipher } = version.about;
      if (cipher !== undefined && this.#cipher === undefined) {
        throw wrongKey(`${name.key} is encrypted`, "Give the encryption key of the store.");
      }
      const { start, end } = rangeWithin(range, size);
      try {
        const handle = await open(bucket.object(name.key).dataFile(version.id), "r");
        const info = infoOf(name.bucket, version);
        const length = end - start;
        if (length > 0) return { info, stream: this.#reading(handle, version, start, end), length };
        await handle.close();
        return { info, stream: Readable.from([]), length };
      } catch (error) {
        if (!isAbsent(error) || attempt === 3) throw diskFault(error);
      }
    }
  }

  async stat(name: ObjectName): Promise<ObjectInfo> {
    return infoOf(name.bucket, await this.#find(name));
  }

  async list(
    name: string,
    { prefix, recursive, limit, cursor = "" }: Parameters<ObjectEngine["list"]>[1],
  ): Promise<ObjectPage> {
    const objects: ObjectPage["objects"][number][] = [];
    const prefixes: string[] = [];
    let last = "";
    for await (const met of this.walk(name, { prefix, recursive, after: cursor, deleted: false })) {
      if (objects.length + prefixes.length === limit) return { objects, prefixes, cursor: last };
      last = met.key;
      if (met.kind === "prefix") prefixes.push(met.key);
      else objects.push(listed(met.version.about));
    }
    return { objects, prefixes };
  }

  async versions({ bucket, key }: ObjectName): Promise<ObjectVersion[]> {
    const folder = this.#buckets.get(bucket).object(key);
    const versions = await onDisk(() => folder.versions((id) => this.#note(folder.damaged(id))));
    return versions.map((version, i) => ({
      ...listed(version.about),
      versionId: publicId(version),
      latest: i === 0,
      deleted: version.about.deleted,
    }));
  }

  async delete(name: ObjectName): Promise<void> {
    await this.remove(name);
  }

  /** Deletes, and tells what that did. */
  async remove({ bucket, key, versionId }: ObjectName): Promise<Deletion> {
    return await onDisk(() => this.#buckets.get(bucket).delete(key, versionId));
  }

  /** Replaces the tags of an object. */
  async tag(name: ObjectName, tags: Readonly<Record<string, string>>): Promise<ObjectInfo> {
    const { bucket, key, versionId } = name;
    const version = await onDisk(() => this.#buckets.get(bucket).tag(key, versionId, tags));
    if (version === undefined) throw noObject(name);
    return infoOf(bucket, version);
  }

  /** Whether replaced and deleted objects are kept; `never` = they never were. */
  versioning(bucket: string): "on" | "suspended" | "never" {
    const { versions, suspended = false } = this.#buckets.get(bucket).settings;
    return versions ? "on" : suspended ? "suspended" : "never";
  }

  /** Walks a bucket in the order of its keys. */
  walk(bucket: string, options: Omit<WalkOptions, "damaged">): AsyncGenerator<Met> {
    return walk(this.#buckets.get(bucket).path, { ...options, damaged: (fault) => this.#note(fault) });
  }

  /** @param change what the copy has of its own; everything else is that of the source */
  async copy(
    from: ObjectName,
    to: ObjectName,
    change: EmbeddedDetails & Partial<Pick<Sidecar, "contentType" | "metadata">> = {},
  ): Promise<ObjectInfo> {
    const source = await this.#find(from);
    const home = this.#buckets.get(to.bucket);
    const data = this.#temporary();
    try {
      return await onDisk(async () => {
        await copyFile(this.#buckets.get(from.bucket).object(from.key).dataFile(source.id), data);
        await bringToDisk(data);
        const { guard, ...changed } = change;
        const about: Sidecar = { ...source.about, ...changed, key: to.key, modified: Date.now() };
        return infoOf(to.bucket, await home.add(about, data, guard));
      });
    } finally {
      await rm(data, { force: true });
    }
  }

  async link(name: ObjectName, options: Parameters<ObjectEngine["link"]>[1]): Promise<string> {
    const signer = await this.#linkSigner();
    const expires = Math.floor(Date.now() / 1000) + options.expiresSeconds;
    return this.#linkBase + signer.sign({ method: options.method, name, fileName: options.fileName ?? "" }, expires);
  }

  async grant(target: string, now: number): Promise<LinkGrant> {
    return (await this.#linkSigner()).grantOf(target, now);
  }

  async #linkSigner(): Promise<LinkSigner> {
    this.#signer ??= new LinkSigner(await onDisk(() => linkSecret(this.place)));
    return this.#signer;
  }

  async keepVersions(bucket: string, keep: boolean): Promise<void> {
    await onDisk(async () => {
      const home = this.#buckets.get(bucket);
      const { versions, suspended = false } = home.settings;
      await home.save({ versions: keep, suspended: !keep && (versions || suspended) });
    });
  }

  async expire(bucket: string, expiry: readonly ExpiryRule[]): Promise<void> {
    await onDisk(() => this.#buckets.get(bucket).save({ expiry }));
    this.#schedule(0);
  }

  expiry(bucket: string): Promise<ExpiryRule[]> {
    return Promise.resolve([...this.#buckets.get(bucket).settings.expiry]);
  }

  /** Deletes what has expired by that time; tells how many objects went. */
  async sweep(now: number): Promise<number> {
    let gone = 0;
    for (const bucket of this.#buckets.all()) {
      if (this.#closed) break;
      gone += await onDisk(() => bucket.sweep(now));
    }
    await onDisk(() => this.uploads.sweep(now));
    return gone;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => undefined);
    clearTimeout(this.#timer);
    await this.#sweeping;
    this.#lock?.release();
  }

  #note(fault: FplusError): void {
    this.#damage = fault.message;
  }

  async #sweepNow(): Promise<void> {
    const now = this.#clock.now(Date.now(), performance.now());
    await this.sweep(now);
    await writeFile(this.#at("swept"), String(now));
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      // A failing disk shows at the next request; the sweep comes again.
      const sweep = this.#sweeping.then(() => this.#sweepNow());
      this.#sweeping = sweep.then(
        () => this.#schedule(SWEEP_MS),
        () => this.#schedule(SWEEP_MS),
      );
    }, afterMs).unref();
  }

  #reading(handle: FileHandle, { about }: StoredVersion, start: number, end: number): Readable {
    const { cipher } = about;
    if (cipher === undefined) return handle.createReadStream({ start, end: end - 1, highWaterMark: READ_BYTES });
    const decrypt = this.#cipher!.decrypt(cipher, start);
    const encrypted = handle.createReadStream({ start: blockStart(start), end: end - 1, highWaterMark: READ_BYTES });
    // Errors travel to the last stream, where the reader hears of them.
    return pipeline(encrypted, decrypt, () => undefined);
  }

  async #find(name: ObjectName): Promise<StoredVersion> {
    const { bucket, key, versionId } = name;
    const folder = this.#buckets.get(bucket).object(key);
    const version = await onDisk(async () =>
      versionId === undefined
        ? await folder.latest()
        : (await folder.versions()).find((one) => publicId(one) === versionId),
    );
    if (version !== undefined && !version.about.deleted) return version;
    throw noObject(name);
  }

  #temporary(): string {
    return this.#at("tmp", randomBytes(12).toString("hex"));
  }

  #at(...parts: string[]): string {
    return path.join(this.place, ...parts);
  }
}

function noObject({ bucket, key, versionId }: ObjectName): FplusError {
  const which = versionId === undefined ? key : `${key} in the version ${versionId}`;
  return new FplusError("objects.missing", `there is no ${which} in ${bucket}`, { field: "key" });
}

function detailsOf({ headers, tags }: EmbeddedDetails): Pick<Sidecar, "headers" | "tags"> {
  return { ...(headers === undefined ? {} : { headers }), ...(tags === undefined ? {} : { tags }) };
}

function listed({ key, size, etag, modified }: Sidecar): ObjectPage["objects"][number] {
  return { key, size, etag, modified };
}

function infoOf(bucket: string, version: StoredVersion): ObjectInfo {
  const { key, size, etag, modified, contentType, metadata, sha256, kept } = version.about;
  const info = { bucket, key, size, etag, modified, contentType, metadata, sha256, ...detailsOf(version.about) };
  return kept ? { ...info, versionId: version.id } : info;
}
