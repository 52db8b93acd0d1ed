import { globSync, readFileSync } from "node:fs";
import path from "node:path";

export const root = path.resolve(import.meta.dirname, "../..");

/** TypeScript sources of some folders, as paths from the repository's root. */
export function sourcesIn(...folders: string[]): string[] {
  return folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root })).toSorted();
}

export function read(file: string): string {
  return readFileSync(path.join(root, file), "utf8");
}

/** What a file imports: static, re-exported and dynamic imports, without imports of types only where `typesToo` is false. */
export function importsOf(file: string, typesToo = true): { target: string; dynamic: boolean }[] {
  const text = read(file).replace(/\/\*[^]*?\*\//g, "");
  const found: { target: string; dynamic: boolean }[] = [];
  for (const match of text.matchAll(/^(import|export)( type)?\b[^;]*?from "([^"]+)"/gm)) {
    if (match[2] === undefined || typesToo) found.push({ target: match[3]!, dynamic: false });
  }
  for (const match of text.matchAll(/^import "([^"]+)"/gm)) found.push({ target: match[1]!, dynamic: false });
  for (const match of text.matchAll(/\bimport\("([^"]+)"\)/g)) found.push({ target: match[1]!, dynamic: true });
  return found;
}

/** Where a relative import leads, from the repository's root; undefined for packages. */
export function resolved(file: string, target: string): string | undefined {
  return target.startsWith(".") ? path.posix.join(path.posix.dirname(file), target) : undefined;
}
