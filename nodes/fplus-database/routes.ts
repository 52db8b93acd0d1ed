import type { NodeAPI } from "node-red";
import {
  type Database,
  describeSchema,
  explainStatement,
  openDatabase,
  parameterNames,
  productOf,
  type Row,
  type SlowStatement,
} from "../../lib/database/index.ts";
import { FplusError, messageOf } from "../../lib/errors/index.ts";
import type { Lease } from "../../lib/plant/index.ts";
import { borrowed } from "../frame/borrowed.ts";
import { plantOf } from "../frame/plant.ts";
import { serviceOf } from "../frame/service.ts";
import { substituteAll } from "../frame/substitute.ts";
import type { DatabaseService } from "./service.ts";
import { type DatabaseConfig, databaseOptions } from "./settings.ts";

const TRY_ROWS = 20;
const SLOWEST = 10;
const TRY_MS = 10_000;
/** Characters of a value that a dialog shows. */
const SHOWN = 200;

interface DialogValues extends DatabaseConfig {
  readonly id?: string;
  /** Left out where the stored one was not retyped. */
  readonly password?: string;
}

interface Trial {
  readonly query?: unknown;
  readonly params?: unknown;
}

/** What the dialogs get to see of a statement. */
interface Tried {
  readonly text: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Parameters that have no value yet; nothing was run. */
  readonly needs: readonly string[];
}

/**
 * What the dialogs ask: `POST /fplus/database/test` tries the values of a database dialog, `GET /fplus/database/schema/:id`
 * lists tables and columns, `GET /fplus/database/slow/:id` the slowest statements with their plans, `POST /fplus/database/try/:id` shows the first rows of a statement. `plant` as an id is the plant's own.
 */
export function serveDatabaseRoutes(RED: NodeAPI): void {
  const mayRead = RED.auth.needsPermission("fplus-database.read");
  const mayWrite = RED.auth.needsPermission("fplus-database.write");
  const refuse = (response: { status(code: number): { json(body: object): void } }) => (error: unknown) =>
    response.status(409).json({ text: messageOf(error) });
  RED.httpAdmin.post("/fplus/database/test", mayWrite, (request, response) => {
    tryConnection(RED, request.body as DialogValues).then(
      (text) => response.json({ ok: true, text }),
      (error: unknown) => response.json({ ok: false, text: messageOf(error) }),
    );
  });
  RED.httpAdmin.get("/fplus/database/schema/:id", mayRead, (request, response) => {
    withDatabase(RED, String(request.params["id"]), describeSchema).then(
      (tables) => response.json(tables),
      refuse(response),
    );
  });
  RED.httpAdmin.get("/fplus/database/slow/:id", mayRead, (request, response) => {
    withDatabase(RED, String(request.params["id"]), slowStatements).then(
      (statements) => response.json(statements),
      refuse(response),
    );
  });
  RED.httpAdmin.post("/fplus/database/try/:id", mayWrite, (request, response) => {
    withDatabase(RED, String(request.params["id"]), (database) => tryStatement(database, request.body as Trial)).then(
      (tried) => response.json(tried),
      refuse(response),
    );
  });
}

/** The ten slowest, each with its plan or why there is none. */
async function slowStatements(database: Database): Promise<readonly (SlowStatement & { readonly plan: string })[]> {
  const statements: (SlowStatement & { readonly plan: string })[] = [];
  for (const statement of database.slowStatements().slice(0, SLOWEST))
    statements.push({ ...statement, plan: await explainStatement(database, statement.sql).catch(messageOf) });
  return statements;
}

async function withDatabase<T>(RED: NodeAPI, id: string, work: (database: Database) => Promise<T>): Promise<T> {
  const lease: Lease<Database> =
    id === "plant" ? plantOf(RED).database() : serviceOf<DatabaseService>(RED, id, "database").lease();
  return await borrowed(lease, work);
}

async function tryConnection(RED: NodeAPI, values: DialogValues): Promise<string> {
  const stored = values.id === undefined ? {} : ((RED.nodes.getCredentials(values.id) ?? {}) as Record<string, string>);
  const config = substituteAll(values, (name) => process.env[name]);
  const options = databaseOptions(config, config.password ?? stored["password"], plantOf(RED).stateDir);
  if (options.engine === "embedded") return "The embedded database starts when a node first uses it.";
  const database = openDatabase({ ...options, connections: 1, acquireMs: 8000, statementMs: 8000 });
  try {
    const product = await productOf(database);
    const { rows } = await database.query(
      "SELECT count(*) AS tables FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    );
    return `Connected: ${product}, ${String(rows[0]!["tables"])} tables.`;
  } finally {
    await database.close();
  }
}

/** Runs a statement so that it cannot change anything, and reads no further than what is shown. */
async function tryStatement(database: Database, { query, params }: Trial): Promise<Tried> {
  if (typeof query !== "string" || query.trim() === "") {
    throw new FplusError("database.query", "there is no statement", { field: "query", hint: "Write one first." });
  }
  const given = typeof params === "object" && params !== null ? (params as Record<string, unknown>) : {};
  const names = parameterNames(query);
  const needs = names.filter((name) => !Object.hasOwn(given, name));
  if (needs.length > 0) return { text: "Give the parameters a value.", columns: [], rows: [], needs };
  const isPositional = names.every((name) => /^\d+$/.test(name));
  const parameters = isPositional ? names.map((_, i) => given[String(i + 1)]) : given;
  const began = performance.now();
  const rows = await firstRows(database, query, parameters);
  const took = Math.max(1, Math.round(performance.now() - began));
  const columns = Object.keys(rows[0] ?? {});
  const more =
    rows.length > TRY_ROWS ? `The first ${TRY_ROWS} rows` : rows.length === 1 ? "1 row" : `${rows.length} rows`;
  const shown = rows.slice(0, TRY_ROWS).map((row) => columns.map((column) => shownValue(row[column])));
  return { text: `${more}, ${took} ms.`, columns, rows: shown, needs: [] };
}

async function firstRows(
  database: Database,
  query: string,
  parameters: readonly unknown[] | Record<string, unknown>,
): Promise<readonly Row[]> {
  const transaction = await database.begin({ readOnly: true });
  try {
    const options = { batchRows: TRY_ROWS + 1, timeoutMs: TRY_MS };
    for await (const rows of transaction.stream(query, parameters, options)) return rows;
    return [];
  } catch (error) {
    if (error instanceof FplusError && error.status === "25006") {
      throw new FplusError("database.query", "a trial must not change anything, and this statement would", {
        hint: "Deploy the node and send it a message to run it.",
        cause: error,
      });
    }
    throw error;
  } finally {
    await transaction.rollback();
  }
}

function shownValue(value: unknown): string {
  const text =
    value === null
      ? "null"
      : value instanceof Date
        ? value.toISOString()
        : typeof value === "object"
          ? JSON.stringify(value)
          : String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
