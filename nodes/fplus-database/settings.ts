import path from "node:path";
import type { DatabaseOptions, TlsMode } from "../../lib/database/index.ts";
import { FplusError } from "../../lib/errors/index.ts";
import { numberOf } from "../frame/index.ts";

/** The properties of the dialog. */
export interface DatabaseConfig {
  readonly name: string;
  readonly engine: "embedded" | "postgres";
  readonly folder: string;
  readonly host: string;
  readonly port: string | number;
  readonly databaseName: string;
  readonly user: string;
  readonly tls: TlsMode;
  /** PEM text of the authorities' certificates; blank = those of Node.js. */
  readonly ca: string;
  readonly connections: string | number;
  /** Seconds. */
  readonly timeout: string | number;
  /** Seconds. */
  readonly transaction: string | number;
}

/**
 * The options of a database as its dialog has them.
 * @throws FplusError `config.invalid` naming the field
 */
export function databaseOptions(
  config: DatabaseConfig,
  password: string | undefined,
  stateDir: string,
): DatabaseOptions {
  const limits = {
    ...(config.name ? { name: config.name } : {}),
    connections: numberOf(config, "connections", { usual: 10, least: 1, most: 1000 }),
    statementMs: numberOf(config, "timeout", { usual: 30, least: 0, most: 86_400 }) * 1000,
    transactionMs: numberOf(config, "transaction", { usual: 30, least: 1, most: 86_400 }) * 1000,
  };
  if (config.engine !== "postgres") {
    return { ...limits, engine: "embedded", directory: path.resolve(stateDir, config.folder || "database") };
  }
  if (!config.databaseName) {
    throw new FplusError("config.missing", "the database is not named", { field: "databaseName" });
  }
  return {
    ...limits,
    engine: "postgres",
    host: config.host,
    port: numberOf(config, "port", { usual: 5432, least: 1, most: 65_535 }),
    database: config.databaseName,
    user: config.user,
    tls: config.tls || "auto",
    ...(password ? { password } : {}),
    ...(config.ca ? { ca: config.ca } : {}),
  };
}
