import { createHash } from "node:crypto";
import type { Upload, UploadPart } from "../embedded/uploads.ts";
import { ContentHashes, hashed, verified } from "../content.ts";
import { checkKey } from "../names.ts";
import { rangeOf } from "../range.ts";
import { type Call, headerOf, numberOf, reply, timeOf } from "./call.ts";
import { checkConditions, guardOf } from "./conditions.ts";
import { describedBy } from "./described.ts";
import { answerOf, s3Fault } from "./faults.ts";
import { INITIATOR, OWNER } from "./listing.ts";
import { found, homeOf, sourceOf } from "./objects.ts";
import { document, element, elementsOf, errorDocument, group, textOf } from "./xml.ts";

const MOST_PARTS = 10_000;
const SMALLEST_PART = 5 * 1024 * 1024;
const LARGEST_OBJECT = 5 * 1024 ** 4;
/** A client is told every so often that its large object is being put together. */
const SIGN_OF_LIFE_MS = 10_000;

/** CreateMultipartUpload. */
export async function startUpload(call: Call): Promise<void> {
  const { engine, bucket, key } = call;
  checkKey(key);
  const described = describedBy(call);
  await homeOf(call);
  const { id } = await engine.uploads.start({ bucket, key, ...described });
  const answer = [element("Bucket", bucket), element("Key", key), element("UploadId", id)];
  reply(call, 200, document("InitiateMultipartUploadResult", ...answer));
}

/** UploadPart. */
export async function uploadPart(call: Call): Promise<void> {
  const { engine, response } = call;
  const [upload, number] = [uploadOf(call), partNumberOf(call)];
  const body = call.body();
  const { etag } = await engine.uploads.addPart(upload, number, body.content(), body.hashes.md5);
  for (const [name, value] of Object.entries(body.confirmed)) response.setHeader(name, value);
  response.setHeader("etag", `"${etag}"`);
  reply(call, 200);
}

/** UploadPartCopy: a part that is another object, or a range of it. */
export async function copyPart(call: Call): Promise<void> {
  const { engine } = call;
  const [upload, number] = [uploadOf(call), partNumberOf(call)];
  const from = sourceOf(call);
  const source = await found(call, from);
  checkConditions(call, source, "x-amz-copy-source-");
  const asked = headerOf(call, "x-amz-copy-source-range");
  const range = asked === "" ? undefined : rangeOf(asked, source.size);
  if (range === "none" || (asked !== "" && range === undefined)) {
    throw s3Fault("InvalidRange", "The requested range is not satisfiable");
  }
  const exact = source.versionId === undefined ? from : { ...from, versionId: source.versionId };
  const { stream } = verified(await engine.get(exact, range));
  const hashes = new ContentHashes();
  const content = hashed(stream as AsyncIterable<Buffer>, hashes);
  const part = await engine.uploads.addPart(upload, number, content, hashes.md5);
  const answer = [element("LastModified", timeOf(part.modified)), element("ETag", `"${part.etag}"`)];
  reply(call, 200, document("CopyPartResult", ...answer));
}

/** CompleteMultipartUpload: the parts become one object, at once and as a whole. */
export async function completeUpload(call: Call): Promise<void> {
  const { engine, bucket, key, response } = call;
  const upload = uploadOf(call);
  const wanted = elementsOf(call.xml.read(await call.body().text(), "CompleteMultipartUpload"), "Part");
  const parts = chosen(
    wanted.map((part) => [textOf(part, "PartNumber"), textOf(part, "ETag")]),
    await engine.uploads.parts(upload),
  );
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (size > LARGEST_OBJECT) throw s3Fault("EntityTooLarge", "The object is larger than 5 TiB.");
  const digest = createHash("md5").update(Buffer.from(parts.map(({ etag }) => etag).join(""), "hex"));
  const etag = `${digest.digest("hex")}-${parts.length}`;
  const hashes = new ContentHashes();
  const guard = guardOf(call);
  const said = signsOfLife(call);
  try {
    const { contentType, metadata, headers, tags } = upload;
    const info = await engine.put({ bucket, key }, hashed(engine.uploads.read(upload, parts), hashes), {
      contentType,
      metadata,
      ...(headers === undefined ? {} : { headers }),
      ...(tags === undefined ? {} : { tags }),
      ...(guard === undefined ? {} : { guard }),
      size,
      sha256: hashes.sha256,
      etag: () => etag,
    });
    await engine.uploads.remove(upload);
    if (info.versionId !== undefined && !said.begun) response.setHeader("x-amz-version-id", info.versionId);
    const location = `http://${headerOf(call, "host")}/${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;
    const answer = [
      element("Location", location),
      element("Bucket", bucket),
      element("Key", key),
      element("ETag", `"${etag}"`),
    ];
    said.end(document("CompleteMultipartUploadResult", ...answer));
  } catch (error) {
    if (!said.begun) throw error;
    const { code, message } = answerOf(error);
    said.end(errorDocument(element("Code", code), element("Message", message)));
  } finally {
    said.stop();
  }
}

/** AbortMultipartUpload. */
export async function abortUpload(call: Call): Promise<void> {
  await call.engine.uploads.remove(uploadOf(call));
  reply(call, 204);
}

/** ListParts. */
export async function listParts(call: Call): Promise<void> {
  const { engine, bucket, key } = call;
  const upload = uploadOf(call);
  const marker = numberOf(call, "part-number-marker", 0, MOST_PARTS);
  const limit = numberOf(call, "max-parts", 1000, 1000);
  const rest = (await engine.uploads.parts(upload)).filter(({ number }) => number > marker);
  const page = rest.slice(0, limit);
  const answer = document(
    "ListPartsResult",
    element("Bucket", bucket),
    element("Key", key),
    element("UploadId", upload.id),
    INITIATOR,
    OWNER,
    element("StorageClass", "STANDARD"),
    element("PartNumberMarker", marker),
    element("NextPartNumberMarker", page.at(-1)?.number ?? marker),
    element("MaxParts", limit),
    element("IsTruncated", rest.length > page.length),
    ...page.map(({ number, modified, etag, size }) =>
      group(
        "Part",
        element("PartNumber", number),
        element("LastModified", timeOf(modified)),
        element("ETag", `"${etag}"`),
        element("Size", size),
      ),
    ),
  );
  reply(call, 200, answer);
}

/** ListMultipartUploads. */
export async function listUploads(call: Call): Promise<void> {
  const { engine, bucket, query } = call;
  await engine.describeBucket(bucket);
  const [prefix = "", delimiter = "", keyMarker = "", idMarker = ""] = [
    query.get("prefix"),
    query.get("delimiter"),
    query.get("key-marker"),
    query.get("upload-id-marker"),
  ];
  const limit = numberOf(call, "max-uploads", 1000, 1000);
  const encode = query.get("encoding-type") === "url";
  const named = (name: string, text: string): string =>
    element(name, encode ? encodeURIComponent(text).replaceAll("%2F", "/") : text);
  const uploads = engine.uploads.of(bucket).filter(({ key }) => key.startsWith(prefix));
  const at = uploads.findIndex(({ key, id }) => key === keyMarker && id === idMarker);
  const rest =
    at >= 0
      ? uploads.slice(at + 1)
      : uploads.filter(({ key }) => Buffer.compare(Buffer.from(key), Buffer.from(keyMarker)) > 0);
  const folders = new Set<string>();
  const page: Upload[] = [];
  let truncated = false;
  for (const upload of rest) {
    const end = delimiter === "" ? -1 : upload.key.indexOf(delimiter, prefix.length);
    const folder = end < 0 ? undefined : upload.key.slice(0, end + delimiter.length);
    if (folder !== undefined && folders.has(folder)) continue;
    truncated = page.length + folders.size >= limit;
    if (truncated) break;
    if (folder === undefined) page.push(upload);
    else folders.add(folder);
  }
  const last = page.at(-1);
  const answer = document(
    "ListMultipartUploadsResult",
    element("Bucket", bucket),
    named("KeyMarker", keyMarker),
    element("UploadIdMarker", idMarker),
    named("NextKeyMarker", truncated ? (last?.key ?? "") : ""),
    element("NextUploadIdMarker", truncated ? (last?.id ?? "") : ""),
    named("Prefix", prefix),
    ...(delimiter === "" ? [] : [named("Delimiter", delimiter)]),
    ...(encode ? [element("EncodingType", "url")] : []),
    element("MaxUploads", limit),
    element("IsTruncated", truncated),
    ...page.map(({ key, id, started }) =>
      group(
        "Upload",
        named("Key", key),
        element("UploadId", id),
        INITIATOR,
        OWNER,
        element("StorageClass", "STANDARD"),
        element("Initiated", timeOf(started)),
      ),
    ),
    ...[...folders].map((folder) => group("CommonPrefixes", named("Prefix", folder))),
  );
  reply(call, 200, answer);
}

function uploadOf({ engine, bucket, key, query }: Call): Upload {
  return engine.uploads.find(bucket, key, query.get("uploadId") ?? "");
}

function partNumberOf({ query }: Call): number {
  const text = query.get("partNumber") ?? "";
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= MOST_PARTS) return number;
  throw s3Fault("InvalidArgument", `Part number must be an integer between 1 and ${MOST_PARTS}, inclusive`);
}

/** The parts that a client put together, each of which has come as it says. */
function chosen(
  wanted: readonly (readonly [number: string, etag: string])[],
  parts: readonly UploadPart[],
): UploadPart[] {
  if (wanted.length === 0 || wanted.length > MOST_PARTS)
    throw s3Fault("MalformedXML", `An object has 1 to ${MOST_PARTS} parts.`);
  const known = new Map(parts.map((part) => [part.number, part]));
  let before = 0;
  return wanted.map(([text, etag], i) => {
    const number = Number(text);
    if (!(number > before)) throw s3Fault("InvalidPartOrder", "The list of parts was not in ascending order.");
    before = number;
    const part = known.get(number);
    if (part === undefined || part.etag !== etag.replaceAll('"', "")) {
      throw s3Fault("InvalidPart", "One or more of the specified parts could not be found or has another entity tag.");
    }
    if (part.size < SMALLEST_PART && i < wanted.length - 1) {
      throw s3Fault("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed object size.");
    }
    return part;
  });
}

/** Sends spaces while it takes long, as S3 does; from the first one on the status is 200 whatever comes. */
function signsOfLife({ response }: Call): { readonly begun: boolean; end(document: string): void; stop(): void } {
  let begun = false;
  const timer = setInterval(() => {
    if (!begun) {
      response.setHeader("content-type", "application/xml");
      response.writeHead(200);
    }
    begun = true;
    response.write(" ");
  }, SIGN_OF_LIFE_MS);
  return {
    get begun() {
      return begun;
    },
    end(text) {
      if (begun) response.end(text.replace(/^<\?xml[^>]*>\n/, ""));
      else reply({ response }, 200, text);
    },
    stop: () => clearInterval(timer),
  };
}
