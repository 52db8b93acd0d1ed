import type { Readable } from "node:stream";

/** What can be stored: text (as UTF-8), bytes, or a stream of bytes, which is read once and never held whole. */
export type ObjectBody = string | Uint8Array | AsyncIterable<Uint8Array | string>;

/** Which object, and which of its versions; without a version the newest. */
export interface ObjectName {
  /** 3 to 63 small letters, digits, dots and hyphens. */
  readonly bucket: string;
  /** Up to 1024 bytes; `/` makes folders (`configs/line1.json`). */
  readonly key: string;
  readonly versionId?: string;
}

/** What is known of a stored object. */
export interface ObjectInfo {
  readonly bucket: string;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Changes whenever the content does; opaque. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  readonly contentType: string;
  /** The user's own; names in small letters. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Hexadecimal; left out for objects that another program stored without it. */
  readonly sha256?: string;
  /** Only in buckets with versions. */
  readonly versionId?: string;
  /** HTTP headers that an S3 client stored with it (`cache-control`, `content-disposition` …); left out where there are none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Tags that an S3 client gave it; left out where there are none. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** How to store an object. */
export interface PutOptions {
  /** What the content is said to be; left out = found from its first bytes, then from the name. */
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Bytes, where known: a stream of another length is refused and nothing is stored. */
  readonly size?: number;
  /** Hexadecimal checksum that the content must have, or nothing is stored. */
  readonly sha256?: string;
  /** Content types that are taken, `image/*` for a family; left out or empty = all. */
  readonly allow?: readonly string[];
  /** Called with the bytes read so far. */
  readonly onProgress?: (bytes: number) => void;
}

/** A part of an object: first and last byte, both inclusive as in HTTP; without an end, to the object's end. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/** An object's bytes on their way; the stream fails with `objects.checksum` at its end when they are not those stored. */
export interface ObjectContent {
  readonly info: ObjectInfo;
  readonly stream: Readable;
  /** Bytes that the stream will give. */
  readonly length: number;
}

/** An object in a list. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly modified: number;
}

/** One page of a list, in the order of the keys' UTF-8 bytes. */
export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** Folders directly under the prefix, each with its `/` at the end; empty in a recursive list. */
  readonly prefixes: readonly string[];
  /** Where the next page begins; left out on the last page. */
  readonly cursor?: string;
}

/** What to list. */
export interface ListOptions {
  /** Only keys that begin so. */
  readonly prefix?: string;
  /** Also what lies in folders below; default false. */
  readonly recursive?: boolean;
  /** Objects and folders a page, 1 to 1000; default 1000. */
  readonly limit?: number;
  /** Of the page before. */
  readonly cursor?: string;
}

/** One version of an object; the newest stands first. */
export interface ObjectVersion extends ListedObject {
  readonly versionId: string;
  readonly latest: boolean;
  /** The object was deleted here: there is no content. */
  readonly deleted: boolean;
}

/** Objects under a prefix go some days after they were stored. */
export interface ExpiryRule {
  /** Empty = the whole bucket. */
  readonly prefix: string;
  /** Whole days from 1. */
  readonly days: number;
}

/** What a link allows, and for how long. */
export interface LinkOptions {
  readonly method?: "GET" | "PUT";
  /** 1 s to 7 days; default an hour. */
  readonly expiresSeconds?: number;
  /** Name under which a browser saves it; GET only. */
  readonly fileName?: string;
}

/** What a link that somebody came with allows. */
export interface LinkGrant {
  readonly method: "GET" | "PUT";
  readonly name: ObjectName;
  /** Name under which a browser saves it; empty = it is shown. */
  readonly fileName: string;
}

/** What a store needs to know once the first bytes are seen. */
export interface PutPlan {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly size: number | undefined;
  /** Hexadecimal checksum of what was read; call it when the content has ended. */
  readonly sha256: () => string;
  /** The etag that S3 would give what was read, its MD5; call it when the content has ended. */
  readonly etag: () => string;
}

/**
 * A kind of store behind `ObjectStore`, which checks names and content before it calls.
 * Every error leaves as an `FplusError` of the room.
 */
export interface ObjectEngine {
  readonly kind: "embedded" | "s3";
  /** The folder or the address, for the health page. */
  readonly place: string;
  /** What was found damaged last, as a sentence; empty where nothing was. */
  readonly damage?: string;
  open(): Promise<void>;
  buckets(): Promise<string[]>;
  /** Makes the bucket where it is missing. */
  ensureBucket(bucket: string): Promise<void>;
  /** Stores all or nothing; durable when it resolves. */
  put(name: ObjectName, content: AsyncIterable<Buffer>, plan: PutPlan): Promise<ObjectInfo>;
  get(name: ObjectName, range?: ByteRange): Promise<ObjectContent>;
  stat(name: ObjectName): Promise<ObjectInfo>;
  list(
    bucket: string,
    options: Required<Omit<ListOptions, "cursor">> & Pick<ListOptions, "cursor">,
  ): Promise<ObjectPage>;
  versions(name: ObjectName): Promise<ObjectVersion[]>;
  delete(name: ObjectName): Promise<void>;
  copy(from: ObjectName, to: ObjectName): Promise<ObjectInfo>;
  link(
    name: ObjectName,
    options: Required<Omit<LinkOptions, "fileName">> & Pick<LinkOptions, "fileName">,
  ): Promise<string>;
  /**
   * What one of this engine's own links (path and query, without its base) allows now; a server judges its links itself.
   * @throws FplusError `objects.refused`
   */
  grant?(target: string, now: number): Promise<LinkGrant>;
  keepVersions(bucket: string, keep: boolean): Promise<void>;
  expire(bucket: string, rules: readonly ExpiryRule[]): Promise<void>;
  expiry(bucket: string): Promise<ExpiryRule[]>;
  close(): Promise<void>;
}
