import type { SampleBatch } from "../sample/index.ts";

/**
 * The samples of a batch whose text is empty, by index. Servers keep such a text as a value, but differ in what a query makes of it,
 * so a writer may refuse it.
 */
export function emptyTexts(batch: SampleBatch): number[] {
  const found: number[] = [];
  // Lanes of text are sparse: most batches have none.
  for (let i = 0; i < Math.min(batch.ref.length, batch.length); i++) {
    if (batch.ref[i] === "" && !batch.isNull(i)) found.push(i);
  }
  return found;
}
