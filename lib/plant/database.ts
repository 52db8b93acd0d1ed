import path from "node:path";
import { type Database, type DatabaseOptions, openDatabase, optionsOfUrl } from "../database/index.ts";
import type { HealthBoard } from "../health/index.ts";
import type { LeaseTable } from "./lease.ts";
import { storeSource, type StoreSource } from "./source.ts";

/** The embedded database, or the PostgreSQL that the environment names. */
export function defaultDatabase(stateDir: string, env: NodeJS.ProcessEnv): DatabaseOptions {
  const url = env["FPLUS_DATABASE_URL"];
  if (url) return optionsOfUrl(url, "FPLUS_DATABASE_URL");
  return { engine: "embedded", directory: path.join(stateDir, "database") };
}

/**
 * A database that nodes share; those who name the same folder share one. `id` tells servers apart.
 * @throws FplusError `config.invalid`
 */
export function databaseSource(
  leases: LeaseTable,
  board: HealthBoard,
  options: DatabaseOptions,
  id: string,
): StoreSource<Database> {
  const key = options.engine === "embedded" ? options.directory : id;
  // Only what decides how a connection is made: a new name is no reason to drop all connections.
  const { name: _name, ...settings } = options;
  const fingerprint = options.engine === "embedded" ? "" : JSON.stringify(settings);
  return storeSource(leases, board, `database ${key}`, () => openDatabase(options), fingerprint);
}
