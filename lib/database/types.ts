/** One row, by column name. `bigint` and `numeric` are numbers where a double holds them exactly, else text; `timestamp` is a Date in UTC, `date` is text. */
export type Row = Record<string, unknown>;

/** What a statement gave. */
export interface QueryResult {
  readonly rows: readonly Row[];
  /** Rows given, or touched by INSERT, UPDATE, DELETE and MERGE. */
  readonly rowCount: number;
  /** What ran: `SELECT`, `INSERT`, `CREATE` … */
  readonly command: string;
  /** Column names in order. */
  readonly columns: readonly string[];
}

/** Values for `$1`, `$2` … in order, or for `:name` by name. */
export type Parameters = readonly unknown[] | Readonly<Record<string, unknown>>;

/** How long a statement may take, and what ends it earlier. */
export interface StatementOptions {
  /** Milliseconds until it is cancelled on the server; 0 = never; default that of the database. */
  readonly timeoutMs?: number;
  /** Cancels it on the server. */
  readonly signal?: AbortSignal;
}

/** How a large answer is read. */
export interface StreamOptions extends StatementOptions {
  /** Rows in a batch; default 500. */
  readonly batchRows?: number;
}

/** Where statements run: a database (each on any connection), or one transaction. */
export interface SqlSession {
  /**
   * Runs a statement; without parameters several, separated by `;`, of which the last one's answer is given.
   * @throws FplusError `database.query` (wrong SQL, missing parameter), `database.constraint`, `database.timeout`,
   *   `database.unreachable`, `database.refused`, `database.busy`; `status` is the SQLSTATE
   */
  query(sql: string, parameters?: Parameters, options?: StatementOptions): Promise<QueryResult>;
  /** Reads an answer of any size in batches, at the reader's pace. Leave the loop to stop it. Errors as `query`. */
  stream(sql: string, parameters?: Parameters, options?: StreamOptions): AsyncGenerator<readonly Row[], void>;
}

/** How a transaction sees others. */
export interface TransactionOptions {
  readonly isolation?: "read committed" | "repeatable read" | "serializable";
  readonly readOnly?: boolean;
}

/** An open transaction; it holds a connection until it ends. */
export interface Transaction extends SqlSession {
  /** @throws FplusError `database.transaction` where a statement had failed and all was rolled back, or it has ended before */
  commit(): Promise<void>;
  /** Safe to repeat. */
  rollback(): Promise<void>;
}

/** What NOTIFY brought. */
export interface Notification {
  readonly channel: string;
  readonly payload: string;
  /** Process id of the sender's connection. */
  readonly sender: number;
}

/** Who listens. */
export interface Listener {
  heard(notification: Notification): void;
  /** False when the connection is lost, true when the channels are listened to (again). What was sent between is gone. */
  listening?(up: boolean, error?: unknown): void;
}
