import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { FplusError, messageOf } from "../../lib/errors/index.ts";
import { bufferOf, type ObjectBody, type ObjectContent, typeOfName } from "../../lib/objects/index.ts";
import type { ObjectsConfig } from "./request.ts";

/** A message holds no more than this; larger objects go to a file or as a stream. */
const MESSAGE_BYTES = 256 * 1024 * 1024;

/** What is to be stored, with what is known of it. */
export interface Upload {
  readonly body: ObjectBody;
  readonly size?: number;
  readonly contentType?: string;
}

/**
 * The content of a payload: bytes and text as they are, streams as they come, everything else as JSON.
 * @throws FplusError `objects.request`
 */
export function uploadOf(payload: unknown): Upload {
  if (payload === undefined || payload === null)
    throw new FplusError("objects.request", "the message has no payload", { field: "payload" });
  if (typeof payload === "string") return { body: payload };
  if (payload instanceof Uint8Array) return { body: payload };
  if (typeof payload === "object" && Symbol.asyncIterator in payload) return { body: payload as ObjectBody };
  const text = jsonOf(payload);
  if (text === undefined) throw new FplusError("objects.request", "the payload cannot be stored", { field: "payload" });
  return { body: text, contentType: "application/json" };
}

function jsonOf(payload: unknown): string | undefined {
  try {
    return JSON.stringify(payload, null, 2);
  } catch (error) {
    const hint = "Send a Buffer, a text, a stream, or an object that is JSON.";
    const message = `the payload cannot be written as JSON: ${messageOf(error)}`;
    throw new FplusError("objects.request", message, { field: "payload", hint });
  }
}

/** A file of this machine, read as a stream. */
export async function uploadOfFile(file: string): Promise<Upload> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new FplusError("objects.request", `there is no file ${file}`, { field: "file", cause });
  });
  if (!found.isFile()) throw new FplusError("objects.request", `${file} is not a file`, { field: "file" });
  const contentType = typeOfName(file);
  const upload = { body: createReadStream(file, { highWaterMark: 256 * 1024 }), size: found.size };
  return contentType === undefined ? upload : { ...upload, contentType };
}

/** A file's path as core nodes take it: relative to Node-RED's working directory for files, where one is set. */
export function resolvedFile(file: string, workingDirectory: unknown): string {
  return typeof workingDirectory === "string" ? path.resolve(workingDirectory, file) : path.resolve(file);
}

/** What a message shows of an object's content. */
export async function payloadOf(content: ObjectContent, output: ObjectsConfig["output"]): Promise<unknown> {
  if (output === "stream") return content.stream;
  if (content.length > MESSAGE_BYTES) {
    content.stream.destroy();
    throw new FplusError("objects.request", `${content.length} bytes are too many for a message`, {
      field: "output",
      hint: "Have it written to a file, or as a stream.",
    });
  }
  const bytes = await bufferOf(content.stream);
  if (output === "buffer") return bytes;
  const text = bytes.toString("utf8");
  if (output === "text") return text;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new FplusError("objects.request", `${content.info.key} is not JSON`, { field: "output", cause });
  }
}

/** Writes an object to a file, which is replaced as a whole once everything has come and is checked. */
export async function writeFileOf(
  content: ObjectContent,
  file: string,
  onProgress: (bytes: number) => void,
): Promise<void> {
  const partial = `${file}.part`;
  await mkdir(path.dirname(file), { recursive: true });
  let bytes = 0;
  content.stream.on("data", (chunk: Buffer) => onProgress((bytes += chunk.length)));
  try {
    await pipeline(content.stream, createWriteStream(partial, { flush: true }));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
