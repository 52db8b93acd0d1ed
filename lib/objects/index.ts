/**
 * The object store port: files, images, archives and backups in buckets, in a folder of its own or on any S3 server.
 * @module
 */
export { bufferOf } from "./content.ts";
export { typeOfName } from "./content-type.ts";
export { everyObject } from "./every-object.ts";
export { openObjects } from "./open.ts";
export type { EmbeddedObjectsOptions, ObjectsOptions, S3Options } from "./options.ts";
export { serveLink } from "./serve.ts";
export { type AccessKey, holdersOf } from "./server/access.ts";
export { ObjectServer, type ObjectServerOptions } from "./server/server.ts";
export { ObjectStore } from "./store.ts";
export { transferObjects, type TransferOptions, type TransferProgress, type TransferReport } from "./transfer.ts";
export type {
  ByteRange,
  ExpiryRule,
  LinkOptions,
  ListedObject,
  ListOptions,
  ObjectBody,
  ObjectContent,
  ObjectInfo,
  ObjectName,
  ObjectPage,
  ObjectVersion,
  PutOptions,
} from "./types.ts";
