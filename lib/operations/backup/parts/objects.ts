import { FplusError } from "../../../errors/index.ts";
import { everyObject, type ObjectContent, type ObjectInfo, type ObjectStore } from "../../../objects/index.ts";
import type { NewEntry, ReadEntry } from "../archive/archive.ts";

/** All objects of some buckets as entries; one that is deleted meanwhile is passed over. Older versions stay behind. */
export async function* objectEntries(
  store: ObjectStore,
  buckets: readonly string[],
  left: string[],
): AsyncGenerator<NewEntry, void> {
  const known = await store.buckets();
  for (const bucket of buckets) {
    if (!known.includes(bucket)) {
      left.push(`bucket ${bucket}: there is none`);
      continue;
    }
    for await (const { key } of everyObject(store, bucket, { recursive: true })) {
      const found = await getIfThere(store, bucket, key);
      if (found === undefined) continue;
      const { contentType, metadata, size } = found.info;
      yield {
        name: `objects/${bucket}/${key}`,
        kind: "object",
        meta: { bucket, key, contentType, metadata, size },
        content: found.stream as AsyncIterable<Buffer>,
      };
    }
  }
}

/** Stores an object of an archive in the place of what has its name. @returns its bytes */
export async function restoreObject(store: ObjectStore, { meta, content }: ReadEntry): Promise<number> {
  const { bucket, key, ...options } = meta as Omit<ObjectInfo, "etag">;
  const { contentType, metadata, size } = options;
  await store.put(bucket, key, content, { contentType, metadata, size });
  return size;
}

async function getIfThere(store: ObjectStore, bucket: string, key: string): Promise<ObjectContent | undefined> {
  try {
    return await store.get({ bucket, key });
  } catch (error) {
    if (error instanceof FplusError && error.code === "objects.missing") return undefined;
    throw error;
  }
}
