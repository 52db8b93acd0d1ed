import { FplusError } from "../errors/index.ts";

/** Stands for "it is known that there is none"; no JSON text looks like it. */
export const NOTHING = "\u0000nothing";

/** A value as text: JSON, so that other programs can read it; undefined = there is none. */
export function encode(value: unknown, key: string): string {
  if (value === undefined) return NOTHING;
  if (ArrayBuffer.isView(value)) {
    throw new FplusError("cache.command", "bytes cannot be cached", {
      field: key,
      hint: "Make text of them first, as base64.",
    });
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new FplusError("cache.command", "the value cannot be written as JSON", { field: key, cause: error });
  }
  if (text !== undefined) return text;
  throw new FplusError("cache.command", `a ${typeof value} cannot be cached`, { field: key });
}

/** The value of a text; what another program wrote and is not JSON is given as text. */
export function decode(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
