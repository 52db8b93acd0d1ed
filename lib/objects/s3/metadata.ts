/** Metadata as HTTP headers carry it: ASCII passes, everything else is percent-encoded behind a mark of ours. */
const MARK = "utf8''";
/** The name under which the checksum of an object travels with it. */
export const CHECKSUM = "sha256";

const NOT_METADATA = new Set([
  CHECKSUM,
  "content-type",
  "cache-control",
  "content-encoding",
  "content-disposition",
  "content-language",
  "x-amz-website-redirect-location",
  "x-amz-server-side-encryption",
  "x-amz-storage-class",
  "if-none-match",
  "if-match",
]);

/** Headers of an object's metadata, as the client wants them. */
export function headersOf(
  contentType: string,
  metadata: Readonly<Record<string, string>>,
  sha256?: string,
): Record<string, string> {
  const headers: Record<string, string> = { "Content-Type": contentType };
  for (const [name, value] of Object.entries(metadata)) {
    const plain = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !value.startsWith(MARK);
    headers[`x-amz-meta-${name}`] = plain ? value : MARK + encodeURIComponent(value.toWellFormed());
  }
  if (sha256 !== undefined) headers[`x-amz-meta-${CHECKSUM}`] = sha256;
  return headers;
}

/** The user's metadata among what the client gives, which has the names without `x-amz-meta-` and some headers of HTTP beside them. */
export function metadataOf(found: Readonly<Record<string, unknown>>): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(found))
    if (typeof value === "string" && !NOT_METADATA.has(name)) metadata[name.toLowerCase()] = decoded(value);
  return metadata;
}

function decoded(value: string): string {
  if (!value.startsWith(MARK)) return value;
  try {
    return decodeURIComponent(value.slice(MARK.length));
  } catch {
    return value;
  }
}
