import type { Client } from "minio";

import type { IncomingMessage } from "node:http";
import { FplusError } from "../../errors/index.ts";
import type { S3Options } from "../options.ts";
import type {
  ByteRange,
  ExpiryRule,
  ObjectContent,
  ObjectEngine,
  ObjectInfo,
  ObjectName,
  ObjectPage,
  ObjectVersion,
  PutPlan,
} from "../types.ts";
import { CHECKSUM, headersOf, metadataOf } from "./metadata.ts";
import { partBytes, partsOf } from "./parts.ts";
import { S3Servers } from "./servers.ts";

/** What the server stored, before it is asked about it. */
interface Stored {
  readonly etag: string;
  readonly versionId: string | null;
}

/** Sorts behind every key under a folder, so that a page begins after the folder. */
const LAST = "\u{10FFFF}";

/** Any S3 server over the minio client. */
export class S3Engine implements ObjectEngine {
  readonly kind = "s3";
  readonly place: string;
  readonly #servers: S3Servers;
  readonly #region: string | undefined;
  readonly #known = new Set<string>();

  /** @throws FplusError `config.invalid`, `config.missing` naming the field */
  constructor(options: S3Options) {
    this.#servers = new S3Servers(options);
    this.#region = options.region;
    this.place = this.#servers.url;
  }

  async open(): Promise<void> {
    await this.buckets();
  }

  async buckets(): Promise<string[]> {
    const buckets = await this.#servers.run("", "", (client) => client.listBuckets());
    return buckets.map(({ name }) => name).sort();
  }

  async ensureBucket(bucket: string): Promise<void> {
    if (this.#known.has(bucket)) return;
    await this.#servers.run(bucket, "", async (client) => {
      if (await client.bucketExists(bucket)) return;
      await client.makeBucket(bucket, this.#region).catch((error: unknown) => {
        // Somebody else was faster.
        if ((error as { code?: string }).code?.startsWith("BucketAlready") !== true) throw error;
      });
    });
    this.#known.add(bucket);
  }

  async put(name: ObjectName, content: AsyncIterable<Buffer>, plan: PutPlan): Promise<ObjectInfo> {
    const parts = partsOf(content, partBytes(plan.size));
    try {
      const first = await parts.next();
      const second = first.done === true ? first : await parts.next();
      const stored =
        second.done === true
          ? await this.#putWhole(name, first.done === true ? Buffer.alloc(0) : first.value, plan)
          : await this.#putParts(name, [first.value as Buffer, second.value], parts, plan);
      const { versionId } = stored;
      return await this.stat(versionId === null ? name : { ...name, versionId });
    } catch (error) {
      this.#forget(name.bucket, error);
      throw error;
    } finally {
      await parts.return(undefined);
    }
  }

  async #putWhole({ bucket, key }: ObjectName, bytes: Buffer, plan: PutPlan): Promise<Stored> {
    const headers = headersOf(plan.contentType, plan.metadata, plan.sha256());
    return await this.#servers.run(bucket, key, (client) =>
      client.putObject(bucket, key, bytes, bytes.length, headers),
    );
  }

  /** Part by part; each is checked by the server, and the checksum of the whole follows as a tag once it is known. */
  async #putParts(
    { bucket, key }: ObjectName,
    first: Buffer[],
    rest: AsyncGenerator<Buffer>,
    plan: PutPlan,
  ): Promise<Stored> {
    const run = <T>(request: (client: Client) => Promise<T>): Promise<T> => this.#servers.run(bucket, key, request);
    const headers = headersOf(plan.contentType, plan.metadata);
    const uploadId = await run((client) => client.initiateNewMultipartUpload(bucket, key, headers));
    try {
      const etags: { part: number; etag: string }[] = [];
      const send = async (bytes: Buffer): Promise<void> => {
        const part = etags.length + 1;
        const config = { bucketName: bucket, objectName: key, uploadID: uploadId, partNumber: part, headers: {} };
        const { etag } = await run((client) => client.uploadPart(config, bytes));
        etags.push({ part, etag });
      };
      for (const bytes of first.splice(0)) await send(bytes);
      for await (const bytes of rest) await send(bytes);
      const stored = await run((client) => client.completeMultipartUpload(bucket, key, uploadId, etags));
      const tags = { [CHECKSUM]: plan.sha256() };
      const { versionId } = stored;
      await run((client) => client.setObjectTagging(bucket, key, tags, versionId === null ? undefined : { versionId }));
      return stored;
    } catch (error) {
      await run((client) => client.abortMultipartUpload(bucket, key, uploadId)).catch(() => undefined);
      throw error;
    }
  }

  async get(name: ObjectName, range?: ByteRange): Promise<ObjectContent> {
    const { bucket, key } = name;
    for (let attempt = 1; ; attempt++) {
      const info = await this.stat(name);
      const version = versionOf(info.versionId === undefined ? name : { ...name, versionId: info.versionId });
      const stream = (await this.#servers.run(bucket, key, (client) =>
        range === undefined
          ? client.getObject(bucket, key, version)
          : client.getPartialObject(bucket, key, range.start, lengthOf(range, info.size), version),
      )) as IncomingMessage;
      if (unquoted(stream.headers.etag) === info.etag) {
        return { info, stream, length: Number(stream.headers["content-length"] ?? info.size) };
      }
      // Another content came between the two requests.
      stream.destroy();
      if (attempt === 3) throw new FplusError("objects.io", `${key} changes all the time`, { field: "key" });
    }
  }

  async stat(name: ObjectName): Promise<ObjectInfo> {
    const { bucket, key } = name;
    const found = await this.#servers.run(bucket, key, (client) => client.statObject(bucket, key, versionOf(name)));
    const headers = found.metaData as Record<string, unknown>;
    const sha256 = (headers[CHECKSUM] as string | undefined) ?? (await this.#taggedChecksum(name));
    return {
      bucket,
      key,
      size: found.size,
      etag: found.etag,
      modified: found.lastModified.getTime(),
      contentType: String(headers["content-type"] ?? "application/octet-stream"),
      metadata: metadataOf(headers),
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(found.versionId ? { versionId: found.versionId } : {}),
    };
  }

  /** Who may read an object may not always read its tags: it has no checksum then. */
  async #taggedChecksum(name: ObjectName): Promise<string | undefined> {
    const { bucket, key } = name;
    const version = versionOf(name);
    const tags = await this.#servers
      .run(bucket, key, (client) => client.getObjectTagging(bucket, key, version as TagsOf))
      .catch(() => []);
    return tags.find(({ Key }) => Key === CHECKSUM)?.Value;
  }

  async list(
    bucket: string,
    { prefix, recursive, limit, cursor = "" }: Parameters<ObjectEngine["list"]>[1],
  ): Promise<ObjectPage> {
    const delimiter = recursive ? "" : "/";
    const after = cursor.endsWith("/") ? cursor + LAST : cursor;
    const answer = await this.#servers.run(bucket, "", (client) =>
      client.listObjectsV2Query(bucket, prefix, "", delimiter, limit, after),
    );
    const objects: ObjectPage["objects"][number][] = [];
    const prefixes: string[] = [];
    let last = "";
    for (const item of answer.objects) {
      if (item.prefix !== undefined) prefixes.push(item.prefix);
      else if (item.name !== undefined) {
        const { name: key, size, etag, lastModified } = item;
        objects.push({ key, size, etag: unquoted(etag), modified: lastModified.getTime() });
      }
      const name = item.prefix ?? item.name ?? "";
      if (Buffer.compare(Buffer.from(name), Buffer.from(last)) > 0) last = name;
    }
    return answer.isTruncated ? { objects, prefixes, cursor: last } : { objects, prefixes };
  }

  async versions({ bucket, key }: ObjectName): Promise<ObjectVersion[]> {
    return await this.#servers.run(bucket, key, async (client) => {
      const versions: ObjectVersion[] = [];
      for await (const item of client.listObjects(bucket, key, true, { IncludeVersion: true })) {
        const found = item as unknown as ListedVersion;
        if (found.name !== key) continue;
        versions.push({
          key,
          size: Number(found.size ?? 0),
          etag: unquoted(found.etag),
          modified: new Date(found.lastModified).getTime(),
          versionId: String(found.versionId),
          latest: String(found.isLatest) === "true",
          deleted: found.isDeleteMarker === true,
        });
      }
      return versions.sort((a, b) => Number(b.latest) - Number(a.latest) || b.modified - a.modified);
    });
  }

  async delete(name: ObjectName): Promise<void> {
    const { bucket, key } = name;
    await this.#servers.run(bucket, key, (client) => client.removeObject(bucket, key, versionOf(name)));
  }

  async copy(from: ObjectName, to: ObjectName): Promise<ObjectInfo> {
    const { CopyDestinationOptions, CopySourceOptions } = await import("minio");
    const source = new CopySourceOptions({
      Bucket: from.bucket,
      Object: from.key,
      ...(from.versionId === undefined ? {} : { VersionID: from.versionId }),
    });
    const destination = new CopyDestinationOptions({ Bucket: to.bucket, Object: to.key });
    await this.#servers.run(from.bucket, from.key, (client) => client.copyObject(source, destination));
    return await this.stat(to);
  }

  async link(name: ObjectName, options: Parameters<ObjectEngine["link"]>[1]): Promise<string> {
    const { bucket, key, versionId } = name;
    const { method, expiresSeconds, fileName } = options;
    const query: Record<string, string> = versionId === undefined ? {} : { versionId };
    if (fileName !== undefined) {
      const encoded = encodeURIComponent(fileName);
      query["response-content-disposition"] = `attachment; filename*=UTF-8''${encoded}`;
    }
    return await this.#servers.run(bucket, key, (client) =>
      client.presignedUrl(method, bucket, key, expiresSeconds, query),
    );
  }

  async keepVersions(bucket: string, keep: boolean): Promise<void> {
    const Status = keep ? "Enabled" : "Suspended";
    await this.#servers.run(bucket, "", (client) => client.setBucketVersioning(bucket, { Status }));
  }

  async expire(bucket: string, rules: readonly ExpiryRule[]): Promise<void> {
    await this.#servers.run(bucket, "", async (client) => {
      if (rules.length === 0) return await client.removeBucketLifecycle(bucket);
      const Rule = rules.map(({ prefix, days }, i) => ({
        ID: `fplus-${i}`,
        Status: "Enabled",
        Filter: { Prefix: prefix },
        Expiration: { Days: days },
      }));
      return await client.setBucketLifecycle(bucket, { Rule } as never);
    });
  }

  async expiry(bucket: string): Promise<ExpiryRule[]> {
    return await this.#servers.run(bucket, "", async (client) => {
      const config = (await client.getBucketLifecycle(bucket).catch((error: unknown) => {
        if ((error as { code?: string }).code === "NoSuchLifecycleConfiguration") return null;
        throw error;
      })) as { Rule?: LifecycleRule | LifecycleRule[] } | null;
      return [config?.Rule ?? []]
        .flat()
        .filter((rule) => rule.Expiration?.Days !== undefined)
        .map((rule) => ({
          prefix: String(rule.Filter?.Prefix ?? rule.Prefix ?? ""),
          days: Number(rule.Expiration?.Days),
        }));
    });
  }

  close(): Promise<void> {
    this.#servers.close();
    return Promise.resolve();
  }

  /** A bucket that somebody removed is made again next time. */
  #forget(bucket: string, error: unknown): void {
    if (error instanceof FplusError && error.code === "objects.missing") this.#known.delete(bucket);
  }
}

/** The client declares more than it needs. */
type TagsOf = Parameters<Client["getObjectTagging"]>[2];

interface LifecycleRule {
  readonly Prefix?: unknown;
  readonly Filter?: { readonly Prefix?: unknown };
  readonly Expiration?: { readonly Days?: unknown };
}

interface ListedVersion {
  readonly name?: string;
  readonly size?: number;
  readonly etag?: string;
  readonly lastModified: string | Date;
  readonly versionId?: string;
  readonly isLatest?: string | boolean;
  readonly isDeleteMarker?: boolean;
}

/** 0 stands for "to the end" where the client asks for a length. */
function lengthOf({ start, end }: ByteRange, size: number): number {
  return end === undefined ? Math.max(0, size - start) : end - start + 1;
}

function unquoted(etag: string | undefined): string {
  return (etag ?? "").replaceAll('"', "");
}

function versionOf({ versionId }: ObjectName): { versionId?: string } {
  return versionId === undefined ? {} : { versionId };
}
