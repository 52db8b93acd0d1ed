import path from "node:path";
import type { DatabaseOptions, TlsMode } from "../../lib/database/index.ts";
import { FplusError } from "../../lib/errors/index.ts";

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
    connections: numberOf("connections", config.connections || 10, 1, 1000),
    statementMs: numberOf("timeout", config.timeout === "" ? 30 : (config.timeout ?? 30), 0, 86_400) * 1000,
    transactionMs: numberOf("transaction", config.transaction || 30, 1, 86_400) * 1000,
  };
  if (config.engine !== "postgres") {
    return { ...limits, engine: "embedded", directory: path.resolve(stateDir, config.folder || "database") };
  }
  return {
    ...limits,
    engine: "postgres",
    host: config.host,
    port: numberOf("port", config.port || 5432, 1, 65_535),
    database: config.databaseName,
    user: config.user,
    tls: config.tls || "auto",
    ...(password ? { password } : {}),
    ...(config.ca ? { ca: config.ca } : {}),
  };
}

function numberOf(field: string, value: unknown, least: number, most: number): number {
  const number = Number(value);
  if (number >= least && number <= most) return number;
  throw new FplusError("config.invalid", `${String(value)} is out of range`, {
    field,
    hint: `Use ${least} to ${most.toLocaleString("en")}.`,
  });
}
