import { FplusError } from "../errors/index.ts";
import { parameterNames } from "./parameters.ts";
import type { Database } from "./database.ts";

/**
 * How the server would run a statement of `slowStatements`, whatever values its parameters have; nothing is run.
 * @throws FplusError `database.query` where it is not one statement that has a plan, or the server is older than PostgreSQL 16
 */
export async function explainStatement(database: Database, sql: string): Promise<string> {
  const transaction = await database.begin({ readOnly: true });
  try {
    const lines: string[] = [];
    const values = parameterNames(sql).map(() => null);
    // A stream takes one statement only: nothing can follow the one that is explained.
    for await (const rows of transaction.stream(`EXPLAIN (GENERIC_PLAN) ${sql}`, values))
      lines.push(...rows.map((row) => String(row["QUERY PLAN"])));
    return lines.join("\n");
  } catch (error) {
    if (error instanceof FplusError && /generic_plan/i.test(error.message)) {
      const hint = "Put EXPLAIN before the statement in an SQL node, with values.";
      throw new FplusError("database.query", "a plan without values needs PostgreSQL 16", { hint, cause: error });
    }
    throw error;
  } finally {
    await transaction.rollback();
  }
}
