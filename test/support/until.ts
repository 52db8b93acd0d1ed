/**
 * How long a test waits for what it expects: as long as the slowest machine needs, for a test that passes waits no longer than it takes.
 * It ends only tests that fail.
 */
export const PATIENCE_MS = 120_000;

/** Asks again every 10 ms until the answer is true; fails saying what was waited for. */
export async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`waited ${PATIENCE_MS} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
