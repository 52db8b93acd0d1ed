import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** The version of this package, from the manifest above the sources as above what is built of them. */
export function packageVersion(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, "package.json"))) folder = path.dirname(folder);
  return (JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as { version: string }).version;
}
