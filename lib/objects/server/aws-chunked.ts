import { createHash } from "node:crypto";
import type { FplusError } from "../../errors/index.ts";
import { s3Fault } from "./faults.ts";
import type { ChunkSigner } from "./signature.ts";

const LONGEST_LINE = 4096;
const MOST_TRAILERS = 16;
const NEWLINE = 10;

/**
 * The content of a body in `aws-chunked`: chunks with their length before them, each with its signature where they are signed, and
 * header lines behind the last.
 * @param signer judges the chunks; undefined where they are not signed
 * @param onTrailer is told of each header line behind the content; names in small letters
 * @throws FplusError with the status SignatureDoesNotMatch, IncompleteBody or InvalidRequest, at the latest when the content has ended
 */
export async function* unchunked(
  body: AsyncIterable<Buffer>,
  signer: ChunkSigner | undefined,
  onTrailer: (name: string, value: string) => void,
): AsyncGenerator<Buffer> {
  const source = new ByteSource(body);
  try {
    for (;;) {
      const { size, signature } = chunkOf(await source.line());
      if (signer !== undefined && signature === undefined) throw malformed("a chunk is not signed");
      const hash = signer === undefined ? undefined : createHash("sha256");
      for (let left = size; left > 0;) {
        const some = await source.upTo(left);
        left -= some.length;
        hash?.update(some);
        yield some;
      }
      if (hash !== undefined) signer?.checkChunk(hash.digest("hex"), signature ?? "");
      if (size === 0) break;
      if ((await source.line()) !== "") throw malformed("a chunk is longer than it says");
    }
    await readTrailers(source, signer, onTrailer);
  } finally {
    await source.close();
  }
}

async function readTrailers(
  source: ByteSource,
  signer: ChunkSigner | undefined,
  onTrailer: (name: string, value: string) => void,
): Promise<void> {
  let lines = "";
  for (let count = 0; ; count++) {
    // Some clients leave out the empty line behind the last chunk.
    const line = source.ended ? "" : await source.line();
    if (line === "") break;
    if (count === MOST_TRAILERS) throw malformed("it has too many lines behind the content");
    const at = line.indexOf(":");
    const [name, value] = [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
    if (name === "x-amz-trailer-signature") {
      signer?.checkTrailer(lines, value);
      lines = "";
    } else {
      lines += `${name}:${value}\n`;
      onTrailer(name, value);
    }
  }
  if (signer !== undefined && lines !== "") throw malformed("the lines behind the content are not signed");
}

function chunkOf(line: string): { size: number; signature: string | undefined } {
  const [, hex, signature] = /^([0-9a-f]{1,10})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line) ?? [];
  if (hex === undefined) throw malformed("a chunk has no length");
  return { size: Number.parseInt(hex, 16), signature };
}

function malformed(reason: string): FplusError {
  return s3Fault("InvalidRequest", `The body is not aws-chunked: ${reason}.`);
}

/** Bytes by line and by number. */
class ByteSource {
  readonly #body: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(body: AsyncIterable<Buffer>) {
    this.#body = body[Symbol.asyncIterator]();
  }

  get ended(): boolean {
    return this.#ended && this.#held.length === 0;
  }

  /** A line without its end; empty also where the body ends. */
  async line(): Promise<string> {
    for (;;) {
      const at = this.#held.indexOf(NEWLINE);
      if (at >= 0 || this.#ended) {
        const end = at < 0 ? this.#held.length : at;
        const line = this.#held.toString("latin1", 0, end).replace(/\r$/, "");
        this.#held = this.#held.subarray(at < 0 ? end : end + 1);
        return line;
      }
      if (this.#held.length > LONGEST_LINE) throw malformed("a line has no end");
      const more = await this.#more();
      if (more !== undefined) this.#held = this.#held.length === 0 ? more : Buffer.concat([this.#held, more]);
    }
  }

  async upTo(count: number): Promise<Buffer> {
    if (this.#held.length === 0) {
      const more = await this.#more();
      if (more === undefined) {
        throw s3Fault("IncompleteBody", "You did not provide the number of bytes specified by the chunk's length.");
      }
      this.#held = more;
    }
    const some = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(some.length);
    return some;
  }

  async close(): Promise<void> {
    await this.#body.return?.();
  }

  async #more(): Promise<Buffer | undefined> {
    const { done, value } = await this.#body.next();
    if (done !== true) return value;
    this.#ended = true;
    return undefined;
  }
}
