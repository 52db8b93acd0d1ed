import path from "node:path";
import { FplusError } from "../errors/index.ts";

/** Bytes from an object's beginning that are enough to tell its type. */
export const SNIFF_BYTES = 512;

interface Signature {
  readonly type: string;
  readonly at: number;
  readonly bytes: Buffer;
  /** Content types that may be declared for it beside its own. */
  readonly also?: RegExp;
}

const ascii = (text: string): Buffer => Buffer.from(text, "latin1");
const ZIPPED = /^application\/(zip|x-zip-compressed|java-archive|epub\+zip|vnd\.(openxmlformats|oasis|ms-)[\w.+-]+)$/;

/** The first bytes of file types, from their specifications. */
const SIGNATURES: readonly Signature[] = [
  { type: "image/png", at: 0, bytes: Buffer.from("89504e470d0a1a0a", "hex") },
  { type: "image/jpeg", at: 0, bytes: Buffer.from("ffd8ff", "hex"), also: /^image\/jpg$/ },
  { type: "image/gif", at: 0, bytes: ascii("GIF8") },
  { type: "image/webp", at: 8, bytes: ascii("WEBP") },
  { type: "image/bmp", at: 0, bytes: ascii("BM"), also: /^image\/x-ms-bmp$/ },
  { type: "image/tiff", at: 0, bytes: Buffer.from("49492a00", "hex") },
  { type: "image/tiff", at: 0, bytes: Buffer.from("4d4d002a", "hex") },
  { type: "application/pdf", at: 0, bytes: ascii("%PDF-") },
  { type: "application/zip", at: 0, bytes: Buffer.from("504b0304", "hex"), also: ZIPPED },
  { type: "application/zip", at: 0, bytes: Buffer.from("504b0506", "hex"), also: ZIPPED },
  { type: "application/gzip", at: 0, bytes: Buffer.from("1f8b08", "hex"), also: /^application\/(x-gzip|x-tar|x-tgz)$/ },
  { type: "application/zstd", at: 0, bytes: Buffer.from("28b52ffd", "hex") },
  { type: "application/x-bzip2", at: 0, bytes: ascii("BZh") },
  { type: "application/x-xz", at: 0, bytes: Buffer.from("fd377a585a00", "hex") },
  { type: "application/x-7z-compressed", at: 0, bytes: Buffer.from("377abcaf271c", "hex") },
  { type: "application/x-tar", at: 257, bytes: ascii("ustar") },
  { type: "application/vnd.apache.parquet", at: 0, bytes: ascii("PAR1"), also: /^application\/(x-)?parquet$/ },
  { type: "application/vnd.sqlite3", at: 0, bytes: ascii("SQLite format 3\0"), also: /^application\/x-sqlite3$/ },
  {
    type: "video/mp4",
    at: 4,
    bytes: ascii("ftyp"),
    also: /^(video\/(quicktime|x-m4v|3gpp)|audio\/(mp4|x-m4a)|image\/(heic|heif|avif))$/,
  },
  { type: "video/webm", at: 0, bytes: Buffer.from("1a45dfa3", "hex"), also: /^(video|audio)\/(x-matroska|webm)$/ },
  { type: "audio/wav", at: 8, bytes: ascii("WAVE"), also: /^audio\/(x-wav|vnd\.wave|wave)$/ },
  { type: "video/x-msvideo", at: 8, bytes: ascii("AVI "), also: /^video\/(avi|msvideo)$/ },
  { type: "audio/mpeg", at: 0, bytes: ascii("ID3"), also: /^audio\/mp3$/ },
  { type: "audio/ogg", at: 0, bytes: ascii("OggS"), also: /^(video|application)\/ogg$/ },
  { type: "audio/flac", at: 0, bytes: ascii("fLaC"), also: /^audio\/x-flac$/ },
  {
    type: "application/vnd.microsoft.portable-executable",
    at: 0,
    bytes: ascii("MZ"),
    also: /^application\/(x-msdownload|x-dosexec|x-ms-installer)$/,
  },
  {
    type: "application/x-executable",
    at: 0,
    bytes: Buffer.from("7f454c46", "hex"),
    also: /^application\/x-(sharedlib|elf)$/,
  },
];

/** Types that always begin with a signature above, so content without it is something else. */
const ALWAYS_SIGNED = new Set(
  SIGNATURES.map(({ type }) => type).filter((type) => !/^(audio\/mpeg|application\/x-tar|image\/bmp)$/.test(type)),
);

const BY_EXTENSION: Readonly<Record<string, string>> = {
  avi: "video/x-msvideo",
  bmp: "image/bmp",
  bz2: "application/x-bzip2",
  css: "text/css",
  csv: "text/csv",
  gif: "image/gif",
  gz: "application/gzip",
  htm: "text/html",
  html: "text/html",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  jsonl: "application/x-ndjson",
  log: "text/plain",
  md: "text/markdown",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  ndjson: "application/x-ndjson",
  ogg: "audio/ogg",
  parquet: "application/vnd.apache.parquet",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  tar: "application/x-tar",
  tif: "image/tiff",
  tiff: "image/tiff",
  toml: "application/toml",
  txt: "text/plain",
  wav: "audio/wav",
  webm: "video/webm",
  webp: "image/webp",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
  zip: "application/zip",
  zst: "application/zstd",
};

/** The type that the first bytes give away, or undefined (text, JSON and most others have no signature). */
export function sniff(head: Uint8Array): string | undefined {
  const found = signatureOf(head);
  if (found !== undefined) return found.type;
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1").trimStart().toLowerCase();
  if (/^<(!doctype html|html|script)\b/.test(text)) return "text/html";
  if (/^(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<svg\b/s.test(text)) return "image/svg+xml";
  return undefined;
}

function signatureOf(head: Uint8Array): Signature | undefined {
  return SIGNATURES.find(
    ({ at, bytes }) => head.length >= at + bytes.length && bytes.equals(head.subarray(at, at + bytes.length)),
  );
}

/**
 * The content type under which an object is stored, after comparing what is declared with what the bytes say.
 * @param head the first bytes, {@link SNIFF_BYTES} where there are so many
 * @throws FplusError `objects.content-type` when they contradict each other or the type is not allowed
 */
export function contentTypeOf(
  key: string,
  head: Uint8Array,
  declared: string | undefined,
  allow: readonly string[] = [],
): string {
  const stated = declared?.trim() || undefined;
  if (stated !== undefined && !/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;[ -~]*)?$/.test(stated)) {
    throw new FplusError("objects.content-type", `not a content type: ${stated.slice(0, 80)}`, {
      field: "contentType",
      hint: "Write it like application/json.",
    });
  }
  if (stated !== undefined) compare(stated, head);
  const seen = sniff(head);
  const type = stated ?? seen ?? typeOfName(key) ?? "application/octet-stream";
  allowed(type, allow);
  // A web page that calls itself plain text is judged by what a browser would make of it.
  if (seen !== undefined && signatureOf(head) === undefined) allowed(seen, allow);
  return type;
}

/** The type of a name's extension, or undefined. */
export function typeOfName(key: string): string | undefined {
  const extension = path.posix.extname(key).slice(1).toLowerCase();
  return Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : undefined;
}

function compare(stated: string, head: Uint8Array): void {
  const type = essence(stated);
  if (type === "application/octet-stream" || type === "binary/octet-stream") return;
  const found = signatureOf(head);
  if (found === undefined) {
    if (!ALWAYS_SIGNED.has(type)) return;
    throw contradiction(stated, "its first bytes are not those of that type");
  }
  if (found.type === type || found.also?.test(type) === true) return;
  // Two bytes are a weak sign: text may begin with BM or MZ.
  if (found.bytes.length <= 3 && /^text\/|json$|yaml$|csv$|xml$/.test(type)) return;
  throw contradiction(stated, `its first bytes are those of ${found.type}`);
}

function contradiction(stated: string, reason: string): FplusError {
  return new FplusError("objects.content-type", `the content is said to be ${stated}, but ${reason}`, {
    field: "contentType",
    hint: "Correct the content type, or leave it out to have it found.",
  });
}

function allowed(stated: string, allow: readonly string[]): void {
  if (allow.length === 0) return;
  const type = essence(stated);
  for (const entry of allow) {
    const pattern = essence(entry);
    if (pattern === type || pattern === "*/*") return;
    if (pattern.endsWith("/*") && type.startsWith(pattern.slice(0, -1))) return;
  }
  throw new FplusError("objects.content-type", `${type} is not taken here`, {
    field: "contentType",
    hint: `Taken are ${allow.join(", ")}.`,
  });
}

function essence(type: string): string {
  return type.split(";")[0]!.trim().toLowerCase();
}
