import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { type FplusError, toFplusError } from "../errors/index.ts";
import { beginContent, rangeOf } from "./range.ts";
import type { ObjectStore } from "./store.ts";
import type { LinkGrant, ObjectInfo } from "./types.ts";

const STATUS: Partial<Record<FplusError["code"], number>> = {
  "objects.refused": 403,
  "objects.missing": 404,
  "objects.name": 400,
  "objects.request": 400,
  "objects.content-type": 415,
  "objects.checksum": 422,
  "objects.unreachable": 503,
};

/**
 * Answers one HTTP request that came with a link of the embedded store: GET and HEAD with ranges and ETag, PUT.
 * @param target path and query behind the store's base address
 */
export async function serveLink(
  store: ObjectStore,
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
): Promise<void> {
  try {
    const grant = await store.grant(target);
    const method = request.method === "HEAD" ? "GET" : request.method;
    if (method !== grant.method) {
      response.setHeader("allow", grant.method === "GET" ? "GET, HEAD" : "PUT");
      return answer(response, 405, `the link is for ${grant.method}`);
    }
    if (grant.method === "PUT") await takeIn(store, grant, request, response);
    else await giveOut(store, grant, request, response);
  } catch (error) {
    const fault = toFplusError("objects.io", error);
    if (response.headersSent) return void response.destroy();
    const status = STATUS[fault.code];
    // Who holds a link need not hear of folders and disks: that stands on the health page.
    answer(response, status ?? 500, status === undefined ? "the store cannot answer now" : fault.message);
  }
}

async function takeIn(
  store: ObjectStore,
  { name }: LinkGrant,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { "content-length": length, "content-type": contentType } = request.headers;
  const { etag } = await store.put(name.bucket, name.key, request, {
    ...(length === undefined ? {} : { size: Number(length) }),
    ...(contentType === undefined ? {} : { contentType }),
  });
  response.setHeader("etag", `"${etag}"`);
  response.writeHead(200).end();
}

async function giveOut(
  store: ObjectStore,
  { name, fileName }: LinkGrant,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const info = await store.stat(name);
  describe(response, info, fileName);
  if (request.headers["if-none-match"] === `"${info.etag}"`) return void response.writeHead(304).end();
  const range = rangeOf(request.headers.range, info.size);
  if (range === "none") {
    response.setHeader("content-range", `bytes */${info.size}`);
    return answer(response, 416, "the object has no such bytes");
  }
  const version = info.versionId === undefined ? name : { ...name, versionId: info.versionId };
  const content = request.method === "HEAD" ? undefined : await store.get(version, range);
  beginContent(response, range, info.size, content?.length);
  if (content === undefined) response.end();
  else await pipeline(content.stream, response);
}

/** What a browser is told; nothing that was stored may run in it with the rights of this address. */
function describe(response: ServerResponse, info: ObjectInfo, fileName: string): void {
  response.setHeader("content-type", info.contentType);
  response.setHeader("last-modified", new Date(info.modified).toUTCString());
  response.setHeader("etag", `"${info.etag}"`);
  response.setHeader("accept-ranges", "bytes");
  response.setHeader("cache-control", "private, max-age=0, must-revalidate");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader(
    "content-security-policy",
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  );
  if (fileName !== "") {
    const encoded = encodeURIComponent(fileName.toWellFormed()).replaceAll(
      /['()*]/g,
      (c) => `%${c.charCodeAt(0).toString(16)}`,
    );
    response.setHeader("content-disposition", `attachment; filename*=UTF-8''${encoded}`);
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.writeHead(status).end(`${text}\n`);
}
