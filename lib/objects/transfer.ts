import { createHash } from "node:crypto";
import { FplusError, messageOf } from "../errors/index.ts";
import { everyObject } from "./every-object.ts";
import type { ObjectStore } from "./store.ts";
import type { ObjectInfo } from "./types.ts";

/** How far a transfer is. */
export interface TransferProgress {
  readonly copied: number;
  /** Objects that the target had already, with the same checksum. */
  readonly present: number;
  readonly bytes: number;
}

/** What became of a transfer. */
export interface TransferReport extends TransferProgress {
  /** Objects that could not be copied, and why; the first 100. */
  readonly failed: readonly { readonly bucket: string; readonly key: string; readonly reason: string }[];
  /** All that could not be copied. */
  readonly failures: number;
}

/** Which objects to transfer. */
export interface TransferOptions {
  /** Left out = all buckets. */
  readonly bucket?: string;
  readonly prefix?: string;
  /** Reads every object back from the target and compares it, also those that were there; default false. */
  readonly readBack?: boolean;
  readonly onProgress?: (progress: TransferProgress) => void;
}

const MAX_REASONS = 100;

/**
 * Copies objects from one store to another and compares every one with its checksum, so that a store can be exchanged. What the target has already is
 * left alone, so a transfer that broke off goes on where it was. Older versions stay behind.
 * @throws FplusError when a whole store fails; a single object that fails is in the report
 */
export async function transferObjects(
  source: ObjectStore,
  target: ObjectStore,
  options: TransferOptions = {},
): Promise<TransferReport> {
  const buckets = options.bucket === undefined ? await source.buckets() : [options.bucket];
  const present = new Set(await target.buckets());
  const count = { copied: 0, present: 0, bytes: 0, failures: 0 };
  const failed: { bucket: string; key: string; reason: string }[] = [];
  for (const bucket of buckets) {
    for await (const { key } of everyObject(source, bucket, { prefix: options.prefix ?? "", recursive: true })) {
      try {
        const moved = await transferOne(source, target, bucket, key, present.has(bucket));
        if (options.readBack === true) await readBack(target, moved.info);
        count[moved.kind] += 1;
        count.bytes += moved.bytes;
        present.add(bucket);
      } catch (error) {
        if (error instanceof FplusError && error.code === "objects.unreachable") throw error;
        count.failures += 1;
        if (failed.length < MAX_REASONS) failed.push({ bucket, key, reason: messageOf(error) });
      }
      options.onProgress?.(count);
    }
  }
  return { ...count, failed };
}

async function transferOne(
  source: ObjectStore,
  target: ObjectStore,
  bucket: string,
  key: string,
  lookFirst: boolean,
): Promise<{ kind: "copied" | "present"; bytes: number; info: ObjectInfo }> {
  const info = await source.stat({ bucket, key });
  if (lookFirst && (await isSame(target, info))) return { kind: "present", bytes: 0, info };
  const { stream } = await source.get({ bucket, key });
  const { size, contentType, metadata, sha256 } = info;
  const stored = await target.put(bucket, key, stream, {
    size,
    contentType,
    metadata,
    ...(sha256 === undefined ? {} : { sha256 }),
  });
  if (stored.size !== size || (sha256 !== undefined && stored.sha256 !== sha256)) {
    throw new FplusError("objects.checksum", `${key} is not the same after it was copied`, { field: "key" });
  }
  return { kind: "copied", bytes: size, info };
}

/** The bytes as the target gives them, against the checksum that the source has for them. */
async function readBack(target: ObjectStore, { bucket, key, size, sha256 }: ObjectInfo): Promise<void> {
  const { stream } = await target.get({ bucket, key });
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  if (bytes === size && (sha256 === undefined || hash.digest("hex") === sha256)) return;
  throw new FplusError("objects.checksum", `${key} is not the same when it is read back`, { field: "key" });
}

async function isSame(target: ObjectStore, { bucket, key, size, sha256 }: ObjectInfo): Promise<boolean> {
  if (sha256 === undefined) return false;
  try {
    const there = await target.stat({ bucket, key });
    return there.size === size && there.sha256 === sha256;
  } catch (error) {
    if (error instanceof FplusError && error.code === "objects.missing") return false;
    throw error;
  }
}
