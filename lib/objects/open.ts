import { EmbeddedEngine } from "./embedded/engine.ts";
import type { ObjectsOptions } from "./options.ts";
import { S3Engine } from "./s3/engine.ts";
import { ObjectStore } from "./store.ts";

/**
 * Makes the store of those options. Nothing is loaded, opened or connected before its first use.
 * @throws FplusError `config.invalid`, `config.missing` naming the field
 */
export function openObjects(options: ObjectsOptions): ObjectStore {
  const engine = options.engine === "embedded" ? new EmbeddedEngine(options) : new S3Engine(options);
  return new ObjectStore(engine, options.name);
}
