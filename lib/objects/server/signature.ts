import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Holder, Holders } from "./access.ts";
import { s3Fault } from "./faults.ts";
import type { Target } from "./target.ts";

const ALGORITHM = "AWS4-HMAC-SHA256";
const SKEW_MS = 15 * 60_000;
const LONGEST_LINK_S = 7 * 86_400;
const EMPTY_SHA256 = createHash("sha256").digest("hex");

/** Who signed a request, and with what its body is to be checked. */
export interface Signed {
  readonly holder: Holder;
  /** What the request says of its body: a checksum, `UNSIGNED-PAYLOAD`, or a way of signing it in chunks. */
  readonly payload: string;
  /** Signs the chunks of the body, one after the other. */
  readonly chunks: ChunkSigner;
}

/** What stands in an `Authorization` header, or in the query of a link. */
interface Claim {
  readonly accessKey: string;
  /** `20260102/eu-west-1/s3/aws4_request`. */
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `20260102T030405Z`. */
  readonly date: string;
  readonly payload: string;
  /** Seconds that a link lives; undefined for a header. */
  readonly expires: number | undefined;
}

/**
 * Judges the signature of a request (AWS Signature Version 4, in its header or in its query).
 * @param now milliseconds since the epoch
 * @throws FplusError with the status AccessDenied, InvalidAccessKeyId, SignatureDoesNotMatch, RequestTimeTooSkewed and others of S3
 */
export function verified(
  method: string,
  target: Target,
  headers: IncomingHttpHeaders,
  holders: Holders,
  now: number,
): Signed {
  const claim =
    headers.authorization === undefined ? claimOfQuery(target) : claimOfHeader(headers.authorization, headers);
  checkTime(claim, now);
  checkHeaders(claim, headers);
  const holder = holders.get(claim.accessKey);
  if (holder === undefined) {
    throw s3Fault("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.");
  }
  const [day, region, service, end] = claim.scope.split("/");
  const key = [day, region, service, end].reduce<Buffer | string>(
    (secret, part) => hmac(secret, part ?? ""),
    `AWS4${holder.secretKey}`,
  ) as Buffer;
  const request = sha256(canonical(method, target, headers, claim));
  const expected = hmac(key, [ALGORITHM, claim.date, claim.scope, request].join("\n"));
  if (!equal(expected, claim.signature)) {
    throw s3Fault(
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    );
  }
  return { holder, payload: claim.payload, chunks: new ChunkSigner(key, claim) };
}

/** The signatures of a body that is sent in chunks: each is made over the one before. */
export class ChunkSigner {
  readonly #key: Buffer;
  readonly #scope: string;
  #previous: string;

  constructor(key: Buffer, { date, scope, signature }: Pick<Claim, "date" | "scope" | "signature">) {
    this.#key = key;
    this.#scope = `${date}\n${scope}`;
    this.#previous = signature;
  }

  /**
   * @param digest SHA-256 of the chunk, hexadecimal
   * @throws FplusError with the status SignatureDoesNotMatch
   */
  checkChunk(digest: string, signature: string): void {
    this.#check(`${ALGORITHM}-PAYLOAD`, `${EMPTY_SHA256}\n${digest}`, signature);
  }

  /**
   * @param trailer its lines, each with a line feed
   * @throws FplusError with the status SignatureDoesNotMatch
   */
  checkTrailer(trailer: string, signature: string): void {
    this.#check(`${ALGORITHM}-TRAILER`, sha256(trailer), signature);
  }

  #check(kind: string, content: string, signature: string): void {
    const expected = hmac(this.#key, `${kind}\n${this.#scope}\n${this.#previous}\n${content}`);
    if (!equal(expected, signature)) {
      throw s3Fault("SignatureDoesNotMatch", "The signature of a chunk does not match its content.");
    }
    this.#previous = signature;
  }
}

function claimOfHeader(authorization: string, headers: IncomingHttpHeaders): Claim {
  const malformed = (reason: string): Error =>
    s3Fault("AuthorizationHeaderMalformed", `The authorization header is malformed: ${reason}.`);
  if (!authorization.startsWith(`${ALGORITHM} `)) {
    throw s3Fault(
      "InvalidRequest",
      `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`,
    );
  }
  const fields = new Map(
    authorization
      .slice(ALGORITHM.length)
      .split(",")
      .map((field) => {
        const at = field.indexOf("=");
        return [field.slice(0, at).trim(), field.slice(at + 1).trim()] as const;
      }),
  );
  const [credential, signed, signature] = ["Credential", "SignedHeaders", "Signature"].map((name) => fields.get(name));
  if (!credential || !signed || !signature) throw malformed("a field is missing");
  const date = textOf(headers["x-amz-date"]) || basicDate(headers.date);
  if (date === "") throw s3Fault("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
  // Who says nothing of a body has none.
  const payload = textOf(headers["x-amz-content-sha256"]) || EMPTY_SHA256;
  const { accessKey, scope } = scopeOf(credential, malformed);
  return { accessKey, scope, signedHeaders: signed.split(";"), signature, date, payload, expires: undefined };
}

function claimOfQuery({ query }: Target): Claim {
  const malformed = (reason: string): Error =>
    s3Fault("AuthorizationQueryParametersError", `The link is malformed: ${reason}.`);
  const algorithm = query.get("X-Amz-Algorithm");
  if (algorithm === undefined) {
    if (query.has("Signature"))
      throw s3Fault("InvalidRequest", `Links of the old kind are not supported. Please use ${ALGORITHM}.`);
    throw s3Fault("AccessDenied", "Access Denied.");
  }
  if (algorithm !== ALGORITHM) throw malformed(`X-Amz-Algorithm only supports ${ALGORITHM}`);
  const [credential, signed, signature, date] = ["Credential", "SignedHeaders", "Signature", "Date"].map((name) =>
    query.get(`X-Amz-${name}`),
  );
  if (!credential || !signed || !signature || !date) throw malformed("a parameter is missing");
  const expires = Number(query.get("X-Amz-Expires"));
  if (!Number.isInteger(expires) || expires < 1 || expires > LONGEST_LINK_S) {
    throw malformed(`X-Amz-Expires must be between 1 and ${LONGEST_LINK_S} seconds`);
  }
  const payload = query.get("X-Amz-Content-Sha256") ?? "UNSIGNED-PAYLOAD";
  const { accessKey, scope } = scopeOf(credential, malformed);
  return { accessKey, scope, signedHeaders: signed.split(";"), signature, date, payload, expires };
}

function scopeOf(credential: string, malformed: (reason: string) => Error): { accessKey: string; scope: string } {
  const parts = credential.split("/");
  const [, day, region, service, end] = parts;
  if (parts.length !== 5 || service !== "s3" || end !== "aws4_request" || !/^\d{8}$/.test(day ?? "") || !region) {
    throw malformed("the credential is not <access key>/<date>/<region>/s3/aws4_request");
  }
  return { accessKey: parts[0]!, scope: parts.slice(1).join("/") };
}

function checkTime({ date, scope, expires }: Claim, now: number): void {
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  const at = found === null ? Number.NaN : Date.parse(`${found.slice(1, 4).join("-")}T${found.slice(4).join(":")}Z`);
  if (Number.isNaN(at) || !scope.startsWith(`${date.slice(0, 8)}/`)) {
    throw s3Fault("AccessDenied", "The date of the request is not that of its signature.");
  }
  if (at > now + SKEW_MS || (expires === undefined && at < now - SKEW_MS)) {
    throw s3Fault(
      "RequestTimeTooSkewed",
      "The difference between the request time and the server's time is too large.",
    );
  }
  if (expires !== undefined && at + expires * 1000 < now) throw s3Fault("AccessDenied", "Request has expired");
}

/** Nothing that decides what the request does may come unsigned. */
function checkHeaders({ signedHeaders, expires }: Claim, headers: IncomingHttpHeaders): void {
  const signed = new Set(signedHeaders);
  const unsigned = Object.keys(headers).filter(
    (name) =>
      name.startsWith("x-amz-") && !signed.has(name) && (expires === undefined || name !== "x-amz-content-sha256"),
  );
  if (!signed.has("host") || unsigned.length > 0) {
    throw s3Fault(
      "AccessDenied",
      `There were headers present in the request which were not signed: ${unsigned.join(", ") || "host"}`,
    );
  }
}

function canonical(method: string, target: Target, headers: IncomingHttpHeaders, claim: Claim): string {
  const query = target.canonicalQuery
    .filter(([name]) => name !== "X-Amz-Signature")
    .sort(([a, one], [b, other]) => (a === b ? order(one, other) : order(a, b)))
    .map(([name, value]) => `${name}=${value}`);
  const lines = claim.signedHeaders.map((name) => `${name}:${textOf(headers[name]).trim().replaceAll(/ +/g, " ")}\n`);
  return [
    method,
    target.canonicalPath,
    query.join("&"),
    lines.join(""),
    claim.signedHeaders.join(";"),
    claim.payload,
  ].join("\n");
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function textOf(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(",") : (value ?? "");
}

function basicDate(date: string | undefined): string {
  const at = Date.parse(date ?? "");
  return Number.isNaN(at) ? "" : new Date(at).toISOString().replaceAll(/[:-]|\.\d+/g, "");
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** In the same time whatever is given. */
function equal(expected: Buffer, signature: string): boolean {
  const given = Buffer.from(signature, "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}
