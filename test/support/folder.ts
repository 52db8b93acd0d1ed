import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

const made = new Set<string>();

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

// What outlives its test (a shared endpoint that is just opening) may write once more.
process.once("exit", () => made.forEach(remove));

/** A fresh temporary folder, removed when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "fplus-test-"));
  made.add(folder);
  t.after(() => remove(folder));
  return folder;
}
