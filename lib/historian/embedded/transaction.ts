import type { DatabaseSync } from "node:sqlite";

/**
 * Does all of it, or nothing.
 * @throws what `work` throws, and the error of SQLite
 */
export function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec("begin immediate");
  try {
    work();
    database.exec("commit");
  } catch (error) {
    // After a full disk SQLite may have rolled back by itself.
    if (database.isTransaction) database.exec("rollback");
    throw error;
  }
}
