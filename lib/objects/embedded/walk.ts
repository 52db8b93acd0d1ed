import { readdir } from "node:fs/promises";
import path from "node:path";
import { FplusError } from "../../errors/index.ts";
import { isAbsent } from "./files.ts";
import { entriesOf, type Entry, folderOf } from "./layout.ts";
import { ObjectFolder, type StoredVersion } from "./versions.ts";

/** Descriptions of objects that are read at a time. */
const READ_AHEAD = 64;
const SURROGATE = /[\ud800-\udfff]/;

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
  /** Told of objects whose description is damaged; they are passed over. */
  readonly damaged: (fault: FplusError) => void;
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
  const { prefix, after, recursive } = options;
  const entries = (await sortedEntries(folder)).map((entry) => ({ entry, key: base + nameIn(entry) }));
  const wanted = entries.filter(({ entry, key }) => {
    if (entry.kind === "object") return key.startsWith(prefix) && (after === "" || compareKeys(key, after) > 0);
    if (!key.startsWith(prefix) && !prefix.startsWith(key)) return false;
    // A folder in which the last page ended has more to name, unless the page ended with the folder itself.
    return after === "" || compareKeys(key, after) > 0 || (after.startsWith(key) && (recursive || after !== key));
  });
  for (let at = 0; at < wanted.length; at += READ_AHEAD) {
    const some = wanted.slice(at, at + READ_AHEAD);
    const read = await Promise.all(
      some.map(({ entry }) => objectAt(path.join(folder, entry.folder), entry.kind, options.damaged)),
    );
    for (const [i, { entry, key }] of some.entries()) {
      const object = read[i];
      if (object !== undefined) {
        if (options.deleted || !object.version.about.deleted) yield { kind: "object", key, ...object };
      } else if (entry.kind === "prefix") yield* walkPrefix(path.join(folder, entry.folder), key, options);
    }
  }
}

async function* walkPrefix(folder: string, key: string, options: WalkOptions): AsyncGenerator<Met> {
  if (options.recursive) yield* walkFolder(folder, key, options);
  else {
    const after = options.after.startsWith(key) ? options.after : "";
    const within = walkFolder(folder, key, { ...options, prefix: key, recursive: true, after });
    const { done } = await within.next();
    await within.return(undefined);
    if (done !== true) yield { kind: "prefix", key };
  }
}

async function objectAt(
  folder: string,
  kind: Entry["kind"],
  damaged: WalkOptions["damaged"],
): Promise<{ folder: ObjectFolder; version: StoredVersion } | undefined> {
  if (kind === "prefix") return undefined;
  const object = new ObjectFolder(folder);
  const version = await object.latest().catch((error: unknown) => {
    if (!(error instanceof FplusError)) throw error;
    damaged(error);
  });
  return version === undefined ? undefined : { folder: object, version };
}

/** The order in which S3 lists: by the bytes of UTF-8, which for some rare letters is not that of JavaScript's strings. */
export function compareKeys(a: string, b: string): number {
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function nameIn({ segment, kind }: Entry): string {
  return kind === "prefix" ? `${segment}/` : segment;
}

async function sortedEntries(folder: string): Promise<Entry[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
  const entries = await entriesOf(folder, names);
  return entries.sort((a, b) => compareKeys(nameIn(a), nameIn(b)));
}
