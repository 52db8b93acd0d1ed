import type { SampleBatch } from "../sample/index.ts";

/** A StatusCode's info bits when values before this one were lost: InfoType DataValue with Overflow (OPC 10000-4 7.39.1). */
export const OVERFLOW = 0x0480;
const OVERFLOW_MASK = 0x0c80;

/** How many samples of a batch say that the server dropped values before them. */
export function overflowsIn(batch: SampleBatch): number {
  let count = 0;
  for (let i = 0; i < batch.length; i++) if ((batch.status[i]! & OVERFLOW_MASK) === OVERFLOW) count += 1;
  return count;
}
