import { literal } from "./quoting.ts";
import type { SqlSession } from "./types.ts";

/** A table's name and the columns that rows bring along. */
export interface DumpedTable {
  /** Quoted, with its schema. */
  readonly table: string;
  /** Quoted; without those that are computed. */
  readonly columns: readonly string[];
  /** Types of those columns, as SQL writes them. */
  readonly types: readonly string[];
}

/** A schema as statements, and the tables whose rows go with it. It is plain data, which JSON can hold. */
export interface DumpedSchema {
  /** Before the rows: schemas, extensions, types, functions, sequences, tables. */
  readonly before: readonly string[];
  readonly tables: readonly DumpedTable[];
  /** After the rows: keys, checks, indexes, references, views, triggers, comments, and where counters stand. */
  readonly after: readonly string[];
  /** What is in the database and cannot be told here, to be made by hand. */
  readonly left: readonly string[];
}

const SLOW = { timeoutMs: 0 };

/** Schemas of users, and objects that no extension brought. */
const USERS = "n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'";
const own = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;

const COLUMNS = `SELECT c.oid::regclass::text AS "table", quote_ident(a.attname) AS name, a.attgenerated <> '' AS generated,
  format_type(a.atttypid, a.atttypmod) AS type,
  quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
  || CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation::text ELSE '' END
  || CASE WHEN a.attgenerated = 's' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'
     WHEN a.attgenerated <> '' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') VIRTUAL'
     WHEN a.attidentity <> '' THEN ' GENERATED ' || CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END || ' AS IDENTITY (SEQUENCE NAME '
       || s.seqrelid::regclass::text || format(' START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s', s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache)
       || CASE WHEN s.seqcycle THEN ' CYCLE)' ELSE ')' END
     WHEN d.adbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) ELSE '' END
  || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END AS definition
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN pg_depend i ON i.refclassid = 'pg_class'::regclass AND i.refobjid = c.oid AND i.refobjsubid = a.attnum AND i.deptype = 'i' AND a.attidentity <> ''
    AND i.classid = 'pg_class'::regclass
  LEFT JOIN pg_sequence s ON s.seqrelid = i.objid
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND ${USERS} AND ${own("pg_class", "c.oid")}
ORDER BY c.oid, a.attnum`;

const TABLES = `SELECT c.oid::bigint AS oid, c.oid::regclass::text AS "table", c.relkind = 'p' AS partitioned, c.relpersistence = 'u' AS unlogged,
  CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_by,
  CASE WHEN c.relispartition THEN (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid) END AS parent,
  pg_get_expr(c.relpartbound, c.oid) AS bound
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND ${USERS} AND ${own("pg_class", "c.oid")} ORDER BY c.oid`;

const SCHEMAS = `SELECT 'CREATE SCHEMA IF NOT EXISTS ' || quote_ident(nspname) AS sql FROM pg_namespace n WHERE ${USERS} AND ${own("pg_namespace", "n.oid")}
UNION ALL SELECT 'CREATE EXTENSION IF NOT EXISTS ' || quote_ident(x.extname) || ' WITH SCHEMA ' || quote_ident(n.nspname)
FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname <> 'plpgsql' ORDER BY 1 DESC`;

/** Types, functions and sequences, each with the number that says when it was made. */
const OBJECTS = `SELECT t.oid::bigint AS oid, 'CREATE TYPE ' || t.oid::regtype::text || ' AS ENUM ('
  || (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid) || ')' AS sql
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e' AND ${USERS} AND ${own("pg_type", "t.oid")}
UNION ALL SELECT t.oid::bigint, 'CREATE DOMAIN ' || t.oid::regtype::text || ' AS ' || format_type(t.typbasetype, t.typtypmod)
  || coalesce(' DEFAULT ' || t.typdefault, '') || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
  || coalesce((SELECT string_agg(' CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(k.oid), '' ORDER BY conname)
     FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'), '')
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'd' AND ${USERS} AND ${own("pg_type", "t.oid")}
UNION ALL SELECT t.oid::bigint, 'CREATE TYPE ' || t.oid::regtype::text || ' AS ('
  || (SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute
      WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) || ')'
FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE c.relkind = 'c' AND ${USERS} AND ${own("pg_type", "t.oid")}
UNION ALL SELECT p.oid::bigint, pg_get_functiondef(p.oid)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prokind IN ('f', 'p', 'w') AND ${USERS} AND ${own("pg_proc", "p.oid")}
UNION ALL SELECT c.oid::bigint, format('CREATE SEQUENCE %s AS %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s', c.oid::regclass, format_type(s.seqtypid, NULL),
    s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache) || CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE ${USERS} AND ${own("pg_class", "c.oid")} AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_class'::regclass AND i.objid = c.oid AND i.deptype = 'i')
ORDER BY 1`;

/** In the order in which they must run. What a partition has from its parent comes with it. */
const AFTER = `SELECT CASE contype WHEN 'p' THEN 1 WHEN 'u' THEN 1 WHEN 'f' THEN 4 ELSE 2 END AS turn, k.oid::bigint AS oid,
  'ALTER TABLE ' || CASE WHEN contype = 'f' OR c.relkind = 'p' THEN '' ELSE 'ONLY ' END || c.oid::regclass::text || ' ADD CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(k.oid) AS sql
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE contype IN ('p', 'u', 'c', 'f', 'x') AND k.conparentid = 0 AND k.coninhcount = 0 AND ${USERS} AND ${own("pg_class", "c.oid")}
UNION ALL SELECT CASE c.relkind WHEN 'm' THEN 6 ELSE 3 END, i.indexrelid::bigint,
  regexp_replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND conrelid = i.indrelid)
  AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = i.indexrelid) AND ${USERS} AND c.relkind IN ('r', 'p', 'm') AND ${own("pg_class", "c.oid")}
UNION ALL SELECT 5, c.oid::bigint, CASE c.relkind WHEN 'v' THEN 'CREATE VIEW ' ELSE 'CREATE MATERIALIZED VIEW ' END || c.oid::regclass::text || ' AS '
  || rtrim(pg_get_viewdef(c.oid), ';') || CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN ' WITH NO DATA' ELSE '' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND ${USERS} AND ${own("pg_class", "c.oid")}
UNION ALL SELECT 7, g.oid::bigint, pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND ${USERS}
UNION ALL SELECT 8, c.oid::bigint, format('ALTER SEQUENCE %s OWNED BY %s.%I', c.oid::regclass, o.refobjid::regclass, a.attname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.deptype = 'a'
  AND o.refclassid = 'pg_class'::regclass JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
WHERE c.relkind = 'S' AND ${USERS} AND ${own("pg_class", "c.oid")}
UNION ALL SELECT 9, d.objoid::bigint, 'COMMENT ON ' || CASE WHEN d.objsubid > 0 THEN 'COLUMN ' WHEN c.relkind = 'v' THEN 'VIEW ' WHEN c.relkind = 'm' THEN 'MATERIALIZED VIEW ' ELSE 'TABLE ' END
  || c.oid::regclass::text || coalesce('.' || quote_ident(a.attname), '') || ' IS ' || quote_literal(d.description)
FROM pg_description d JOIN pg_class c ON c.oid = d.objoid JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0
WHERE d.classoid = 'pg_class'::regclass AND c.relkind IN ('r', 'p', 'v', 'm') AND ${USERS} AND ${own("pg_class", "c.oid")}
ORDER BY 1, 2`;

const SEQUENCES = `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND ${USERS} AND ${own("pg_class", "c.oid")} ORDER BY c.oid`;

const LEFT = `SELECT 'policy ' || quote_ident(p.polname) || ' on ' || p.polrelid::regclass::text AS what FROM pg_policy p
UNION ALL SELECT 'rule ' || quote_ident(r.rulename) || ' on ' || r.ev_class::regclass::text FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.rulename <> '_RETURN' AND ${USERS}
UNION ALL SELECT 'event trigger ' || quote_ident(evtname) FROM pg_event_trigger v WHERE ${own("pg_event_trigger", "v.oid")}
UNION ALL SELECT 'foreign table ' || c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'f' AND ${USERS}
UNION ALL SELECT 'aggregate ' || p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prokind = 'a' AND ${USERS} AND ${own("pg_proc", "p.oid")}
UNION ALL SELECT 'range type ' || t.oid::regtype::text FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE t.typtype = 'r' AND ${USERS} AND ${own("pg_type", "t.oid")}
UNION ALL SELECT 'inheritance of ' || c.oid::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE c.relkind = 'r' AND NOT c.relispartition
UNION ALL SELECT 'large objects: ' || count(*) FROM pg_largeobject_metadata HAVING count(*) > 0
ORDER BY 1`;

/** Values and names as text that any session reads alike, with schemas in all names; for the rest of the transaction. */
export async function plainTexts(session: SqlSession): Promise<void> {
  await session.query(`SELECT set_config(name, value, true) FROM (VALUES ('search_path', ''), ('datestyle', 'ISO, YMD'), ('intervalstyle', 'postgres'),
    ('timezone', 'UTC'), ('bytea_output', 'hex'), ('extra_float_digits', '1'), ('check_function_bodies', 'off')) AS s (name, value)`);
}

/** The whole schema of a database as its users made it, without roles and grants. The session must have `plainTexts`. */
export async function readSchema(session: SqlSession): Promise<DumpedSchema> {
  const ask = async (sql: string): Promise<readonly Record<string, unknown>[]> =>
    (await session.query(sql, [], SLOW)).rows;
  const columns = Map.groupBy(await ask(COLUMNS), ({ table }) => String(table));
  const tables = await ask(TABLES);
  const made = tables.map((row) => ({
    oid: Number(row["oid"]),
    sql: tableStatement(row, columns.get(String(row["table"])) ?? []),
  }));
  const objects = [...(await ask(OBJECTS)).map(({ oid, sql }) => ({ oid: Number(oid), sql: String(sql) })), ...made];
  const counters: string[] = [];
  for (const { name } of await ask(SEQUENCES)) {
    const [state] = await ask(`SELECT last_value::text AS at, is_called FROM ${String(name)}`);
    counters.push(`SELECT setval(${literal(String(name))}, ${String(state?.["at"])}, ${String(state?.["is_called"])})`);
  }
  return {
    before: [
      ...(await ask(SCHEMAS)).map(({ sql }) => String(sql)),
      ...objects.sort((a, b) => a.oid - b.oid).map(({ sql }) => sql),
    ],
    tables: tables
      .filter(({ partitioned }) => partitioned !== true)
      .map(({ table }) => {
        const stored = (columns.get(String(table)) ?? []).filter(({ generated }) => generated !== true);
        return {
          table: String(table),
          columns: stored.map(({ name }) => String(name)),
          types: stored.map(({ type }) => String(type)),
        };
      }),
    after: [...(await ask(AFTER)).map(({ sql }) => String(sql)), ...counters],
    left: (await ask(LEFT)).map(({ what }) => String(what)),
  };
}

function tableStatement(row: Record<string, unknown>, columns: readonly Record<string, unknown>[]): string {
  const { table, partition_by: key, parent, bound, unlogged } = row;
  const kind = unlogged === true ? "UNLOGGED TABLE" : "TABLE";
  const divided = typeof key === "string" ? ` PARTITION BY ${key}` : "";
  if (typeof parent === "string")
    return `CREATE ${kind} ${String(table)} PARTITION OF ${parent} ${String(bound)}${divided}`;
  return `CREATE ${kind} ${String(table)} (${columns.map(({ definition }) => String(definition)).join(", ")})${divided}`;
}
