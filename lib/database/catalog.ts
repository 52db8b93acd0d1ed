import type { SqlSession } from "./types.ts";

/** A column as a person looks for it. */
export interface SchemaColumn {
  readonly name: string;
  /** As SQL writes it: `character varying(255)`, `timestamp without time zone`. */
  readonly type: string;
  readonly nullable: boolean;
  readonly key: boolean;
}

/** A table or a view. */
export interface SchemaTable {
  readonly schema: string;
  readonly name: string;
  readonly view: boolean;
  readonly columns: readonly SchemaColumn[];
}

const MAX_COLUMNS = 5000;

const COLUMNS = `SELECT n.nspname AS schema, c.relname AS name, c.relkind IN ('v', 'm') AS view, a.attname AS "column",
  format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable,
  EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)) AS key
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
ORDER BY n.nspname <> 'public', n.nspname, c.relname, a.attnum LIMIT ${MAX_COLUMNS}`;

/** Tables and views with their columns, those of the schema `public` first; 5,000 columns at most. */
export async function describeSchema(session: SqlSession): Promise<SchemaTable[]> {
  const { rows } = await session.query(COLUMNS, [], { timeoutMs: 10_000 });
  const tables = new Map<string, SchemaTable & { columns: SchemaColumn[] }>();
  for (const row of rows) {
    const { schema, name, view, column, type, nullable, key } = row as Record<string, string> &
      Record<"view" | "nullable" | "key", boolean>;
    const id = JSON.stringify([schema, name]);
    let table = tables.get(id);
    if (table === undefined) tables.set(id, (table = { schema: schema!, name: name!, view, columns: [] }));
    table.columns.push({ name: column!, type: type!, nullable, key });
  }
  return [...tables.values()];
}
