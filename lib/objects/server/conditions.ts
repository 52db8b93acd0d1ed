import type { Guard } from "../embedded/bucket.ts";
import type { ObjectInfo } from "../types.ts";
import { type Call, headerOf } from "./call.ts";
import { s3Fault } from "./faults.ts";

type Known = Pick<ObjectInfo, "etag" | "modified">;

/**
 * Holds the conditions of a request (`If-Match` and its kin) against an object.
 * @param prefix before the names of the headers: `x-amz-copy-source-` for the source of a copy
 * @throws FplusError with the status PreconditionFailed, NotModified
 */
export function checkConditions(call: Call, info: Known, prefix = ""): void {
  const [match, noneMatch] = [headerOf(call, `${prefix}if-match`), headerOf(call, `${prefix}if-none-match`)];
  const seconds = Math.floor(info.modified / 1000) * 1000;
  const since = (name: string): number => Date.parse(headerOf(call, `${prefix}${name}`));
  if (match !== "" ? !names(match, info.etag) : since("if-unmodified-since") < seconds) throw failed();
  if (noneMatch !== "" ? names(noneMatch, info.etag) : since("if-modified-since") >= seconds) {
    throw prefix === "" ? s3Fault("NotModified", "Not Modified") : failed();
  }
}

/** The conditions under which a request may replace an object; undefined where it has none. */
export function guardOf(call: Call): Guard | undefined {
  const [match, noneMatch] = [headerOf(call, "if-match"), headerOf(call, "if-none-match")];
  if (match === "" && noneMatch === "") return undefined;
  return (current) => {
    if (match !== "" && current === undefined) throw s3Fault("NoSuchKey", "The specified key does not exist.");
    if (match !== "" && !names(match, current!.etag)) throw failed();
    if (noneMatch !== "" && current !== undefined && names(noneMatch, current.etag)) throw failed();
  };
}

function names(list: string, etag: string): boolean {
  return list.split(",").some((one) => {
    const name = one.trim().replace(/^W\//, "").replaceAll('"', "");
    return name === "*" || name === etag;
  });
}

function failed(): Error {
  return s3Fault("PreconditionFailed", "At least one of the preconditions you specified did not hold.");
}
