import type { Met } from "../embedded/walk.ts";
import type { ListedObject, ObjectVersion } from "../types.ts";
import { type Call, numberOf, reply, timeOf } from "./call.ts";
import { s3Fault } from "./faults.ts";
import { document, element, group } from "./xml.ts";

const PAGE = 1000;

/** What every list of keys may ask for. */
interface ListRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly limit: number;
  /** Writes keys and prefixes as the client wants them. */
  readonly named: (name: string, text: string) => string;
  readonly encoding: string;
}

/** ListObjects, the first version. */
export async function listObjects(call: Call): Promise<void> {
  const asked = listRequest(call, "max-keys");
  const marker = call.query.get("marker") ?? "";
  const { contents, prefixes, truncated, last } = await pageOf(call, asked, marker);
  const answer = document(
    "ListBucketResult",
    ...head(call, asked, truncated),
    asked.named("Marker", marker),
    ...(truncated ? [asked.named("NextMarker", last)] : []),
    ...contents.map((object) => contentOf(object, asked, true)),
    ...prefixes.map((prefix) => prefixOf(prefix, asked)),
  );
  reply(call, 200, answer);
}

/** ListObjectsV2. */
export async function listObjectsV2(call: Call): Promise<void> {
  const { query } = call;
  const asked = listRequest(call, "max-keys");
  const [token, startAfter = ""] = [query.get("continuation-token"), query.get("start-after")];
  const page = await pageOf(call, asked, token === undefined || token === "" ? startAfter : cursorOf(token));
  const { contents, prefixes, truncated, last } = page;
  const answer = document(
    "ListBucketResult",
    ...head(call, asked, truncated),
    element("KeyCount", contents.length + prefixes.length),
    ...(token === undefined ? [] : [element("ContinuationToken", token)]),
    ...(truncated ? [element("NextContinuationToken", Buffer.from(last).toString("base64url"))] : []),
    ...(startAfter === "" ? [] : [asked.named("StartAfter", startAfter)]),
    ...contents.map((object) => contentOf(object, asked, query.get("fetch-owner") === "true")),
    ...prefixes.map((prefix) => prefixOf(prefix, asked)),
  );
  reply(call, 200, answer);
}

/** ListObjectVersions. */
export async function listVersions(call: Call): Promise<void> {
  const { query, engine, bucket } = call;
  const asked = listRequest(call, "max-keys");
  const [keyMarker = "", versionMarker = ""] = [query.get("key-marker"), query.get("version-id-marker")];
  const entries: string[] = [];
  const prefixes: string[] = [];
  let last: { key: string; versionId: string } | undefined;
  let truncated = false;
  for await (const met of versionsFrom()) {
    if (entries.length + prefixes.length >= asked.limit) {
      truncated = asked.limit > 0;
      break;
    }
    if (typeof met === "string") {
      prefixes.push(met);
      last = { key: met, versionId: "" };
    } else {
      entries.push(versionOf(met, asked));
      last = met;
    }
  }
  const next = truncated && last !== undefined ? last : undefined;
  const answer = document(
    "ListVersionsResult",
    ...head(call, asked, truncated),
    asked.named("KeyMarker", keyMarker),
    element("VersionIdMarker", versionMarker),
    ...(next === undefined ? [] : [asked.named("NextKeyMarker", next.key)]),
    ...(next === undefined || next.versionId === "" ? [] : [element("NextVersionIdMarker", next.versionId)]),
    ...entries,
    ...prefixes.map((prefix) => prefixOf(prefix, asked)),
  );
  reply(call, 200, answer);

  /** Versions key by key, and prefixes, from where the last page ended. */
  async function* versionsFrom(): AsyncGenerator<ObjectVersion | string> {
    if (versionMarker !== "" && keyMarker !== "") {
      const all = await engine.versions({ bucket, key: keyMarker });
      const at = all.findIndex(({ versionId }) => versionId === versionMarker);
      yield* all.slice(at + 1);
    }
    for await (const met of groupsOf(call, asked, keyMarker, true)) {
      if (met.kind === "prefix") yield met.key;
      else yield* await engine.versions({ bucket, key: met.key });
    }
  }
}

/** @param name of the parameter with the number of entries */
function listRequest(call: Call, name: string): ListRequest {
  const { query } = call;
  const encoding = query.get("encoding-type") ?? "";
  if (encoding !== "" && encoding !== "url")
    throw s3Fault("InvalidArgument", "Invalid Encoding Method specified in Request");
  const named = (tag: string, text: string): string =>
    element(tag, encoding === "url" ? encodeURIComponent(text).replaceAll("%2F", "/") : text);
  const [prefix = "", delimiter = ""] = [query.get("prefix"), query.get("delimiter")];
  return { prefix, delimiter, limit: numberOf(call, name, PAGE, PAGE), named, encoding };
}

function head(
  { bucket }: Call,
  { prefix, delimiter, limit, named, encoding }: ListRequest,
  truncated: boolean,
): string[] {
  return [
    element("Name", bucket),
    named("Prefix", prefix),
    ...(delimiter === "" ? [] : [named("Delimiter", delimiter)]),
    ...(encoding === "" ? [] : [element("EncodingType", encoding)]),
    element("MaxKeys", limit),
    element("IsTruncated", truncated),
  ];
}

interface Page {
  readonly contents: readonly ListedObject[];
  readonly prefixes: readonly string[];
  readonly truncated: boolean;
  /** Key or prefix with which the page ends. */
  readonly last: string;
}

async function pageOf(call: Call, asked: ListRequest, after: string): Promise<Page> {
  const contents: ListedObject[] = [];
  const prefixes: string[] = [];
  let last = "";
  for await (const met of groupsOf(call, asked, after, false)) {
    if (contents.length + prefixes.length >= asked.limit)
      return { contents, prefixes, truncated: asked.limit > 0, last };
    last = met.key;
    if (met.kind === "prefix") prefixes.push(met.key);
    else contents.push(met.version.about);
  }
  return { contents, prefixes, truncated: false, last };
}

/** Keys, and what they have in common up to the delimiter; folders are not read where `/` is the delimiter. */
async function* groupsOf(
  { engine, bucket }: Call,
  { prefix, delimiter }: ListRequest,
  after: string,
  deleted: boolean,
): AsyncGenerator<Met> {
  const walked = engine.walk(bucket, { prefix, recursive: delimiter !== "/", after, deleted });
  let group: string | undefined;
  for await (const met of walked) {
    const end = met.kind === "prefix" || delimiter === "" ? -1 : met.key.indexOf(delimiter, prefix.length);
    if (end < 0) {
      yield met;
      continue;
    }
    const common = met.key.slice(0, end + delimiter.length);
    if (common !== group && common !== after) yield { kind: "prefix", key: common };
    group = common;
  }
}

function contentOf({ key, modified, etag, size }: ListedObject, { named }: ListRequest, owner: boolean): string {
  return group("Contents", named("Key", key), ...about({ modified, etag, size }), ...(owner ? [OWNER] : []));
}

function versionOf(version: ObjectVersion, { named }: ListRequest): string {
  const { key, versionId, latest, deleted, modified } = version;
  const which = [named("Key", key), element("VersionId", versionId), element("IsLatest", latest)];
  if (deleted) return group("DeleteMarker", ...which, element("LastModified", timeOf(modified)), OWNER);
  return group("Version", ...which, ...about(version), OWNER);
}

/** Who owns what is in the plant's store. */
export const OWNER = personOf("Owner");
/** The same in the place of who began an upload. */
export const INITIATOR = personOf("Initiator");

function personOf(role: string): string {
  return group(role, element("ID", "factory-plus"), element("DisplayName", "factory-plus"));
}

function about({ modified, etag, size }: Pick<ListedObject, "modified" | "etag" | "size">): string[] {
  return [
    element("LastModified", timeOf(modified)),
    element("ETag", `"${etag}"`),
    element("Size", size),
    element("StorageClass", "STANDARD"),
  ];
}

function prefixOf(prefix: string, { named }: ListRequest): string {
  return group("CommonPrefixes", named("Prefix", prefix));
}

function cursorOf(token: string): string {
  if (/^[\w-]{1,2000}$/.test(token)) return Buffer.from(token, "base64url").toString("utf8");
  throw s3Fault("InvalidArgument", "The continuation token provided is incorrect");
}
