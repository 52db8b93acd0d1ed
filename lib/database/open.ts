import { EmbeddedEngine } from "./embedded/embedded-engine.ts";
import type { DatabaseOptions } from "./options.ts";
import { PgDatabase } from "./pg-database.ts";
import { ServerEngine } from "./server.ts";
import type { Database } from "./database.ts";

/**
 * Makes the database of those options. Nothing is loaded, started or connected before its first use.
 * @throws FplusError `config.invalid` naming the field of a server's options
 */
export function openDatabase(options: DatabaseOptions): Database {
  const engine = options.engine === "postgres" ? new ServerEngine(options) : new EmbeddedEngine(options);
  return new PgDatabase(engine, options);
}
