import type { Database } from "../../database/index.ts";
import { FplusError } from "../../errors/index.ts";

/** Advisory lock of backups: "fpbk" as a number. */
const LOCK = 0x66_70_62_6b;

/** Databases that this process backs up or restores now. */
const held = new WeakSet<Database>();

/**
 * Does something that no other backup or restore of the database may do at once, in this process or another one.
 * @throws FplusError `backup.busy` where another one is at it
 */
export async function alone<T>(database: Database | undefined, work: () => Promise<T>): Promise<T> {
  if (database === undefined) return await work();
  if (held.has(database)) throw busy();
  held.add(database);
  try {
    // Of an embedded database one process has the folder; PGlite could not spare the connection.
    if (database.kind === "embedded") return await work();
    const lock = await database.begin();
    try {
      const { rows } = await lock.query("SELECT pg_try_advisory_xact_lock($1) AS held", [LOCK]);
      if (rows[0]?.["held"] !== true) throw busy();
      return await work();
    } finally {
      await lock.rollback();
    }
  } finally {
    held.delete(database);
  }
}

function busy(): FplusError {
  return new FplusError("backup.busy", "another backup or restore of this database is running", {
    hint: "Wait until it is done.",
  });
}
