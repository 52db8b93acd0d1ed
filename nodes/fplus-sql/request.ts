import type { Parameters, StatementOptions, TransactionOptions } from "../../lib/database/index.ts";
import { FplusError } from "../../lib/errors/index.ts";
import { type Message, numberOf } from "../frame/index.ts";

/** The properties of the dialog. */
export interface SqlConfig {
  readonly name: string;
  readonly database: string;
  readonly action: "query" | "begin" | "commit" | "rollback" | "tables";
  /** SQL; blank = that of `msg.query`. */
  readonly query: string;
  /** Property of the message with the parameters. */
  readonly params: string;
  readonly output: "rows" | "batches" | "row";
  readonly batchRows: string | number;
  /** When the next batch is read: at once, or when a message asks for it. */
  readonly pace: "free" | "asked";
  /** Seconds; blank = the database's. */
  readonly timeout: string | number;
  readonly isolation: "" | NonNullable<TransactionOptions["isolation"]>;
}

/** A statement as a message asks for it. */
export interface SqlRequest {
  readonly sql: string;
  readonly parameters: Parameters;
  readonly options: StatementOptions;
}

/**
 * The statement of a message: the dialog's, or `msg.query` where the dialog has none.
 * @throws FplusError `database.query` naming the field
 */
export function requestOf(config: SqlConfig, msg: Message, given: unknown, signal: AbortSignal): SqlRequest {
  const sql = config.query.trim() === "" ? msg["query"] : config.query;
  if (typeof sql !== "string" || sql.trim() === "") {
    throw new FplusError("database.query", "there is no statement", {
      field: "query",
      hint: "Write one in the node, or send it in msg.query.",
    });
  }
  const timeoutMs = timeoutOf(config);
  return {
    sql,
    parameters: parametersOf(given, config.params || "params"),
    options: { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
  };
}

/**
 * How long a statement may run; undefined = as long as the database says.
 * @throws FplusError `config.invalid`
 */
export function timeoutOf(config: SqlConfig): number | undefined {
  if (config.timeout === "" || config.timeout === undefined) return undefined;
  return numberOf(config, "timeout", { usual: 0, least: 0 }) * 1000;
}

/**
 * How many rows a message of a stream has.
 * @throws FplusError `config.invalid`
 */
export function batchRowsOf(config: SqlConfig): number {
  return config.output === "rows" ? 1 : numberOf(config, "batchRows", { usual: 500, least: 1, most: 100_000 });
}

/** The id of the transaction that a message is in. */
export function transactionOf(msg: Message): string | undefined {
  const id = msg["transaction"];
  return typeof id === "string" ? id : undefined;
}

/**
 * The version of the tables that a message asks for; undefined = the newest.
 * @throws FplusError `database.query`
 */
export function versionOf(msg: Message): number | undefined {
  const version = msg["schemaVersion"];
  if (version === undefined || typeof version === "number") return version;
  throw new FplusError("database.query", "msg.schemaVersion is no number", {
    field: "schemaVersion",
    hint: "Leave it out for the newest, or give 0 to take the tables away.",
  });
}

function parametersOf(given: unknown, property: string): Parameters {
  if (given === undefined || given === null) return [];
  if (Array.isArray(given)) return given;
  if (typeof given === "object") return given as Record<string, unknown>;
  throw new FplusError("database.query", `msg.${property} is no list and no object`, {
    field: property,
    hint: "Send an array for $1, $2 …, or an object for :name.",
  });
}
