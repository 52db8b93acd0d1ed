import path from "node:path";
import type { HealthBoard } from "../health/index.ts";
import { type ObjectsOptions, type ObjectStore, openObjects } from "../objects/index.ts";
import type { LeaseTable } from "./lease.ts";
import { storeSource, type StoreSource } from "./source.ts";

/** The store of those options, shared by all who name the same folder or server. */
export function objectsSource(
  leases: LeaseTable,
  board: HealthBoard,
  options: ObjectsOptions,
): StoreSource<ObjectStore> {
  const fingerprint = options.engine === "embedded" ? (options.encryptionKey ?? "") : JSON.stringify(options);
  return storeSource(leases, board, keyOf(options), () => openObjects(options), fingerprint);
}

/** The store of that folder or server that is open in this process, where there is one: a folder is for one store only. */
export function openedObjects(leases: LeaseTable, options: ObjectsOptions): ObjectStore | undefined {
  return leases.find(keyOf(options)) as ObjectStore | undefined;
}

function keyOf(options: ObjectsOptions): string {
  return `objects ${options.engine === "embedded" ? options.directory : options.url}`;
}

/**
 * Where a plant keeps objects when nobody chose: in its folder, or on the S3 server that the environment names.
 * @param linkBase address under which this process serves links
 */
export function defaultObjects(stateDir: string, linkBase: string, env: NodeJS.ProcessEnv): ObjectsOptions {
  const url = env["FPLUS_S3_URL"];
  if (!url) {
    const encryptionKey = env["FPLUS_OBJECTS_KEY"];
    const directory = path.join(stateDir, "objects");
    return {
      engine: "embedded",
      directory,
      linkBase: `${linkBase}/plant`,
      ...(encryptionKey ? { encryptionKey } : {}),
    };
  }
  const region = env["FPLUS_S3_REGION"];
  return {
    engine: "s3",
    url,
    accessKey: env["FPLUS_S3_ACCESS_KEY"] ?? "",
    secretKey: env["FPLUS_S3_SECRET_KEY"] ?? "",
    ...(region ? { region } : {}),
  };
}
