import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

/**
 * How keys become folders that every file system takes and that cannot lead out of the store: `configs/line1.json` lies in
 * `configs/line1.json@/`. Capitals are `!` and the small letter, so that file systems which ignore case keep keys apart;
 * everything but small letters, digits, `-`, `_`, inner `.` and inner spaces is a percent code.
 */
const LONGEST = 200;
/** A name too long for a folder is its hash, with the name in this file inside. No key is encoded so. */
export const NAME_FILE = "#name";
const OBJECT = "@";
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/;

/** The folder of one part of a key. */
export function folderOf(segment: string, kind: "object" | "prefix"): string {
  const suffix = kind === "object" ? OBJECT : "";
  const encoded = encode(segment);
  if (encoded.length <= LONGEST) return encoded + suffix;
  return `#${createHash("sha256").update(segment).digest("hex").slice(0, 40)}${suffix}`;
}

/** The folder of an object, relative to its bucket. */
export function objectFolder(key: string): string {
  const segments = key.split("/");
  const last = segments.pop() ?? "";
  return path.join(...segments.map((segment) => folderOf(segment, "prefix")), folderOf(last, "object"));
}

/** Part of a key, as a folder of the store shows it. */
export interface Entry {
  readonly folder: string;
  readonly kind: "object" | "prefix";
  readonly segment: string;
}

/** What the folders in a folder of the store stand for; foreign ones are left out. */
export async function entriesOf(parent: string, folders: readonly string[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const folder of folders) {
    const kind = folder.endsWith(OBJECT) ? "object" : "prefix";
    const name = kind === "object" ? folder.slice(0, -OBJECT.length) : folder;
    const segment = name.startsWith("#")
      ? await readFile(path.join(parent, folder, NAME_FILE), "utf8").catch(() => undefined)
      : decode(name);
    if (segment !== undefined) entries.push({ folder, kind, segment });
  }
  return entries;
}

/** Writes the names of those folders on the way to an object that are hashes. */
export async function nameFolders(root: string, key: string): Promise<void> {
  const segments = key.split("/");
  let at = root;
  for (const [i, segment] of segments.entries()) {
    const folder = folderOf(segment, i === segments.length - 1 ? "object" : "prefix");
    at = path.join(at, folder);
    if (folder.startsWith("#")) await writeFile(path.join(at, NAME_FILE), segment, { flush: true });
  }
}

function encode(segment: string): string {
  let encoded = "";
  for (const character of segment) {
    if (/[a-z0-9_-]/.test(character)) encoded += character;
    else if (/[A-Z]/.test(character)) encoded += `!${character.toLowerCase()}`;
    else if ((character === "." || character === " ") && encoded !== "") encoded += character;
    else for (const byte of Buffer.from(character)) encoded += hex(byte);
  }
  // Windows drops dots and spaces at the end of a name, and keeps some names for devices.
  encoded = encoded.replace(/[. ]$/, (end) => hex(end.charCodeAt(0)));
  return RESERVED.test(encoded) ? hex(encoded.charCodeAt(0)) + encoded.slice(1) : encoded;
}

function hex(byte: number): string {
  return `%${byte.toString(16).padStart(2, "0")}`;
}

function decode(name: string): string | undefined {
  const plain = name.replaceAll(/!([a-z])/g, (_, letter: string) => letter.toUpperCase());
  try {
    const segment = decodeURIComponent(plain);
    return segment !== "" && folderOf(segment, "prefix") === name ? segment : undefined;
  } catch {
    return undefined;
  }
}
