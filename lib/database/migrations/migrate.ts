import { createHash } from "node:crypto";
import { FplusError, toFplusError } from "../../errors/index.ts";
import type { Database } from "../database.ts";
import type { SqlSession } from "../types.ts";
import type { Migration, MigrationReport } from "./types.ts";

/** Advisory lock that instances take one after another: "fplus" as a number. */
const LOCK = 0x66_70_6c_75;

const LEDGER = `CREATE TABLE IF NOT EXISTS fplus_migrations (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL,
  applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
)`;

/**
 * Brings a schema to a version (default the newest), up or down, in one transaction: all steps or none.
 * Instances that start at once wait for each other.
 * @throws FplusError `database.migration` naming the migration that failed, that was changed, or that is not known here
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  target = migrations.length,
): Promise<MigrationReport> {
  checkOrder(migrations, target);
  return await database.transaction(async (session) => {
    await session.query("SELECT pg_advisory_xact_lock($1)", [LOCK], { timeoutMs: 0 });
    await session.query(LEDGER);
    const from = await checkLedger(session, migrations);
    const adopted: string[] = [];
    for (const migration of migrations.slice(from, target)) {
      await run(migration, async () => {
        for (const step of migration.up) await apply(session, step, adopted);
        await session.query("INSERT INTO fplus_migrations (version, name, checksum) VALUES ($1, $2, $3)", [
          migration.version,
          migration.name,
          checksum(migration),
        ]);
      });
    }
    for (const migration of migrations.slice(target, from).toReversed()) {
      await run(migration, async () => {
        for (const sql of migration.down) await session.query(sql, [], { timeoutMs: 0 });
        await session.query("DELETE FROM fplus_migrations WHERE version = $1", [migration.version]);
      });
    }
    return { from, to: target, adopted };
  });
}

async function apply(session: SqlSession, step: Migration["up"][number], adopted: string[]): Promise<void> {
  if (typeof step !== "string") {
    const { rows } = await session.query("SELECT to_regclass($1) IS NOT NULL AS exists", [step.table]);
    if (rows[0]?.["exists"] === true) {
      adopted.push(step.table);
      return;
    }
  }
  await session.query(typeof step === "string" ? step : step.sql, [], { timeoutMs: 0 });
}

async function run({ version, name }: Migration, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { message, status, hint } = toFplusError("database.migration", error);
    throw new FplusError("database.migration", `migration ${version} (${name}) failed: ${message}`, {
      cause: error,
      field: name,
      ...(status === undefined ? {} : { status }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** The version that the database has; its ledger must tell the same story as the migrations here. */
async function checkLedger(session: SqlSession, migrations: readonly Migration[]): Promise<number> {
  const { rows } = await session.query("SELECT version, name, checksum FROM fplus_migrations ORDER BY version");
  rows.forEach(({ version, name, checksum: kept }, i) => {
    const known = migrations[i];
    if (known === undefined || version !== known.version) {
      throw new FplusError("database.migration", `the database has migration ${String(version)} (${String(name)})`, {
        field: String(name),
        hint: "It is of a newer version of this package: install that one, or restore the database's backup.",
      });
    }
    if (kept === checksum(known)) return;
    throw new FplusError("database.migration", `migration ${known.version} (${known.name}) was changed after it ran`, {
      field: known.name,
      hint: "Put its text back as it was, and write a new migration for the change.",
    });
  });
  return rows.length;
}

function checkOrder(migrations: readonly Migration[], target: number): void {
  const wrong = migrations.find(({ version }, i) => version !== i + 1);
  if (wrong !== undefined) {
    throw new FplusError("database.migration", `migration ${wrong.version} (${wrong.name}) is out of order`);
  }
  if (Number.isInteger(target) && target >= 0 && target <= migrations.length) return;
  throw new FplusError("database.migration", `there is no version ${target}`, {
    hint: `Use 0 to ${migrations.length}.`,
  });
}

function checksum({ up, down }: Migration): string {
  return createHash("sha256")
    .update(JSON.stringify([up, down]))
    .digest("hex");
}
