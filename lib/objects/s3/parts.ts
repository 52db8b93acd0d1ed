import { FplusError } from "../../errors/index.ts";

/** S3 takes 10,000 parts an object. */
const MAX_PARTS = 10_000;
/** Bytes of a part: all that is held of a stream at a time. */
export const PART_BYTES = 8 * 1024 * 1024;
const ROUND_BYTES = 1024 * 1024;

/** Bytes of a part so that an object of that size fits; 80 GB where the size is not known. */
export function partBytes(size: number | undefined): number {
  if (size === undefined) return PART_BYTES;
  return Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS / ROUND_BYTES) * ROUND_BYTES);
}

/**
 * Cuts a stream into parts of equal size; only the last is shorter.
 * @throws FplusError `objects.request` when the stream has no end
 */
export async function* partsOf(content: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  let parts = 0;
  for await (const chunk of content) {
    let rest = chunk;
    while (size + rest.length >= bytes) {
      const fitting = bytes - size;
      held.push(rest.subarray(0, fitting));
      rest = rest.subarray(fitting);
      if (++parts > MAX_PARTS) {
        throw new FplusError("objects.request", `the stream is longer than ${MAX_PARTS} parts of ${bytes} bytes`, {
          field: "size",
          hint: "Say how many bytes it has, so that larger parts are used.",
        });
      }
      yield joined(held);
      held = [];
      size = 0;
    }
    if (rest.length > 0) {
      held.push(rest);
      size += rest.length;
    }
  }
  if (size > 0) yield joined(held);
}

function joined(chunks: Buffer[]): Buffer {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}
