import { pipeline } from "node:stream/promises";
import { FplusError } from "../../errors/index.ts";
import { verified } from "../content.ts";
import { checkKey } from "../names.ts";
import { beginContent, rangeOf } from "../range.ts";
import type { ObjectInfo, ObjectName } from "../types.ts";
import { type Call, headerOf, nameOf, reply, timeOf } from "./call.ts";
import { checkConditions, guardOf } from "./conditions.ts";
import { describe, describedBy, tagsOfQuery } from "./described.ts";
import { s3Fault } from "./faults.ts";
import { document, element, elementsOf, group, textOf } from "./xml.ts";

const MOST_DELETED = 1000;

/** PutObject. */
export async function putObject(call: Call): Promise<void> {
  const { engine, bucket, key, response } = call;
  checkKey(key);
  const described = describedBy(call);
  const body = call.body();
  const { sha256, md5 } = body.hashes;
  const guard = guardOf(call);
  await homeOf(call);
  const info = await engine.put({ bucket, key }, body.content(), {
    ...described,
    size: body.size,
    sha256,
    etag: md5,
    ...(guard === undefined ? {} : { guard }),
  });
  for (const [name, value] of Object.entries(body.confirmed)) response.setHeader(name, value);
  stored(call, info);
  reply(call, 200);
}

/** GetObject and HeadObject, with ranges and conditions. */
export async function getObject(call: Call): Promise<void> {
  const { engine, request, response } = call;
  const info = await found(call, nameOf(call));
  checkConditions(call, info);
  describe(call, info);
  const range = rangeOf(request.headers.range, info.size);
  if (range === "none") {
    response.setHeader("content-range", `bytes */${info.size}`);
    throw s3Fault("InvalidRange", "The requested range is not satisfiable");
  }
  const name = info.versionId === undefined ? nameOf(call) : { ...nameOf(call), versionId: info.versionId };
  const content = request.method === "HEAD" ? undefined : verified(await engine.get(name, range));
  if (content !== undefined && content.info.etag !== info.etag) {
    content.stream.destroy();
    throw s3Fault("OperationAborted", "The object was replaced meanwhile: ask again.");
  }
  beginContent(response, range, info.size, content?.length);
  if (content === undefined) return void response.end();
  try {
    await pipeline(content.stream, response);
  } catch (error) {
    // The client went away: that is no fault of the store.
    if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  }
}

/** DeleteObject, and of one version. */
export async function deleteObject(call: Call): Promise<void> {
  const { versionId, marker } = await call.engine.remove(nameOf(call));
  if (versionId !== undefined) call.response.setHeader("x-amz-version-id", versionId);
  if (marker) call.response.setHeader("x-amz-delete-marker", "true");
  reply(call, 204);
}

/** DeleteObjects: up to a thousand in one request. */
export async function deleteObjects(call: Call): Promise<void> {
  const { engine, bucket, holder } = call;
  const request = call.xml.read(await call.body().text(), "Delete");
  const objects = elementsOf(request, "Object");
  if (objects.length === 0 || objects.length > MOST_DELETED) {
    throw s3Fault("MalformedXML", `A request deletes 1 to ${MOST_DELETED} objects.`);
  }
  const quiet = textOf(request, "Quiet") === "true";
  const answers: string[] = [];
  for (const object of objects) {
    const [key, version] = [textOf(object, "Key"), textOf(object, "VersionId")];
    const named = [element("Key", key), ...(version === "" ? [] : [element("VersionId", version)])];
    if (!holder.may({ right: "write", scope: "object", bucket, key })) {
      answers.push(group("Error", ...named, element("Code", "AccessDenied"), element("Message", "Access Denied.")));
      continue;
    }
    const { versionId, marker } = await engine.remove({
      bucket,
      key,
      ...(version === "" ? {} : { versionId: version }),
    });
    if (quiet) continue;
    const gone = marker ? [element("DeleteMarker", true), element("DeleteMarkerVersionId", versionId ?? "null")] : [];
    answers.push(group("Deleted", ...named, ...gone));
  }
  reply(call, 200, document("DeleteResult", ...answers));
}

/** CopyObject. */
export async function copyObject(call: Call): Promise<void> {
  const { engine, bucket, key } = call;
  checkKey(key);
  const from = sourceOf(call);
  const replaces = headerOf(call, "x-amz-metadata-directive").toUpperCase() === "REPLACE";
  if (from.bucket === bucket && from.key === key && from.versionId === undefined && !replaces) {
    throw s3Fault(
      "InvalidRequest",
      "This copy request is illegal because it is trying to copy an object to itself without changing its metadata.",
    );
  }
  const source = await found(call, from);
  checkConditions(call, source, "x-amz-copy-source-");
  const { tags: _, headers = {}, ...described } = describedBy(call);
  const retagged = headerOf(call, "x-amz-tagging-directive").toUpperCase() === "REPLACE";
  const guard = guardOf(call);
  await homeOf(call);
  const exact = source.versionId === undefined ? from : { ...from, versionId: source.versionId };
  const info = await engine.copy(
    exact,
    { bucket, key },
    {
      ...(replaces ? { ...described, headers } : {}),
      ...(retagged ? { tags: tagsOfQuery(headerOf(call, "x-amz-tagging")) } : {}),
      ...(guard === undefined ? {} : { guard }),
    },
  );
  if (from.versionId !== undefined) call.response.setHeader("x-amz-copy-source-version-id", from.versionId);
  stored(call, info);
  const result = [element("LastModified", timeOf(info.modified)), element("ETag", `"${info.etag}"`)];
  reply(call, 200, document("CopyObjectResult", ...result));
}

/**
 * Looks whether the bucket of a request is there, and that its folder still is.
 * @throws FplusError with the status NoSuchBucket
 */
export async function homeOf({ engine, bucket }: Call): Promise<void> {
  if (!engine.hasBucket(bucket)) throw s3Fault("NoSuchBucket", "The specified bucket does not exist");
  await engine.ensureBucket(bucket);
}

/**
 * The object that a copy is made of.
 * @throws FplusError with the status InvalidArgument, AccessDenied
 */
export function sourceOf(call: Call): ObjectName {
  const [path = "", query = ""] = headerOf(call, "x-amz-copy-source").split("?versionId=");
  let decoded: string;
  try {
    decoded = decodeURIComponent(path).replace(/^\//, "");
  } catch {
    decoded = "";
  }
  const slash = decoded.indexOf("/");
  const [bucket, key] = [decoded.slice(0, Math.max(slash, 0)), decoded.slice(slash + 1)];
  if (bucket === "" || key === "") {
    throw s3Fault("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey.");
  }
  if (!call.holder.may({ right: "read", scope: "object", bucket, key }))
    throw s3Fault("AccessDenied", "Access Denied.");
  return query === "" ? { bucket, key } : { bucket, key, versionId: decodeURIComponent(query) };
}

/**
 * What is known of an object; says of a deleted one that it was deleted.
 * @throws FplusError with the status NoSuchKey, NoSuchVersion, MethodNotAllowed, NoSuchBucket
 */
export async function found({ engine, response }: Call, name: ObjectName): Promise<ObjectInfo> {
  try {
    return await engine.stat(name);
  } catch (error) {
    if (!(error instanceof FplusError) || error.code !== "objects.missing" || error.field !== "key") throw error;
    const { versionId } = name;
    const versions = await engine.versions(name);
    const version = versionId === undefined ? versions[0] : versions.find((one) => one.versionId === versionId);
    if (version !== undefined) {
      response.setHeader("x-amz-delete-marker", "true");
      response.setHeader("x-amz-version-id", version.versionId);
      if (versionId !== undefined)
        throw s3Fault("MethodNotAllowed", "The specified method is not allowed against this resource.");
    } else if (versionId !== undefined) throw s3Fault("NoSuchVersion", "The specified version does not exist.");
    throw s3Fault("NoSuchKey", "The specified key does not exist.");
  }
}

function stored({ response, engine }: Call, info: ObjectInfo): void {
  response.setHeader("etag", `"${info.etag}"`);
  if (info.versionId !== undefined) response.setHeader("x-amz-version-id", info.versionId);
  if (engine.encrypted) response.setHeader("x-amz-server-side-encryption", "AES256");
}
