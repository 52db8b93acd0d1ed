/**
 * The database port: PostgreSQL, embedded or a server, behind one small face.
 * @module
 */
export { copyDatabase } from "./copy.ts";
export {
  dumpDatabase,
  type DumpPart,
  loadDatabase,
  type LoadedTable,
  type LoadOptions,
  type LoadReport,
} from "./dump.ts";
export { migrate } from "./migrations/migrate.ts";
export { plantSchema } from "./migrations/plant-schema.ts";
export type { Migration, MigrationReport, Step } from "./migrations/types.ts";
export { openDatabase } from "./open.ts";
export type {
  DatabaseLimits,
  DatabaseOptions,
  EmbeddedDatabaseOptions,
  ServerDatabaseOptions,
  TlsMode,
} from "./options.ts";
export { parameterNames } from "./parameters.ts";
export { productOf } from "./product.ts";
export { optionsOfUrl } from "./server.ts";
export type { DumpedSchema, DumpedTable } from "./schema.ts";
export { describeSchema, type SchemaColumn, type SchemaTable } from "./catalog.ts";
export { type TableColumn, TableRows } from "./table-rows.ts";
export type { SlowStatement } from "./slow-statements.ts";
export { explainStatement } from "./explain.ts";
export { TransactionTable } from "./transactions.ts";
export type { Database } from "./database.ts";
export type {
  Listener,
  Notification,
  Parameters,
  QueryResult,
  Row,
  SqlSession,
  StatementOptions,
  StreamOptions,
  Transaction,
  TransactionOptions,
} from "./types.ts";
