import { readdir } from "node:fs/promises";
import path from "node:path";
import { isAbsent } from "./files.ts";
import { type Entry, entryOf, folderOf } from "./layout.ts";
import { ObjectFolder, type StoredVersion } from "./versions.ts";

/** What a walk through a bucket meets, in the order of the keys' UTF-8 bytes. */
export type Met =
  | { readonly kind: "object"; readonly key: string; readonly folder: ObjectFolder; readonly version: StoredVersion }
  | { readonly kind: "prefix"; readonly key: string };

/** Which part of a bucket to walk. */
export interface WalkOptions {
  readonly prefix: string;
  /** Into folders below, or name them only. */
  readonly recursive: boolean;
  /** Key or folder after which to begin; empty = at the beginning. */
  readonly after: string;
  /** Also objects whose newest version says that they were deleted. */
  readonly deleted: boolean;
}

/** Walks a bucket's folder lazily: what is not asked for is not read. */
export async function* walk(bucket: string, options: WalkOptions): AsyncGenerator<Met> {
  const slash = options.prefix.lastIndexOf("/");
  const base = options.prefix.slice(0, slash + 1);
  const segments = base.split("/").slice(0, -1);
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) return;
  const folder = path.join(bucket, ...segments.map((segment) => folderOf(segment, "prefix")));
  yield* walkFolder(folder, base, options);
}

async function* walkFolder(folder: string, base: string, options: WalkOptions): AsyncGenerator<Met> {
  for (const entry of await entriesOf(folder)) {
    const key = base + entry.segment + (entry.kind === "prefix" ? "/" : "");
    if (!key.startsWith(options.prefix) && !(entry.kind === "prefix" && options.prefix.startsWith(key))) continue;
    const at = path.join(folder, entry.folder);
    if (entry.kind === "object") {
      if (options.after !== "" && compareKeys(key, options.after) <= 0) continue;
      const object = new ObjectFolder(at);
      const version = await object.latest();
      if (version !== undefined && (options.deleted || !version.about.deleted))
        yield { kind: "object", key, folder: object, version };
    } else if (options.recursive) {
      const passed = options.after !== "" && compareKeys(key, options.after) <= 0 && !options.after.startsWith(key);
      if (!passed) yield* walkFolder(at, key, options);
    } else {
      if (options.after !== "" && compareKeys(key, options.after) <= 0) continue;
      const within = walkFolder(at, key, { ...options, prefix: key, recursive: true, after: "" });
      const { done } = await within.next();
      await within.return(undefined);
      if (done !== true) yield { kind: "prefix", key };
    }
  }
}

/** The order in which S3 lists: by the bytes of UTF-8, which is not that of JavaScript's strings. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

async function entriesOf(folder: string): Promise<Entry[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
  const entries: { order: Buffer; entry: Entry }[] = [];
  for (const name of names) {
    const entry = await entryOf(folder, name);
    if (entry !== undefined)
      entries.push({ order: Buffer.from(entry.segment + (entry.kind === "prefix" ? "/" : "")), entry });
  }
  return entries.sort((a, b) => Buffer.compare(a.order, b.order)).map(({ entry }) => entry);
}
