import { FplusError } from "../../lib/errors/index.ts";
import type { ListedObject, ObjectStore } from "../../lib/objects/index.ts";
import type { Message } from "../frame/index.ts";
import type { ObjectsConfig } from "./request.ts";

/** One message holds no more objects than this. */
const ARRAY_OBJECTS = 100_000;

/** What of a bucket is listed. */
export interface Listing {
  readonly bucket: string;
  readonly prefix: string;
  readonly recursive: boolean;
}

/** Lists page by page and sends as the node is set; tells how many objects there were. */
export async function sendList(
  store: ObjectStore,
  { bucket, prefix, recursive }: Listing,
  listAs: ObjectsConfig["listAs"],
  msg: Message,
  send: (message: Message) => void,
): Promise<number> {
  const all: ListedObject[] = [];
  const folders: string[] = [];
  const { _msgid: id } = msg as { _msgid?: string };
  let count = 0;
  let cursor: string | undefined;
  for (let page = 0; ; page++) {
    const found = await store.list(bucket, { prefix, recursive, ...(cursor === undefined ? {} : { cursor }) });
    cursor = found.cursor;
    const last = cursor === undefined;
    if (listAs === "pages")
      send({ ...msg, payload: found.objects, folders: found.prefixes, page, complete: last } as Message);
    else if (listAs === "objects") {
      for (const [i, object] of found.objects.entries()) {
        const end = last && i === found.objects.length - 1 ? { count: count + i + 1 } : {};
        send({
          ...msg,
          payload: object,
          key: object.key,
          bucket,
          parts: { id, type: "array", index: count + i, ...end },
        } as Message);
      }
    } else {
      all.push(...found.objects);
      folders.push(...found.prefixes);
      if (all.length > ARRAY_OBJECTS) {
        throw new FplusError("objects.request", `there are more than ${ARRAY_OBJECTS} objects`, {
          field: "listAs",
          hint: "Have a message a page, or list one folder.",
        });
      }
    }
    count += found.objects.length;
    if (last) break;
  }
  if (listAs === "array") send({ ...msg, payload: all, folders } as unknown as Message);
  return count;
}
