import type { IncomingMessage, ServerResponse } from "node:http";
import { FplusError } from "../../errors/index.ts";
import { ContentHashes } from "../content.ts";
import { unchunked } from "./aws-chunked.ts";
import { CHECKSUMS, type Checksum, type ChecksumName, checksumOf } from "./checksums.ts";
import { s3Fault } from "./faults.ts";
import type { Signed } from "./signature.ts";

const GIGABYTE = 1024 ** 3;
/** What S3 takes in one request. */
const LARGEST = 5 * GIGABYTE;
/** A document of 10,000 parts or 1000 keys is smaller. */
const LARGEST_DOCUMENT = 4 * 1024 * 1024;
/** Bytes that must come in the time that a client is given. */
const SLOWEST = 4096;

/** How a body is told apart by `x-amz-content-sha256`. */
const CHUNKED = {
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": { signed: true },
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": { signed: true },
  "STREAMING-UNSIGNED-PAYLOAD-TRAILER": { signed: false },
} as const;

interface Check {
  readonly name: ChecksumName;
  readonly sum: Checksum;
  /** Base64; undefined until the line behind the content has come. */
  expected: string | undefined;
}

/** The body of a request: read once, counted, and refused at its end when it is not what was signed and promised. */
export class Body {
  /** Bytes of the content. */
  readonly size: number;
  readonly hashes = new ContentHashes();
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #signed: Signed;
  readonly #patienceMs: number;
  readonly #checks: Check[];
  readonly #md5: string | undefined;

  /**
   * @param patienceMs time in which some of it must have come
   * @throws FplusError with the status MissingContentLength, EntityTooLarge, InvalidDigest, NotImplemented
   */
  constructor(request: IncomingMessage, response: ServerResponse, signed: Signed, patienceMs: number) {
    this.#patienceMs = patienceMs;
    this.#request = request;
    this.#response = response;
    this.#signed = signed;
    const { headers } = request;
    const chunked = chunkedOf(signed.payload) !== undefined;
    if (!chunked && !/^([0-9a-f]{64}|UNSIGNED-PAYLOAD)$/.test(signed.payload)) {
      if (signed.payload.startsWith("STREAMING-"))
        throw s3Fault("NotImplemented", `${signed.payload} is not implemented.`);
      throw s3Fault(
        "InvalidArgument",
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-… or a valid sha256 value.",
      );
    }
    const length = chunked ? headers["x-amz-decoded-content-length"] : headers["content-length"];
    if (typeof length !== "string" || !/^\d{1,15}$/.test(length)) {
      throw s3Fault("MissingContentLength", "You must provide the Content-Length HTTP header.");
    }
    this.size = Number(length);
    if (this.size > LARGEST) {
      throw s3Fault("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size: send it in parts.");
    }
    this.#md5 = md5Of(headers["content-md5"]);
    this.#checks = checksOf(headers);
  }

  /** Checksums that the client gave and that hold, as response headers. */
  get confirmed(): Record<string, string> {
    return Object.fromEntries(this.#checks.map(({ name, expected = "" }) => [`x-amz-checksum-${name}`, expected]));
  }

  /** The content; fails at its end when it is not whole. */
  async *content(): AsyncGenerator<Buffer> {
    const chunked = chunkedOf(this.#signed.payload);
    const raw = watched(this.#request, this.#response, this.#patienceMs);
    const bytes =
      chunked === undefined
        ? raw
        : unchunked(raw, chunked.signed ? this.#signed.chunks : undefined, (name, value) => this.#hear(name, value));
    let seen = 0;
    for await (const chunk of bytes) {
      seen += chunk.length;
      if (seen > this.size) break;
      this.hashes.update(chunk);
      for (const { sum } of this.#checks) sum.update(chunk);
      yield chunk;
    }
    if (seen !== this.size) {
      throw s3Fault(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header.",
      );
    }
    this.#compare();
  }

  /**
   * A whole document.
   * @throws FplusError with the status EntityTooLarge
   */
  async text(): Promise<string> {
    if (this.size > LARGEST_DOCUMENT) throw s3Fault("EntityTooLarge", "The document is too large.");
    const chunks: Buffer[] = [];
    for await (const chunk of this.content()) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  }

  #hear(trailer: string, value: string): void {
    const check = this.#checks.find(({ name }) => trailer === `x-amz-checksum-${name}`);
    if (check !== undefined) check.expected = value;
  }

  #compare(): void {
    const { payload } = this.#signed;
    if (/^[0-9a-f]{64}$/.test(payload) && payload !== this.hashes.sha256()) {
      throw s3Fault(
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
      );
    }
    if (this.#md5 !== undefined && this.#md5 !== this.hashes.md5()) {
      throw s3Fault("BadDigest", "The Content-MD5 you specified did not match what we received.");
    }
    for (const { name, sum, expected } of this.#checks) {
      if (expected === undefined) throw s3Fault("InvalidRequest", `The announced x-amz-checksum-${name} did not come.`);
      if (sum.digest() !== expected)
        throw s3Fault("BadDigest", `The ${name} you specified did not match the calculated checksum.`);
    }
  }
}

function chunkedOf(payload: string): { readonly signed: boolean } | undefined {
  return Object.hasOwn(CHUNKED, payload) ? CHUNKED[payload as keyof typeof CHUNKED] : undefined;
}

function md5Of(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const bytes = Buffer.from(String(header), "base64");
  if (bytes.length !== 16) throw s3Fault("InvalidDigest", "The Content-MD5 you specified is not valid.");
  return bytes.toString("hex");
}

/** A checksum stands in a header, or is announced to come behind the content. */
function checksOf(headers: IncomingMessage["headers"]): Check[] {
  const announced = new Set(
    String(headers["x-amz-trailer"] ?? "")
      .toLowerCase()
      .split(",")
      .map((name) => name.trim()),
  );
  return CHECKSUMS.flatMap((name) => {
    const header = `x-amz-checksum-${name}`;
    const expected = headers[header];
    if (typeof expected !== "string" && !announced.has(header)) return [];
    return [{ name, sum: checksumOf(name), expected: typeof expected === "string" ? expected : undefined }];
  });
}

/** The request's bytes; a client that stops sending, or trickles, loses its connection. */
async function* watched(
  request: IncomingMessage,
  response: ServerResponse,
  patienceMs: number,
): AsyncGenerator<Buffer> {
  let recent = 0;
  // Who asked whether to go on is told so now, when the request is known to be allowed.
  if (request.headers.expect !== undefined) response.writeContinue();
  const timer = setInterval(() => {
    // Where bytes wait to be taken, it is the disk that is slow.
    if (recent < SLOWEST && request.readableLength === 0 && !request.complete) {
      request.destroy(s3Fault("RequestTimeout", "Your socket connection was not read from or written to."));
    }
    recent = 0;
  }, patienceMs);
  try {
    // Who is refused half way still hears why.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      recent += chunk.length;
      yield chunk;
    }
  } catch (error) {
    // The client went away: that is no fault of the store.
    throw error instanceof FplusError
      ? error
      : s3Fault("IncompleteBody", "The connection ended in the middle of the body.");
  } finally {
    clearInterval(timer);
  }
}
