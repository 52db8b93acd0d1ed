import { createHash } from "node:crypto";
import { Transform, type Readable, pipeline } from "node:stream";
import { FplusError } from "../errors/index.ts";
import { contentTypeOf, SNIFF_BYTES } from "./content-type.ts";
import type { ObjectBody, ObjectContent, PutOptions, PutPlan } from "./types.ts";

/** The checksums of content that passes by: ours, and the MD5 that S3 clients know as etag. Hexadecimal, each final once it is asked for. */
export class ContentHashes {
  readonly #sha256 = createHash("sha256");
  readonly #md5 = createHash("md5");
  #digests: { readonly sha256: string; readonly md5: string } | undefined;

  update(chunk: Uint8Array): void {
    this.#sha256.update(chunk);
    this.#md5.update(chunk);
  }

  readonly sha256 = (): string => this.#finish().sha256;
  readonly md5 = (): string => this.#finish().md5;

  #finish(): { readonly sha256: string; readonly md5: string } {
    this.#digests ??= { sha256: this.#sha256.digest("hex"), md5: this.#md5.digest("hex") };
    return this.#digests;
  }
}

/** Content that passes by, taken into its checksums. */
export async function* hashed(content: AsyncIterable<Buffer>, hashes: ContentHashes): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    hashes.update(chunk);
    yield chunk;
  }
}

/** Content ready for an engine: its type is known, the rest is checked while it is read. */
export interface Intake {
  readonly content: AsyncIterable<Buffer>;
  readonly plan: PutPlan;
}

/**
 * Reads the first bytes of a body, settles its content type and lets the rest pass through: counted, hashed, and refused
 * at its end when it is not what was promised, so that the engine stores nothing.
 * @throws FplusError `objects.content-type`
 */
export async function takeInBody(key: string, body: ObjectBody, options: PutOptions): Promise<Intake> {
  const source: AsyncGenerator<Buffer, void, void> = chunksOf(body);
  const head: Buffer[] = [];
  let seen = 0;
  let more = true;
  while (more && seen < SNIFF_BYTES) {
    const { done, value } = await source.next();
    if (done === true) more = false;
    else {
      head.push(value);
      seen += value.length;
    }
  }
  try {
    const start = head.length === 1 ? head[0]! : Buffer.concat(head);
    const contentType = contentTypeOf(key, start.subarray(0, SNIFF_BYTES), options.contentType, options.allow);
    const hashes = new ContentHashes();
    const size = options.size ?? lengthOf(body);
    return {
      content: metered(head, source, hashes, options),
      plan: { contentType, metadata: metadataOf(options.metadata), size, sha256: hashes.sha256, etag: hashes.md5 },
    };
  } catch (error) {
    await source.return();
    throw error;
  }
}

async function* metered(
  head: Buffer[],
  source: AsyncGenerator<Buffer, void, void>,
  hashes: ContentHashes,
  { size, sha256, onProgress }: PutOptions,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  const pass = (chunk: Buffer): Buffer => {
    bytes += chunk.length;
    if (size !== undefined && bytes > size) throw wrongSize(size, `more than ${size}`);
    hashes.update(chunk);
    onProgress?.(bytes);
    return chunk;
  };
  try {
    for (const chunk of head.splice(0)) yield pass(chunk);
    for (let next = await source.next(); next.done !== true; next = await source.next()) yield pass(next.value);
  } finally {
    await source.return();
  }
  if (size !== undefined && bytes !== size) throw wrongSize(size, String(bytes));
  const found = hashes.sha256();
  if (sha256 !== undefined && sha256.toLowerCase() !== found) {
    throw new FplusError("objects.checksum", `the content has the checksum ${found}, not ${sha256}`, {
      field: "sha256",
      hint: "It was damaged on its way, or another file was meant: send it again.",
    });
  }
}

function wrongSize(promised: number, got: string): FplusError {
  return new FplusError("objects.checksum", `${promised} bytes were promised, ${got} came`, { field: "size" });
}

async function* chunksOf(body: ObjectBody): AsyncGenerator<Buffer, void, void> {
  if (typeof body === "string") yield Buffer.from(body);
  else if (body instanceof Uint8Array) yield Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  else if (typeof body?.[Symbol.asyncIterator] === "function") {
    for await (const chunk of body) {
      if (typeof chunk === "string") yield Buffer.from(chunk);
      else if (chunk instanceof Uint8Array) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      else throw noContent("the stream gives objects, not bytes");
    }
  } else throw noContent("there is nothing to store");
}

function noContent(message: string): FplusError {
  return new FplusError("objects.request", message, {
    field: "payload",
    hint: "Give text, a Buffer or a stream of bytes.",
  });
}

function lengthOf(body: ObjectBody): number | undefined {
  if (typeof body === "string") return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.byteLength : undefined;
}

/** S3 carries metadata as HTTP headers, so names are small ASCII and values one line; other text is percent-encoded by the engine. */
function metadataOf(metadata: Readonly<Record<string, string>> = {}): Record<string, string> {
  const checked: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    const small = name.toLowerCase();
    if (!/^[a-z0-9][a-z0-9._-]*$/.test(small) || small === "sha256") {
      throw new FplusError("objects.request", `metadata cannot be named ${JSON.stringify(name)}`, {
        field: "metadata",
        hint: "Use letters, digits, dots and hyphens; sha256 is taken.",
      });
    }
    checked[small] = String(value);
    bytes += small.length + encodeURIComponent(checked[small].toWellFormed()).length;
  }
  if (bytes > 2000) {
    throw new FplusError("objects.request", "the metadata is longer than 2000 bytes", { field: "metadata" });
  }
  return checked;
}

/** Content whose stream compares at its end: a whole object's checksum, and the length of parts and of foreign objects. */
export function verified(content: ObjectContent): ObjectContent {
  const { sha256, size, key } = content.info;
  const hash = sha256 !== undefined && content.length === size ? createHash("sha256") : undefined;
  let left = content.length;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash?.update(chunk);
      left -= chunk.length;
      done(null, chunk);
    },
    flush(done) {
      if (left === 0 && (hash === undefined || hash.digest("hex") === sha256)) return done();
      const hint = "The stored bytes are damaged: take an older version or a backup.";
      done(new FplusError("objects.checksum", `${key} is not as it was stored`, { field: "key", hint }));
    },
  });
  // Errors travel to the transform, where the reader hears of them.
  pipeline(content.stream, check, () => undefined);
  return { ...content, stream: check };
}

/** Everything of a stream as one buffer. */
export async function bufferOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
