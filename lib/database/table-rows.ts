import { FplusError } from "../errors/index.ts";
import type { Database } from "./database.ts";
import { literal, quoted } from "./quoting.ts";
import type { Listener, Row } from "./types.ts";

/** A column of a table, as SQL writes its type. */
export interface TableColumn {
  readonly name: string;
  readonly type: string;
}

const MAX_CHANNEL_BYTES = 63;
/** Rows that are read at once. */
const BATCH_ROWS = 500;

/** Sends the key of every row that is inserted, updated or deleted; nothing where the whole table was emptied. */
const FUNCTION = `CREATE OR REPLACE FUNCTION fplus_tell_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    PERFORM pg_notify(TG_ARGV[0], '');
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    PERFORM pg_notify(TG_ARGV[0], to_jsonb(OLD) ->> TG_ARGV[1]);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM pg_notify(TG_ARGV[0], to_jsonb(NEW) ->> TG_ARGV[1]);
  END IF;
  RETURN NULL;
END $$`;

const COLUMNS = `SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type FROM pg_attribute a
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;

/** A table whose rows are read whole or by their keys, and that tells of its changes. */
export class TableRows {
  readonly #database: Database;
  readonly #table: string;
  readonly #key: string;
  /** Where its changes are told: `NOTIFY` with a row's key, or with nothing where all rows went at once. */
  readonly channel: string;

  /**
   * @param table its name, with its schema before a dot where that is not the usual one
   * @param key the column that names a row; an index on it makes reading by keys fast
   * @throws FplusError `database.query` naming the field
   */
  constructor(database: Database, table: string, key: string) {
    const parts = table.split(".");
    if (parts.length > 2 || parts.some((part) => part.trim() === "")) {
      const hint = "Write the table's name, or schema.table.";
      throw new FplusError("database.query", `not a table: ${table}`, { field: "table", hint });
    }
    this.#database = database;
    this.#table = parts.map((part) => quoted(part.trim())).join(".");
    this.#key = key;
    this.channel = `fplus_rows_${parts.at(-1)!}_${key}`;
    if (Buffer.byteLength(this.channel) > MAX_CHANNEL_BYTES)
      throw new FplusError("database.query", "the names of table and key are too long to be listened to", {
        field: "table",
      });
  }

  /** The columns. @throws FplusError `database.query` where there is no such table, or no such key in it */
  async columns(): Promise<TableColumn[]> {
    const { rows } = await this.#database.query(COLUMNS, [this.#table]);
    if (rows.length === 0)
      throw new FplusError("database.query", `there is no table ${this.#table}`, { field: "table" });
    const columns = rows.map(({ name, type }) => ({ name: String(name), type: String(type) }));
    if (!columns.some(({ name }) => name === this.#key)) {
      const hint = "Name the column that tells the rows apart.";
      throw new FplusError("database.query", `${this.#table} has no column ${this.#key}`, { field: "key", hint });
    }
    return columns;
  }

  /** All rows as they are at one moment, some hundred at a time. */
  all(columns: readonly string[]): AsyncGenerator<readonly Row[]> {
    return this.#database.stream(this.#select(columns), [], { batchRows: BATCH_ROWS });
  }

  /** The rows with these keys, as `NOTIFY` gives them; those that are not there are left out. */
  async some(columns: readonly TableColumn[], keys: readonly string[]): Promise<readonly Row[]> {
    const type = columns.find(({ name }) => name === this.#key)?.type ?? "text";
    const names = columns.map(({ name }) => name);
    // The keys take the column's type, so that its index serves them.
    const sql = `${this.#select(names)} WHERE ${quoted(this.#key)} = ANY($1::text[]::${type}[])`;
    return (await this.#database.query(sql, [keys])).rows;
  }

  /**
   * Listens to changes; makes the triggers that tell of them where they are missing.
   * @returns what ends the listening; the triggers stay
   * @throws FplusError `database.query` where the user may not make them
   */
  async follow(listener: Listener): Promise<() => Promise<void>> {
    const found = await this.#database.query(
      "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass($1) AND tgname = ANY($2)",
      [this.#table, [this.channel, `${this.channel}_all`].map((name) => name.slice(0, MAX_CHANNEL_BYTES))],
    );
    if (found.rows.length < 2) await this.#makeTriggers();
    return await this.#database.listen([this.channel], listener);
  }

  async #makeTriggers(): Promise<void> {
    const tells = `EXECUTE FUNCTION fplus_tell_row(${literal(this.channel)}, ${literal(this.#key)})`;
    await this.#database.transaction(async (session) => {
      // Of several that follow a table at once, one makes them.
      await session.query("SELECT pg_advisory_xact_lock(hashtext('fplus_tell_row'))");
      await session.query(FUNCTION);
      for (const [name, when] of [
        [this.channel, "INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW"],
        [`${this.channel}_all`.slice(0, MAX_CHANNEL_BYTES), "TRUNCATE ON {table} FOR EACH STATEMENT"],
      ] as const) {
        await session.query(`DROP TRIGGER IF EXISTS ${quoted(name)} ON ${this.#table}`);
        await session.query(`CREATE TRIGGER ${quoted(name)} AFTER ${when.replace("{table}", this.#table)} ${tells}`);
      }
    });
  }

  #select(columns: readonly string[]): string {
    return `SELECT ${columns.map(quoted).join(", ")} FROM ${this.#table}`;
  }
}
