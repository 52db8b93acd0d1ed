import { type Database, type Row, type TableColumn, TableRows } from "../../lib/database/index.ts";
import { FplusError, toFplusError } from "../../lib/errors/index.ts";
import type { Lease } from "../../lib/plant/index.ts";
import { RowIndexer, type SearchDocument, type SearchStore } from "../../lib/search/index.ts";
import type { DatabaseService } from "../fplus-database/service.ts";
import { amount, liveStatus, type NodeContext } from "../frame/index.ts";
import { documentsOf, listOf, type SearchConfig, settingsOf } from "./request.ts";

const RETRY_MS = 5000;
/** Columns, and attributes within JSON, that are in no index unless they are named in the dialog. */
const SECRET = /passw|secret|token|credential|private|_hash$|^hash$|api_?key/i;
/** What can be counted, compared and sorted by. */
const SCALAR = /^(text|character|"char"|uuid|boolean|smallint|integer|bigint|numeric|real|double|timestamp|date|time)/;

/** Keeps an index as a table of a database is: all its rows at first and after an outage, then each row as it changes. */
export class TableIndex {
  readonly #node: NodeContext<SearchConfig>;
  readonly #database: Lease<Database>;
  readonly #store: SearchStore;
  readonly #rows: TableRows;
  readonly #indexer: RowIndexer;
  readonly #stopStatus: () => void;
  readonly #started: Promise<void>;
  #columns: readonly TableColumn[] = [];
  #stopListening: (() => Promise<void>) | undefined;
  #retry: NodeJS.Timeout | undefined;
  #fault: FplusError | undefined;
  #told = "";
  #closed = false;

  /** @throws FplusError naming the field of the dialog */
  constructor(node: NodeContext<SearchConfig>, ready: Promise<void>, store: SearchStore) {
    const { config } = node;
    if (!config.table?.trim() || config.index === "") {
      const field = config.index === "" ? "index" : "table";
      throw new FplusError("config.missing", `no ${field} is given`, { field });
    }
    this.#node = node;
    this.#store = store;
    this.#database = config.database
      ? node.service<DatabaseService>(config.database, "database").lease()
      : node.plant.database();
    this.#rows = new TableRows(this.#database.value, config.table.trim(), config.idFrom || "id");
    this.#indexer = new RowIndexer(store, config.index, {
      all: () => this.#all(),
      some: async (ids) => this.#documents(await this.#rows.some(this.#columns, ids)),
    });
    this.#stopStatus = liveStatus(node, () => this.#status());
    this.#started = Promise.all([ready, this.#database.ready]).then(() => this.#start());
    this.#started.catch((error: unknown) => node.report(error));
  }

  /** Reads the whole table again. */
  refresh(): void {
    if (this.#stopListening !== undefined) this.#indexer.refresh();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#stopStatus();
    await this.#started.catch(() => undefined);
    await this.#stopListening?.();
    await this.#indexer.close();
    await this.#database.release();
  }

  /** Tried again until it works: the table may come later, and either store may be away. */
  async #start(): Promise<void> {
    if (this.#closed) return;
    try {
      const { config } = this.#node;
      this.#columns = chosen(await this.#rows.columns(), config);
      await this.#store.configure(config.index, settingsOf(config) ?? usualSettings(this.#columns));
      const stop = await this.#rows.follow({
        heard: ({ payload }) => (payload === "" ? this.#indexer.refresh() : this.#indexer.changed(payload)),
        // What changed while nobody listened is found by reading everything.
        listening: (up) => void (up && this.#indexer.refresh()),
      });
      this.#stopListening = stop;
      this.#fault = undefined;
    } catch (error) {
      this.#fault = toFplusError("search.io", error);
      if (!this.#closed) this.#retry = setTimeout(() => void this.#start(), RETRY_MS);
    }
  }

  async *#all(): AsyncGenerator<readonly SearchDocument[]> {
    for await (const rows of this.#rows.all(this.#columns.map(({ name }) => name))) yield this.#documents(rows);
  }

  #documents(rows: readonly Row[]): SearchDocument[] {
    const named = listOf(this.#node.config.columns ?? "").length > 0;
    return documentsOf(this.#node.config, named ? rows : rows.map(withoutSecrets));
  }

  #status(): ["up" | "warning" | "busy" | "idle", string] {
    const { indexed, waiting, reading, fault } = this.#indexer.stats();
    const trouble = this.#fault?.message ?? fault;
    if (trouble !== "" && trouble !== this.#told)
      this.#node.report(this.#fault ?? new FplusError("search.io", fault, { field: "table" }));
    this.#told = trouble;
    if (trouble !== "") return ["warning", trouble.replace(/^[\w.-]+: /, "")];
    if (reading || waiting > 0) return ["busy", reading ? "reading" : `${amount(waiting)} waiting`];
    return [this.#stopListening === undefined ? "idle" : "up", `${amount(indexed)} indexed`];
  }
}

/** The columns of the dialog, or all that can be shown; the key is always among them. */
function chosen(columns: readonly TableColumn[], config: SearchConfig): TableColumn[] {
  const key = config.idFrom || "id";
  const named = listOf(config.columns ?? "");
  const missing = named.find((name) => !columns.some((column) => column.name === name));
  if (missing !== undefined)
    throw new FplusError("database.query", `${config.table} has no column ${missing}`, { field: "columns" });
  return columns.filter(({ name, type }) => {
    if (name === key) return true;
    return named.length > 0 ? named.includes(name) : type !== "bytea" && !SECRET.test(name);
  });
}

/** Where the dialog says nothing: words are found in everything, and whatever can be compared filters and sorts. */
function usualSettings(columns: readonly TableColumn[]): { filterable: string[]; sortable: string[] } {
  const scalars = columns.filter(({ type }) => SCALAR.test(type)).map(({ name }) => name);
  return { filterable: scalars, sortable: scalars };
}

/** JSON without what its names call secret: a connection's password is nobody's to find. */
function withoutSecrets(row: Row): Row {
  return JSON.parse(JSON.stringify(row), (name, value: unknown) => (SECRET.test(name) ? undefined : value)) as Row;
}
