/** One step of a schema, and the way back. Once released it is never changed: its checksum is kept in the database. */
export interface Migration {
  /** Place in the order, from 1. */
  readonly version: number;
  readonly name: string;
  /** Statements in order. */
  readonly up: readonly Step[];
  readonly down: readonly string[];
}

/** A statement; one that makes a table is passed over where that table exists already, made by somebody's own script. */
export type Step = string | { readonly table: string; readonly sql: string };

/** Where a schema stands. */
export interface MigrationReport {
  /** Version before and after. */
  readonly from: number;
  readonly to: number;
  /** Tables that were there already and were taken over. */
  readonly adopted: readonly string[];
}
