import type { NodeAPI } from "node-red";
import { messageOf } from "../../lib/errors/index.ts";
import type { ObjectStore } from "../../lib/objects/index.ts";
import type { ObjectsService } from "../fplus-object-store/service.ts";
import { borrowed, serviceOf } from "../frame/index.ts";
import { plantOf } from "../frame/plant.ts";

/** Objects and folders of one folder that a dialog lists. */
const MOST_LISTED = 500;

/** One folder of a bucket; without a bucket the buckets themselves. */
interface Listed {
  readonly buckets?: readonly string[];
  readonly folders?: readonly string[];
  readonly objects?: readonly { readonly key: string; readonly size: number }[];
  /** There is more than is listed. */
  readonly more?: boolean;
}

/** `GET /fplus/objects/browse/:id?bucket=&prefix=` lists a folder of a deployed store; `plant` as an id is the plant's own. */
export function serveBrowse(RED: NodeAPI): void {
  RED.httpAdmin.get(
    "/fplus/objects/browse/:id",
    RED.auth.needsPermission("fplus-objects.read"),
    (request, response) => {
      const { bucket = "", prefix = "" } = request.query as { readonly bucket?: unknown; readonly prefix?: unknown };
      listed(RED, String(request.params["id"]), String(bucket), String(prefix)).then(
        (answer) => response.json(answer),
        (error: unknown) => response.status(409).json({ text: messageOf(error) }),
      );
    },
  );
}

async function listed(RED: NodeAPI, id: string, bucket: string, prefix: string): Promise<Listed> {
  const lease = id === "plant" ? plantOf(RED).objects() : serviceOf<ObjectsService>(RED, id, "store").lease();
  return await borrowed(lease, async (store) =>
    bucket === "" ? { buckets: await store.buckets() } : await folderOf(store, bucket, prefix),
  );
}

async function folderOf(store: ObjectStore, bucket: string, prefix: string): Promise<Listed> {
  const { objects, prefixes, cursor } = await store.list(bucket, { prefix, limit: MOST_LISTED });
  return {
    folders: prefixes,
    objects: objects.map(({ key, size }) => ({ key, size })),
    more: cursor !== undefined,
  };
}
