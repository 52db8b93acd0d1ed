import { headersOf, metadataOf } from "../s3/metadata.ts";
import type { ObjectInfo } from "../types.ts";
import { type Call, headerOf } from "./call.ts";
import { s3Fault } from "./faults.ts";

/** The checksum that our own client sends along; it is no metadata of the user. */
const CHECKSUM_HEADER = "x-amz-meta-sha256";
/** Headers that are stored with an object and come with it again. */
const STORED = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires",
  CHECKSUM_HEADER,
];
const MOST_METADATA = 2048;
const MOST_TAGS = 10;

/** What a request says of the object that it stores. */
export interface Described {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * Content type, metadata, headers and tags of a request.
 * @throws FplusError with the status InvalidArgument, InvalidTag, NotImplemented
 */
export function describedBy(call: Call): Described {
  refuseForeignKeys(call);
  const contentType = headerOf(call, "content-type") || "application/octet-stream";
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const name of Object.keys(call.request.headers)) {
    if (!name.startsWith("x-amz-meta-") || name === CHECKSUM_HEADER) continue;
    const value = headerOf(call, name);
    metadata[name.slice("x-amz-meta-".length)] = value;
    bytes += name.length - "x-amz-meta-".length + value.length;
  }
  if (bytes > MOST_METADATA)
    throw s3Fault("InvalidArgument", "Your metadata headers exceed the maximum allowed metadata size.");
  const headers = Object.fromEntries(
    STORED.map((name) => [name, name === "content-encoding" ? encodingOf(call) : headerOf(call, name)] as const).filter(
      ([, value]) => value !== "",
    ),
  );
  const tags = tagsOfQuery(headerOf(call, "x-amz-tagging"));
  return {
    contentType,
    metadata: plain(metadata),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
  };
}

/** Sets the headers that tell of an object. */
export function describe({ response, query, engine }: Call, info: ObjectInfo): void {
  response.setHeader("content-type", info.contentType);
  for (const [name, value] of Object.entries(info.headers ?? {})) response.setHeader(name, value);
  for (const [name, value] of Object.entries(headersOf("", info.metadata)))
    if (name.startsWith("x-amz-meta-")) response.setHeader(name, value);
  for (const [name, value] of query) {
    const header = /^response-(content-(?:type|language|disposition|encoding)|cache-control|expires)$/.exec(name)?.[1];
    if (header === undefined) continue;
    if (!/^[\x20-\x7e]*$/.test(value)) throw s3Fault("InvalidArgument", `${name} is not a header.`);
    response.setHeader(header, value);
  }
  response.setHeader("etag", `"${info.etag}"`);
  response.setHeader("last-modified", new Date(info.modified).toUTCString());
  response.setHeader("accept-ranges", "bytes");
  response.setHeader("x-content-type-options", "nosniff");
  if (info.versionId !== undefined) response.setHeader("x-amz-version-id", info.versionId);
  const tags = Object.keys(info.tags ?? {}).length;
  if (tags > 0) response.setHeader("x-amz-tagging-count", tags);
  if (engine.encrypted) response.setHeader("x-amz-server-side-encryption", "AES256");
}

/**
 * Tags as a header has them, `a=1&b=2`.
 * @throws FplusError with the status InvalidTag
 */
export function tagsOfQuery(text: string): Record<string, string> {
  return checkedTags([...new URLSearchParams(text)]);
}

/** @throws FplusError with the status InvalidTag */
export function checkedTags(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const tags = new Map(pairs);
  const wrong = pairs.some(([name, value]) => name === "" || name.length > 128 || value.length > 256);
  if (wrong || tags.size !== pairs.length) throw s3Fault("InvalidTag", "The tag provided was not a valid tag.");
  if (tags.size > MOST_TAGS) throw s3Fault("InvalidTag", `Object tags cannot be greater than ${MOST_TAGS}`);
  return Object.fromEntries(tags);
}

/** Encryption is the store's own matter: other keys than its own cannot be taken. */
function refuseForeignKeys(call: Call): void {
  const asked = Object.keys(call.request.headers).find((name) => name.startsWith("x-amz-server-side-encryption"));
  if (asked === undefined) return;
  if (asked === "x-amz-server-side-encryption" && headerOf(call, asked) === "AES256" && call.engine.encrypted) return;
  throw s3Fault("NotImplemented", "The plant encrypts with the key in its own settings, and with no other.");
}

/** How the content is encoded, beside the chunks in which it travelled. */
function encodingOf(call: Call): string {
  return headerOf(call, "content-encoding")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "" && one.toLowerCase() !== "aws-chunked")
    .join(",");
}

/** Text that our own client had to encode is stored as text, where it becomes the same header again. */
function plain(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => {
      const decoded = metadataOf({ [name]: value })[name];
      const again = decoded === undefined ? undefined : headersOf("", { [name]: decoded })[`x-amz-meta-${name}`];
      return [name, again === value ? decoded! : value];
    }),
  );
}
