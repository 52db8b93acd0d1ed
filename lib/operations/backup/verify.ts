import { createHash } from "node:crypto";
import { FplusError } from "../../errors/index.ts";
import { readArchive } from "./archive/archive.ts";
import { type ArchiveHead, FORMAT } from "./archive/manifest.ts";
import type { BackupProgress, VerifyReport } from "./types.ts";

/**
 * Reads an archive whole and compares every checksum; nothing is restored.
 * @throws FplusError `backup.format`, `backup.key`, `backup.damaged`, and what the archive's stream throws
 */
export async function verifyArchive(
  archive: AsyncIterable<Buffer>,
  passphrase: string | undefined,
  onProgress?: (progress: BackupProgress) => void,
): Promise<VerifyReport> {
  const began = performance.now();
  const hash = createHash("sha256");
  let [size, entries, contentSize] = [0, 0, 0];
  let entry = "";
  let head: ArchiveHead | undefined;
  async function* measured(): AsyncGenerator<Buffer, void> {
    for await (const chunk of archive) {
      hash.update(chunk);
      size += chunk.length;
      onProgress?.({ doing: "verify", entry, entries, bytes: size });
      yield chunk;
    }
  }
  const reading = readArchive(measured(), { passphrase, onHead: (said) => (head = said) });
  for (;;) {
    const next = await reading.next();
    if (next.done === true) {
      const { id, plant, time, parts } = checkedHead(head);
      const { left } = next.value;
      const ms = performance.now() - began;
      return {
        id,
        plant,
        time,
        parts,
        encrypted: passphrase !== undefined,
        entries,
        size,
        contentSize,
        sha256: hash.digest("hex"),
        left,
        ms,
      };
    }
    entry = next.value.name;
    entries += 1;
    for await (const chunk of next.value.content) contentSize += chunk.length;
  }
}

/** @throws FplusError `backup.format` for content of a newer version */
export function checkedHead(head: ArchiveHead | undefined): ArchiveHead {
  if (head?.format === FORMAT) return head;
  throw new FplusError("backup.format", `the content has format ${String(head?.format)}, which is not known here`, {
    hint: "It was made by a newer version of this package: install that one.",
  });
}
