import type { Database } from "../../lib/database/index.ts";
import type { Lease, StoreSource } from "../../lib/plant/index.ts";
import type { NodeContext, StatusState } from "../frame/index.ts";
import { amount } from "../frame/index.ts";

/** What an `fplus-database` config node offers. */
export type DatabaseService = StoreSource<Database>;

/** The database that a node names, or the plant's where it names none. */
export function databaseOf(node: NodeContext<{ readonly database: string }>): Lease<Database> {
  const { database } = node.config;
  return database ? node.service<DatabaseService>(database, "database").lease() : node.plant.database();
}

/** The state of a database's pool in the words of a status, where there is something to say. */
export function poolTrouble(database: Database): [StatusState, string] | undefined {
  const { status, detail, gauges } = database.health();
  if (status === "down") return ["down", detail];
  const waiting = gauges["waiting"] ?? 0;
  return waiting > 0 ? ["warning", `${amount(waiting)} wait for a connection`] : undefined;
}
