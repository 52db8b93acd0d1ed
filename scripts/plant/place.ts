import { existsSync } from "node:fs";
import path from "node:path";

/** The package's own folder, above the sources as above what is built of them. */
export const packageRoot = (() => {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, "package.json"))) folder = path.dirname(folder);
  return folder;
})();

/** Whether the sources are here: a clone of the repository, not the package that npm installed. */
export const isRepository = existsSync(path.join(packageRoot, "scripts"));
