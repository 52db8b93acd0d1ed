import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/**
 * Lets this process and all that it starts put their temporary files into one folder, so that nothing is left behind.
 * @returns what ends that: it removes the folder and gives the names of our own folders that were still in it
 */
export function ownTemporaryFolder(): () => string[] {
  const folder = mkdtempSync(path.join(os.tmpdir(), "fplus-run-"));
  // As root, the embedded database runs under another account, which must pass through.
  chmodSync(folder, 0o755);
  process.env["TMPDIR"] = folder;
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  process.once("exit", remove);
  return () => {
    const left = readdirSync(folder).filter((name) => name.startsWith("fplus-"));
    remove();
    return left;
  };
}
