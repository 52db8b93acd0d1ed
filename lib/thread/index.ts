/**
 * Threads: where the module of one lies.
 * @module
 */

/**
 * The address of a module of `lib/` that runs in a thread of its own, by its path there (`historian/embedded/worker`).
 * It is asked for here, because in the package the modules of a room are one file, and this room's folder stays where it is.
 */
export function threadModule(module: string): URL {
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  return new URL(`../${module}${extension}`, import.meta.url);
}
