import { FplusError } from "../errors/index.ts";
import { type DumpedSchema, type DumpedTable, plainTexts, readSchema } from "./schema.ts";
import type { SqlSession } from "./types.ts";

/** A database on its way, in this order: its schema once, then for each table its rows and what proves them. */
export type DumpPart =
  | { readonly kind: "schema"; readonly schema: DumpedSchema }
  /** Each row is a JSON array of texts and nulls, in the order of the table's columns; every table has at least one such part. */
  | { readonly kind: "rows"; readonly table: string; readonly rows: readonly string[] }
  | { readonly kind: "end"; readonly table: string; readonly count: number; readonly digest: string };

/** One table that is done. */
export interface LoadedTable {
  /** Quoted where needed, with its schema. */
  readonly table: string;
  readonly rows: number;
}

/** What loading did. */
export interface LoadReport {
  readonly tables: readonly LoadedTable[];
  /** What the source could not tell, to be made by hand. */
  readonly left: readonly string[];
}

/** How to load. */
export interface LoadOptions {
  /** Drops everything of the users' in the database first; without it a table that is there already is refused. */
  readonly replace?: boolean;
  readonly onTable?: (loaded: LoadedTable) => void;
  readonly onRows?: (table: string, rows: number) => void;
}

const SLOW = { timeoutMs: 0 };
const BATCH_ROWS = 1000;
/** About as many bytes of rows are held at once. */
const BATCH_BYTES = 4 * 1024 * 1024;
/** Somebody else's transaction on a table that is to go ends the load, not the other way round. */
const LOCK_SECONDS = 10;

/** Reads a database in a transaction of the caller's, which says as of which moment: repeatable read, read only. */
export async function* dumpDatabase(session: SqlSession): AsyncGenerator<DumpPart, void> {
  await plainTexts(session);
  const schema = await readSchema(session);
  yield { kind: "schema", schema };
  for (const { table, columns } of schema.tables) {
    let count = 0;
    yield { kind: "rows", table, rows: [] };
    if (columns.length > 0) {
      const texts = columns.map((column) => `${column}::text`).join(", ");
      const read = `SELECT array_to_json(ARRAY[${texts}])::text AS row FROM ONLY ${table}`;
      const batchRows = await rowsAtOnce(session, table);
      for await (const batch of session.stream(read, [], { ...SLOW, batchRows })) {
        count += batch.length;
        yield { kind: "rows", table, rows: batch.map(({ row }) => String(row)) };
      }
    }
    yield { kind: "end", table, count, digest: await digest(session, table) };
  }
}

/**
 * Makes a database of a dump, in a transaction of the caller's: it sees all of it, or nothing. Rows are compared by a digest.
 * @throws FplusError `database.engine` naming a table that is there already or whose rows differ; `database.busy` where one is in use
 */
export async function loadDatabase(
  session: SqlSession,
  dump: AsyncIterable<DumpPart>,
  { replace = false, onTable, onRows }: LoadOptions = {},
): Promise<LoadReport> {
  const loaded: LoadedTable[] = [];
  let schema: DumpedSchema | undefined;
  let written = 0;
  await plainTexts(session);
  for await (const part of dump) {
    if (part.kind === "schema") {
      schema = part.schema;
      await (replace ? dropAll(session) : refuseExisting(session, schema.tables));
      await runAll(session, schema.before);
      continue;
    }
    const table = schema?.tables.find(({ table: name }) => name === part.table);
    if (table === undefined) throw new FplusError("database.engine", `the dump has rows of no table: ${part.table}`);
    if (part.kind === "rows") {
      await writeRows(session, table, part.rows);
      written += part.rows.length;
      onRows?.(part.table, written);
      continue;
    }
    if ((await digest(session, part.table)) !== part.digest) throw rowsDiffer(part.table);
    loaded.push({ table: part.table, rows: written });
    onTable?.({ table: part.table, rows: written });
    written = 0;
  }
  if (schema === undefined || loaded.length < schema.tables.length) {
    throw new FplusError("database.engine", "the dump ends before its last table");
  }
  await runAll(session, schema.after);
  return { tables: loaded, left: schema.left };
}

/** Number of rows and a digest of all of them, in no order. */
export async function digest(session: SqlSession, table: string): Promise<string> {
  const { rows } = await session.query(
    `SELECT count(*)::text || ' ' || coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text AS digest FROM ONLY ${table} t`,
    [],
    SLOW,
  );
  return String(rows[0]?.["digest"]);
}

/** Few rows of a table with pictures in it, many of a table of numbers. */
async function rowsAtOnce(session: SqlSession, table: string): Promise<number> {
  const { rows } = await session.query(
    `SELECT pg_table_size($1::text::regclass)::float8 / greatest(1, (SELECT count(*) FROM ONLY ${table})) AS width`,
    [table],
    SLOW,
  );
  const width = Number(rows[0]?.["width"]);
  return Math.max(1, Math.min(BATCH_ROWS, Math.floor(BATCH_BYTES / Math.max(1, width))));
}

/** Rows travel as PostgreSQL's own text, so that every type arrives as it was. */
async function writeRows(
  session: SqlSession,
  { table, columns, types }: DumpedTable,
  rows: readonly string[],
): Promise<void> {
  if (rows.length === 0 || columns.length === 0) return;
  const values = types.map((type, i) => `(r ->> ${i})::${type}`).join(", ");
  const sql = `INSERT INTO ${table} (${columns.join(", ")}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM jsonb_array_elements($1::jsonb) AS r`;
  await session.query(sql, [`[${rows.join(",")}]`], SLOW);
}

/**
 * Runs statements in their order. One that needs another that comes later (a function of a table's type, a view that was replaced by
 * one over a newer view) waits until that is there.
 */
async function runAll(session: SqlSession, statements: readonly string[]): Promise<void> {
  let waiting = statements;
  while (waiting.length > 0) {
    const failed: string[] = [];
    let reason: unknown;
    for (const sql of waiting) {
      await session.query("SAVEPOINT statement");
      try {
        await session.query(sql, [], SLOW);
        await session.query("RELEASE SAVEPOINT statement");
      } catch (error) {
        await session.query("ROLLBACK TO SAVEPOINT statement");
        reason ??= error;
        failed.push(sql);
      }
    }
    if (failed.length === waiting.length) throw reason;
    waiting = failed;
  }
}

async function refuseExisting(session: SqlSession, tables: readonly DumpedTable[]): Promise<void> {
  const names = JSON.stringify(tables.map(({ table }) => table));
  const { rows } = await session.query(
    "SELECT name FROM jsonb_array_elements_text($1::jsonb) AS name WHERE to_regclass(name) IS NOT NULL LIMIT 1",
    [names],
  );
  const there = rows[0]?.["name"];
  if (there === undefined) return;
  throw new FplusError("database.engine", `${String(there)} is in the target already`, {
    field: String(there),
    hint: "Take an empty database, or have what is there replaced.",
  });
}

/** What users made goes; schemas, extensions and grants on them stay. */
const DROPS = `SELECT turn, sql FROM (
  SELECT 1 AS turn, 'DROP ROUTINE IF EXISTS ' || p.oid::regprocedure::text || ' CASCADE' AS sql, n.nspname, 'pg_proc'::regclass AS class, p.oid
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  UNION ALL SELECT 2, 'DROP ' || CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
      WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END || ' IF EXISTS ' || c.oid::regclass::text || ' CASCADE', n.nspname, 'pg_class'::regclass, c.oid
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      OR c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_class'::regclass AND i.objid = c.oid AND i.deptype = 'i')
  UNION ALL SELECT 3, 'DROP TYPE IF EXISTS ' || t.oid::regtype::text || ' CASCADE', n.nspname, 'pg_type'::regclass, t.oid
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c'
) o WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.class AND e.objid = o.oid AND e.deptype = 'e') ORDER BY turn`;

async function dropAll(session: SqlSession): Promise<void> {
  await session.query(`SET LOCAL lock_timeout = '${LOCK_SECONDS}s'`);
  const { rows } = await session.query(DROPS, [], SLOW);
  try {
    for (const { sql } of rows) await session.query(String(sql), [], SLOW);
  } catch (error) {
    if (!(error instanceof FplusError) || error.status !== "55P03") throw error;
    throw new FplusError("database.busy", `a table has been in use for ${LOCK_SECONDS} s`, {
      cause: error,
      hint: "Stop what uses the database, first of all Node-RED, and try again.",
    });
  }
  await session.query("SET LOCAL lock_timeout = DEFAULT");
}

function rowsDiffer(table: string): FplusError {
  return new FplusError("database.engine", `the rows of ${table} differ after the copy`, {
    field: table,
    hint: "Nothing was written. Check that both servers have the same extensions and encoding.",
  });
}
