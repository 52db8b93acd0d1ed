import type { ObjectStore } from "../../lib/objects/index.ts";
import type { Lease } from "../../lib/plant/index.ts";

/** What an `fplus-object-store` config node offers. */
export interface ObjectsService {
  /** It opens itself at its first use; release when done. */
  lease(): Lease<ObjectStore>;
}
