import { s3Fault } from "./faults.ts";

/** What a request is about, from its path and query. */
export interface Target {
  /** Empty = all buckets. */
  readonly bucket: string;
  /** Empty = the bucket itself. */
  readonly key: string;
  /** Decoded, in the order of the request. */
  readonly query: ReadonlyMap<string, string>;
  /** The path as a signature sees it. */
  readonly canonicalPath: string;
  /** Names and values of the query as a signature sees them. */
  readonly canonicalQuery: readonly (readonly [string, string])[];
}

const MAX_PARAMETERS = 100;

/**
 * Takes a request's path and query apart.
 * @throws FplusError with the status InvalidURI
 */
export function targetOf(url: string): Target {
  const [path, search] = splitOnce(url, "?");
  if (!path.startsWith("/")) throw s3Fault("InvalidURI", "Couldn't parse the specified URI.");
  const decoded = decode(path);
  const [bucket, key] = splitOnce(decoded.slice(1), "/");
  const parts = search === "" ? [] : search.split("&").filter((part) => part !== "");
  if (parts.length > MAX_PARAMETERS) throw s3Fault("InvalidURI", "The URI has too many parameters.");
  const pairs = parts.map((part) => {
    const [name, value] = splitOnce(part, "=");
    return [decode(name.replaceAll("+", " ")), decode(value.replaceAll("+", " "))] as const;
  });
  return {
    bucket,
    key,
    query: new Map(pairs),
    canonicalPath: decoded.split("/").map(uriEncoded).join("/"),
    canonicalQuery: pairs.map(([name, value]) => [uriEncoded(name), uriEncoded(value)] as const),
  };
}

/** Percent-encodes all but letters, digits and `-._~`, as signatures want it. */
export function uriEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw s3Fault("InvalidURI", "Couldn't parse the specified URI.");
  }
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
