import type { ObjectStore } from "./store.ts";
import type { ListedObject, ListOptions } from "./types.ts";

/** All objects of a list, page by page. */
export async function* everyObject(
  store: ObjectStore,
  bucket: string,
  options: Omit<ListOptions, "cursor" | "limit">,
): AsyncGenerator<ListedObject> {
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await store.list(bucket, { ...options, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.objects;
    cursor = page.cursor;
  }
}
