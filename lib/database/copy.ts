import { dumpDatabase, loadDatabase, type LoadedTable, type LoadReport } from "./dump.ts";
import type { Database } from "./database.ts";

/**
 * Copies a database into another: tables with keys, checks, references, indexes and the state of counters, types, functions, views and
 * triggers; it verifies each table by a digest of all rows. The source is read as it was at one moment; in the target all of it is there,
 * or nothing.
 * @throws FplusError `database.engine` when a table is in the target already or its rows differ afterwards
 */
export async function copyDatabase(
  from: Database,
  to: Database,
  onTable: (copied: LoadedTable) => void = () => undefined,
): Promise<LoadReport> {
  return await from.transaction(
    (source) => to.transaction((target) => loadDatabase(target, dumpDatabase(source), { onTable })),
    { isolation: "repeatable read", readOnly: true },
  );
}
