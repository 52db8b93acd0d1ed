import type { ServerResponse } from "node:http";
import { FplusError } from "../errors/index.ts";
import type { ByteRange } from "./types.ts";

/** One range as RFC 9110 writes it; several, and what is not one, mean the whole; `none` lies outside. */
export function rangeOf(header: string | undefined, size: number): ByteRange | "none" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "none" : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= size) return "none";
  return last === "" ? { start } : { start, end: Number(last) };
}

/**
 * First byte of a range and the one behind its last; of the whole where there is none.
 * @throws FplusError `objects.request` where no byte lies in it
 */
export function rangeWithin(range: ByteRange | undefined, size: number): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: size };
  if (range.start < size) return { start: range.start, end: Math.min(size, (range.end ?? size) + 1) };
  throw new FplusError("objects.request", `the object has ${size} bytes, none from ${range.start} on`, {
    field: "range",
  });
}

/**
 * Begins an answer with a whole object or a range of it.
 * @param length bytes that come; left out = those of the range
 */
export function beginContent(
  response: ServerResponse,
  range: ByteRange | undefined,
  size: number,
  length?: number,
): void {
  const { start, end } = rangeWithin(range, size);
  if (range !== undefined) response.setHeader("content-range", `bytes ${start}-${end - 1}/${size}`);
  response.setHeader("content-length", length ?? end - start);
  response.writeHead(range === undefined ? 200 : 206);
}
