import type { Row } from "./types.ts";

/** Whatever runs one statement: a connection, a database, a transaction. */
interface Asked {
  query(sql: string): Promise<{ readonly rows: readonly Row[] }>;
}

const PRODUCT = `SELECT current_setting('server_version') AS version,
  (SELECT string_agg(extname, ', ' ORDER BY extname) FROM pg_extension WHERE extname <> 'plpgsql') AS extensions`;

/** What answers, as people say it: "PostgreSQL 15.3 with pgcrypto, timescaledb". Errors as `query`. */
export async function productOf(asked: Asked): Promise<string> {
  const { version, extensions } = (await asked.query(PRODUCT)).rows[0]!;
  const beside = extensions === null ? "" : ` with ${String(extensions)}`;
  // Debian's versions name their package too: 15.3 (Debian 15.3-0+deb12u1).
  return `PostgreSQL ${String(version).split(" ")[0]}${beside}`;
}
