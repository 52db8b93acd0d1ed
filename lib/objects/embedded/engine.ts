import { randomBytes } from "node:crypto";
import { access, constants, copyFile, type FileHandle, mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline, Readable } from "node:stream";
import { AgeClock } from "../../clock/index.ts";
import { FplusError } from "../../errors/index.ts";
import { fileIdentity, type FolderLock, lockFolder, makeFolder } from "../../folder/index.ts";
import type { EmbeddedObjectsOptions } from "../options.ts";
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
import { Bucket, foldersIn, publicId } from "./bucket.ts";
import { blockStart, Cipher, wrongKey } from "./cipher.ts";
import { bringToDisk, diskFault, isAbsent, writeDurably } from "./files.ts";
import { folderOf } from "./layout.ts";
import { linkSecret, LinkSigner } from "./links.ts";
import type { Sidecar, StoredVersion } from "./versions.ts";
import { walk } from "./walk.ts";

const SWEEP_MS = 60 * 60 * 1000;
const READ_BYTES = 256 * 1024;
const MIN_KEY = 12;

/**
 * Objects in a folder: `buckets/<bucket>/objects/<key>@/` holds each version's bytes and sidecar. Bytes are written beside, brought to
 * the disk and renamed into place, so that an object is there as a whole or not at all. One process a folder.
 */
export class EmbeddedEngine implements ObjectEngine {
  readonly kind = "embedded";
  readonly place: string;
  readonly #linkBase: string;
  readonly #encryptionKey: string | undefined;
  readonly #buckets = new Map<string, Bucket>();
  readonly #making = new Map<string, Promise<void>>();
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
    this.#buckets.clear();
    if (this.#encryptionKey !== undefined) this.#cipher = await Cipher.open(this.place, this.#encryptionKey);
    for (const name of await foldersIn(this.#at("buckets"))) {
      const bucket = this.#bucketAt(name);
      if (await bucket.load()) this.#buckets.set(decodeURIComponent(name), bucket);
    }
    this.#clock = new AgeClock(Number(await readFile(this.#at("swept"), "utf8").catch(() => "-Infinity")));
    this.#schedule(0);
  }

  /** What was found damaged last, as a sentence; empty where nothing was. */
  get damage(): string {
    return this.#damage;
  }

  buckets(): Promise<string[]> {
    return Promise.resolve([...this.#buckets.keys()].sort());
  }

  async ensureBucket(name: string): Promise<void> {
    await this.#lookAfterFolder();
    if (this.#buckets.has(name)) return;
    let making = this.#making.get(name);
    if (making === undefined) {
      making = onDisk(() => this.#make(name)).finally(() => this.#making.delete(name));
      this.#making.set(name, making);
    }
    await making;
  }

  async #make(name: string): Promise<void> {
    const bucket = this.#bucketAt(folderOf(name, "prefix"));
    await bucket.save({});
    this.#buckets.set(name, bucket);
  }

  /** Somebody may have deleted the folder, or put another in its place: what is stored from now on lies in the one that is there. */
  async #lookAfterFolder(): Promise<void> {
    if (fileIdentity(this.#at("buckets")) === this.#folder) return;
    this.#lock?.release();
    this.#opening = undefined;
    await this.open();
  }

  async put({ bucket, key }: ObjectName, content: AsyncIterable<Buffer>, plan: PutPlan): Promise<ObjectInfo> {
    const home = this.#bucket(bucket);
    const data = this.#temporary();
    const cipher = this.#cipher?.start();
    const encrypt = cipher === undefined ? undefined : this.#cipher?.encrypt(cipher);
    let size = 0;
    const bytes = counted(content, (length) => (size += length));
    await onDisk(() => writeDurably(data, bytes, encrypt));
    const sha256 = plan.sha256();
    const about = { key, size, etag: sha256.slice(0, 32), modified: Date.now(), sha256, deleted: false };
    try {
      const { contentType, metadata } = plan;
      const described = { ...about, contentType, metadata, ...(cipher === undefined ? {} : { cipher }) };
      const version = await onDisk(() => home.add(described, data));
      return infoOf(bucket, version);
    } finally {
      await rm(data, { force: true });
    }
  }

  async get(name: ObjectName, range?: ByteRange): Promise<ObjectContent> {
    const bucket = this.#bucket(name.bucket);
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
    const found = walk(this.#bucket(name).path, {
      prefix,
      recursive,
      after: cursor,
      deleted: false,
      damaged: (fault) => this.#note(fault),
    });
    for await (const met of found) {
      if (objects.length + prefixes.length === limit) return { objects, prefixes, cursor: last };
      last = met.key;
      if (met.kind === "prefix") prefixes.push(met.key);
      else objects.push(listed(met.version.about));
    }
    return { objects, prefixes };
  }

  async versions({ bucket, key }: ObjectName): Promise<ObjectVersion[]> {
    const folder = this.#bucket(bucket).object(key);
    const versions = await onDisk(() => folder.versions((id) => this.#note(folder.damaged(id))));
    return versions.map((version, i) => ({
      ...listed(version.about),
      versionId: publicId(version),
      latest: i === 0,
      deleted: version.about.deleted,
    }));
  }

  async delete({ bucket, key, versionId }: ObjectName): Promise<void> {
    await onDisk(() => this.#bucket(bucket).delete(key, versionId));
  }

  async copy(from: ObjectName, to: ObjectName): Promise<ObjectInfo> {
    const source = await this.#find(from);
    const home = this.#bucket(to.bucket);
    const data = this.#temporary();
    try {
      return await onDisk(async () => {
        await copyFile(this.#bucket(from.bucket).object(from.key).dataFile(source.id), data);
        await bringToDisk(data);
        const about: Sidecar = { ...source.about, key: to.key, modified: Date.now() };
        return infoOf(to.bucket, await home.add(about, data));
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
    await onDisk(() => this.#bucket(bucket).save({ versions: keep }));
  }

  async expire(bucket: string, expiry: readonly ExpiryRule[]): Promise<void> {
    await onDisk(() => this.#bucket(bucket).save({ expiry }));
    this.#schedule(0);
  }

  expiry(bucket: string): Promise<ExpiryRule[]> {
    return Promise.resolve([...this.#bucket(bucket).settings.expiry]);
  }

  /** Deletes what has expired by that time; tells how many objects went. */
  async sweep(now: number): Promise<number> {
    let gone = 0;
    for (const bucket of this.#buckets.values()) {
      if (this.#closed) break;
      gone += await onDisk(() => bucket.sweep(now));
    }
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

  async #find({ bucket, key, versionId }: ObjectName): Promise<StoredVersion> {
    const folder = this.#bucket(bucket).object(key);
    const version = await onDisk(async () =>
      versionId === undefined
        ? await folder.latest()
        : (await folder.versions()).find((one) => publicId(one) === versionId),
    );
    if (version !== undefined && !version.about.deleted) return version;
    const which = versionId === undefined ? key : `${key} in the version ${versionId}`;
    throw new FplusError("objects.missing", `there is no ${which} in ${bucket}`, { field: "key" });
  }

  #bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket !== undefined) return bucket;
    const hint = "It is made when something is stored in it.";
    throw new FplusError("objects.missing", `there is no bucket ${name}`, { field: "bucket", hint });
  }

  #bucketAt(folder: string): Bucket {
    return new Bucket(
      this.#at("buckets", folder),
      () => this.#temporary(),
      (fault) => this.#note(fault),
    );
  }

  #temporary(): string {
    return this.#at("tmp", randomBytes(12).toString("hex"));
  }

  #at(...parts: string[]): string {
    return path.join(this.place, ...parts);
  }
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskFault(error);
  }
}

async function* counted(content: AsyncIterable<Buffer>, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    count(chunk.length);
    yield chunk;
  }
}

/** First byte and the one behind the last. */
function rangeWithin(range: ByteRange | undefined, size: number): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: size };
  if (range.start < size) return { start: range.start, end: Math.min(size, (range.end ?? size) + 1) };
  throw new FplusError("objects.request", `the object has ${size} bytes, none from ${range.start} on`, {
    field: "range",
  });
}

function listed({ key, size, etag, modified }: Sidecar): ObjectPage["objects"][number] {
  return { key, size, etag, modified };
}

function infoOf(bucket: string, version: StoredVersion): ObjectInfo {
  const { key, size, etag, modified, contentType, metadata, sha256, kept } = version.about;
  const info = { bucket, key, size, etag, modified, contentType, metadata, sha256 };
  return kept ? { ...info, versionId: version.id } : info;
}
