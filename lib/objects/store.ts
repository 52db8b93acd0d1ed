import { FplusError } from "../errors/index.ts";
import { LazyStore, type PartHealth } from "../health/index.ts";
import { takeInBody, verified } from "./content.ts";
import type { EmbeddedEngine } from "./embedded/engine.ts";
import { checkBucket, checkKey } from "./names.ts";
import type {
  ByteRange,
  ExpiryRule,
  LinkGrant,
  LinkOptions,
  ListOptions,
  ObjectBody,
  ObjectContent,
  ObjectEngine,
  ObjectInfo,
  ObjectName,
  ObjectPage,
  ObjectVersion,
  PutOptions,
} from "./types.ts";

const PAGE = 1000;
const HOUR_S = 3600;
const WEEK_S = 7 * 24 * HOUR_S;

/**
 * An object store: the same face and the same checks over every engine. Nothing is opened before the first use.
 * Errors are `FplusError`: `objects.missing`, `objects.name`, `objects.request`, `objects.content-type`, `objects.checksum`,
 * `objects.refused`, `objects.unreachable` (try again later) and `objects.io`.
 */
export class ObjectStore extends LazyStore {
  readonly #engine: ObjectEngine;
  readonly #counters = { stored: 0, read: 0, deleted: 0, bytesIn: 0, bytesOut: 0 };

  constructor(engine: ObjectEngine, name = "objects") {
    const mode = engine.kind === "embedded" ? "embedded" : "external";
    super(engine, {
      kind: "objects",
      name,
      mode,
      detail: engine.place,
      code: "objects.io",
      faults: ["objects.unreachable"],
    });
    this.#engine = engine;
  }

  get kind(): ObjectEngine["kind"] {
    return this.#engine.kind;
  }

  /**
   * Does something with the embedded store itself, which a server in front of it needs.
   * @throws FplusError `config.invalid` where the objects lie on a server already
   */
  async embedded<T>(work: (engine: EmbeddedEngine) => Promise<T>): Promise<T> {
    return await this.run(async () => {
      const engine = this.#engine;
      if (engine.kind === "embedded") return await work(engine as EmbeddedEngine);
      throw new FplusError("config.invalid", "the objects lie on an S3 server, which serves them itself", {
        field: "engine",
        hint: "Choose the embedded store, or give programs the address of that server.",
      });
    });
  }

  async buckets(): Promise<string[]> {
    return await this.run(() => this.#engine.buckets());
  }

  /** Stores an object as a whole or not at all; the bucket is made where it is missing. */
  async put(bucket: string, key: string, body: ObjectBody, options: PutOptions = {}): Promise<ObjectInfo> {
    return await this.run(async () => {
      checkBucket(bucket);
      checkKey(key);
      const { content, plan } = await takeInBody(key, body, options);
      await this.#engine.ensureBucket(bucket);
      const info = await this.#engine.put({ bucket, key }, content, plan);
      this.#counters.stored += 1;
      this.#counters.bytesIn += info.size;
      return info;
    });
  }

  /** An object's bytes; read the stream to its end or destroy it. A whole object is compared with its checksum on the way. */
  async get(name: ObjectName, range?: ByteRange): Promise<ObjectContent> {
    return await this.run(async () => {
      checkName(name);
      checkRange(range);
      const content = verified(await this.#engine.get(name, range));
      this.#counters.read += 1;
      this.#counters.bytesOut += content.length;
      return content;
    });
  }

  async stat(name: ObjectName): Promise<ObjectInfo> {
    return await this.run(() => {
      checkName(name);
      return this.#engine.stat(name);
    });
  }

  /** One page of keys in their order. */
  async list(bucket: string, options: ListOptions = {}): Promise<ObjectPage> {
    return await this.run(() => {
      checkBucket(bucket);
      const { prefix = "", recursive = false, limit = PAGE, cursor } = options;
      if (!Number.isInteger(limit) || limit < 1 || limit > PAGE) {
        throw new FplusError("objects.request", `a page holds 1 to ${PAGE} objects`, { field: "limit" });
      }
      return this.#engine.list(bucket, { prefix, recursive, limit, ...(cursor === undefined ? {} : { cursor }) });
    });
  }

  /** Every version of an object, the newest first; deletions are among them. */
  async versions(bucket: string, key: string): Promise<ObjectVersion[]> {
    return await this.run(() => {
      checkName({ bucket, key });
      return this.#engine.versions({ bucket, key });
    });
  }

  /** Deletes an object or one version of it; what is not there is deleted already. */
  async delete(name: ObjectName): Promise<void> {
    await this.run(async () => {
      checkName(name);
      await this.#engine.delete(name);
      this.#counters.deleted += 1;
    });
  }

  /** Copies within the store, with content type, metadata and checksum; the bucket is made where it is missing. */
  async copy(from: ObjectName, to: Omit<ObjectName, "versionId">): Promise<ObjectInfo> {
    return await this.run(async () => {
      checkName(from);
      checkName(to);
      await this.#engine.ensureBucket(to.bucket);
      return await this.#engine.copy(from, { bucket: to.bucket, key: to.key });
    });
  }

  /** A link for whoever has no key: fetches (GET) or stores (PUT) that one object until it expires. */
  async link(name: ObjectName, options: LinkOptions = {}): Promise<string> {
    return await this.run(async () => {
      checkName(name);
      const { method = "GET", expiresSeconds = HOUR_S, fileName } = options;
      if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > WEEK_S) {
        throw new FplusError("objects.request", "a link lives 1 second to 7 days", { field: "expiresSeconds" });
      }
      if (method === "PUT") await this.#engine.ensureBucket(name.bucket);
      const more = fileName === undefined || fileName === "" ? {} : { fileName };
      return await this.#engine.link(name, { method, expiresSeconds, ...more });
    });
  }

  /**
   * What one of the store's own links (path and query, without its base) allows now.
   * @throws FplusError `objects.refused`
   */
  async grant(target: string): Promise<LinkGrant> {
    return await this.run(async () => {
      const grant = await this.#engine.grant?.(target, Date.now());
      if (grant !== undefined) return grant;
      throw new FplusError("objects.refused", "the server serves its links itself", { field: "link" });
    });
  }

  /** From now on the bucket keeps what is replaced and deleted, or no longer does; versions that exist stay. */
  async keepVersions(bucket: string, keep: boolean): Promise<void> {
    await this.run(async () => {
      checkBucket(bucket);
      await this.#engine.ensureBucket(bucket);
      await this.#engine.keepVersions(bucket, keep);
    });
  }

  /** Sets when objects of a bucket go; replaces all rules. */
  async expire(bucket: string, rules: readonly ExpiryRule[]): Promise<void> {
    await this.run(async () => {
      checkBucket(bucket);
      for (const { days, prefix } of rules) {
        if (!Number.isInteger(days) || days < 1) {
          throw new FplusError("objects.request", "an object lives a whole number of days, 1 or more", {
            field: "days",
          });
        }
        if (typeof prefix !== "string")
          throw new FplusError("objects.request", "no prefix is given", { field: "prefix" });
      }
      await this.#engine.ensureBucket(bucket);
      await this.#engine.expire(bucket, rules);
    });
  }

  async expiry(bucket: string): Promise<ExpiryRule[]> {
    return await this.run(() => {
      checkBucket(bucket);
      return this.#engine.expiry(bucket);
    });
  }

  health(): PartHealth {
    const report = this.report(this.#counters);
    const { damage = "" } = this.#engine;
    return damage === "" || report.status !== "up" ? report : { ...report, status: "degraded", detail: damage };
  }
}

function checkName({ bucket, key, versionId }: ObjectName): void {
  checkBucket(bucket);
  checkKey(key);
  if (versionId !== undefined && !/^[\w.-]{1,200}$/.test(versionId)) {
    throw new FplusError("objects.name", "not the id of a version", { field: "versionId" });
  }
}

function checkRange(range: ByteRange | undefined): void {
  if (range === undefined) return;
  const { start, end = start } = range;
  if (Number.isInteger(start) && Number.isInteger(end) && start >= 0 && end >= start) return;
  const hint = "Give the first and the last byte, counted from 0.";
  throw new FplusError("objects.request", "not a range of bytes", { field: "range", hint });
}
