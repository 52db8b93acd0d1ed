import type { ObjectStore } from "../../lib/objects/index.ts";
import type { StoreSource } from "../../lib/plant/index.ts";

/** What an `fplus-object-store` config node offers. */
export type ObjectsService = StoreSource<ObjectStore>;
