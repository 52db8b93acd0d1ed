import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { FplusError } from "../../../errors/index.ts";
import type { NewEntry, ReadEntry } from "../archive/archive.ts";

/** Where Node-RED and the plant keep their files. */
export interface NodeRedPlace {
  /** Node-RED's user directory. */
  readonly userDir: string;
  /** The file of the flows within it; default `flows.json`. */
  readonly flowFile?: string;
  /** The plant's folder: its certificates are there. */
  readonly stateDir: string;
}

/** What may hold keys in plain text goes into encrypted archives only. */
const SECRET_FILES = [".config.runtime.json", "settings.js", "admin.json"];
const CERTIFICATES = "pki";
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/**
 * Flows, credentials (encrypted, as Node-RED keeps them) and the list of packages; in an encrypted archive the key of the credentials,
 * the settings and the OPC UA certificates too.
 */
export async function* nodeRedEntries(
  place: NodeRedPlace,
  encrypted: boolean,
  left: string[],
): AsyncGenerator<NewEntry, void> {
  const { userDir, flowFile = "flows.json", stateDir } = place;
  if (path.dirname(flowFile) !== ".") left.push(`flows outside of the user directory: ${flowFile}`);
  if ((await statOf(path.join(userDir, "projects"))) !== undefined) left.push("Node-RED projects: they are in Git");
  const { name, ext } = path.parse(flowFile);
  for (const file of [`${name}${ext}`, `${name}_cred${ext}`, "package.json"]) yield* fileEntry("user", userDir, file);
  if (!encrypted) {
    left.push("the key of Node-RED's credentials, settings and certificates: only an encrypted archive holds them");
    return;
  }
  for (const file of SECRET_FILES) yield* fileEntry("user", userDir, file);
  for (const file of await filesUnder(stateDir, CERTIFICATES)) yield* fileEntry("plant", stateDir, file);
}

/** A file that an archive brings, beside its place until `swapIn`. */
export interface StagedFile {
  readonly staged: string;
  readonly target: string;
}

/** Writes a file of an archive beside its place. @throws FplusError `backup.damaged` where it would lie elsewhere */
export async function stageFile(entry: ReadEntry, place: NodeRedPlace): Promise<StagedFile> {
  const { root, path: file } = entry.meta as { root?: unknown; path?: unknown };
  const folder = root === "user" ? place.userDir : root === "plant" ? place.stateDir : undefined;
  const parts = typeof file === "string" ? file.split("/") : [];
  if (
    folder === undefined ||
    parts.length === 0 ||
    parts.some((part) => part === "" || part === "." || part === ".." || /[\\:\0]/.test(part))
  ) {
    throw new FplusError("backup.damaged", `the archive has a file without a place: ${entry.name}`);
  }
  const target = path.join(folder, ...parts);
  const staged = `${target}.restoring`;
  await mkdir(path.dirname(target), { recursive: true });
  const handle = await open(staged, "w", 0o600);
  try {
    for await (const chunk of entry.content) await handle.write(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { staged, target };
}

/** Puts staged files in their places; what was there is kept beside them. @returns the copies that were kept */
export async function swapIn(files: readonly StagedFile[], now: number): Promise<string[]> {
  const kept: string[] = [];
  for (const { staged, target } of files) {
    const old = await statOf(target);
    if (old === undefined || old.isDirectory() || !(await sameFile(target, staged))) {
      if (old !== undefined) {
        const copy = `${target}.before-${new Date(now).toISOString().replaceAll(":", "-").slice(0, 19)}`;
        await rename(target, copy);
        kept.push(copy);
      }
      await rename(staged, target);
    } else await rm(staged, { force: true });
  }
  return kept;
}

/** Takes staged files away again. */
export async function dropStaged(files: readonly StagedFile[]): Promise<void> {
  for (const { staged } of files) await rm(staged, { force: true });
}

async function* fileEntry(root: "user" | "plant", folder: string, file: string): AsyncGenerator<NewEntry, void> {
  const full = path.join(folder, file);
  const found = await statOf(full);
  if (found === undefined || !found.isFile()) return;
  if (found.size > MAX_FILE_BYTES)
    throw new FplusError("backup.format", `${full} is larger than 256 MB`, { field: full });
  const where = file.split(path.sep).join("/");
  yield { name: `${root}/${where}`, kind: "file", meta: { root, path: where }, content: [await readFile(full)] };
}

async function filesUnder(folder: string, name: string): Promise<string[]> {
  const entries = await readdir(path.join(folder, name), { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(path.relative(folder, entry.parentPath), entry.name))
    .sort();
}

async function sameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([readFile(a), readFile(b)]);
  return one.equals(other);
}

async function statOf(file: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  return await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
}
