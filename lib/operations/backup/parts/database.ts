import { dumpDatabase, type DumpedSchema, type DumpPart, type SqlSession } from "../../../database/index.ts";
import { FplusError } from "../../../errors/index.ts";
import type { NewEntry, ReadEntry } from "../archive/archive.ts";
import type { EntryCursor } from "../cursor.ts";

/** The database as entries, read as it is at one moment: its schema, then a file of rows a table, each ending with what proves it. */
export async function* databaseEntries(
  session: SqlSession,
  left: string[],
  onRows: (rows: number) => void,
): AsyncGenerator<NewEntry, void> {
  const dump = dumpDatabase(session);
  for (let next = await dump.next(); next.done !== true; next = await dump.next()) {
    const part = next.value;
    if (part.kind === "schema") {
      left.push(...part.schema.left);
      yield { name: "database/schema.json", kind: "schema", meta: {}, content: [JSON.stringify(part.schema)] };
    } else if (part.kind === "rows") {
      const { table } = part;
      yield { name: `database/${table}.rows`, kind: "rows", meta: { table }, content: rowsOf(dump, onRows) };
    }
  }
}

/** Reads on to the end of the table. */
async function* rowsOf(
  dump: AsyncGenerator<DumpPart, void>,
  onRows: (rows: number) => void,
): AsyncGenerator<string, void> {
  for (;;) {
    const next = await dump.next();
    if (next.done === true || next.value.kind === "schema") return;
    if (next.value.kind === "end") {
      const { count, digest } = next.value;
      yield `${JSON.stringify({ count, digest })}\n`;
      return;
    }
    if (next.value.rows.length === 0) continue;
    onRows(next.value.rows.length);
    yield `${next.value.rows.join("\n")}\n`;
  }
}

/** The entries of the database as a dump. */
export async function* dumpOf(cursor: EntryCursor): AsyncGenerator<DumpPart, void> {
  for (
    let entry = await cursor.take("schema", "rows");
    entry !== undefined;
    entry = await cursor.take("schema", "rows")
  ) {
    if (entry.kind === "schema") yield { kind: "schema", schema: await schemaOf(entry) };
    else yield* rowsPart(entry);
  }
}

const MAX_SCHEMA_BYTES = 64 * 1024 * 1024;
/** Longest line of a table: PostgreSQL's own limit of a value is 1 GB, that of a text here half of it. */
const MAX_LINE_BYTES = 512 * 1024 * 1024;

async function schemaOf({ content }: ReadEntry): Promise<DumpedSchema> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of content) {
    chunks.push(chunk);
    if ((size += chunk.length) > MAX_SCHEMA_BYTES) throw damaged("the schema is too long");
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as DumpedSchema;
}

async function* rowsPart({ content, meta }: ReadEntry): AsyncGenerator<DumpPart, void> {
  const table = String(meta["table"]);
  let rest: Buffer[] = [];
  let size = 0;
  let ended = false;
  yield { kind: "rows", table, rows: [] };
  for await (const chunk of content) {
    const last = chunk.lastIndexOf(10);
    if (last < 0) {
      rest.push(chunk);
      if ((size += chunk.length) > MAX_LINE_BYTES) throw damaged(`a row of ${table} is too long`);
      continue;
    }
    const rows = Buffer.concat([...rest, chunk.subarray(0, last)])
      .toString("utf8")
      .split("\n");
    rest = [chunk.subarray(last + 1)];
    size = chunk.length - last - 1;
    const end =
      rows.at(-1)?.startsWith("{") === true
        ? (JSON.parse(rows.pop()!) as { count: number; digest: string })
        : undefined;
    if (rows.length > 0) yield { kind: "rows", table, rows };
    if (end !== undefined) yield { kind: "end", table, ...end };
    ended ||= end !== undefined;
  }
  if (!ended) throw damaged(`${table} has no end`);
}

function damaged(what: string): FplusError {
  return new FplusError("backup.damaged", `the archive is damaged: ${what}`);
}
