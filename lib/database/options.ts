/** What every database takes. */
export interface DatabaseLimits {
  /** Name for the health page; default `database`. */
  readonly name?: string;
  /** Connections at most; default 10. PGlite has one. */
  readonly connections?: number;
  /** Milliseconds that a caller waits for a connection; default 10,000. */
  readonly acquireMs?: number;
  /** Milliseconds after which a statement is cancelled, unless it brings its own; default 30,000, 0 = never. */
  readonly statementMs?: number;
  /** Milliseconds after which a transaction that spans calls is rolled back; default 30,000. */
  readonly transactionMs?: number;
}

/** The embedded database: a real PostgreSQL in a folder of the plant, or PGlite where that cannot run. */
export interface EmbeddedDatabaseOptions extends DatabaseLimits {
  readonly engine: "embedded";
  /** Absolute folder; made when missing. */
  readonly directory: string;
  /** Which of the two; `auto` (default) takes PostgreSQL where it runs, and what the folder holds where it holds something. */
  readonly program?: "auto" | "postgres" | "pglite";
}

/** How a connection is protected: `auto` = `off` on this machine and `verify` elsewhere; `encrypt` does not check who answers. */
export type TlsMode = "auto" | "verify" | "encrypt" | "off";

/** A PostgreSQL server. */
export interface ServerDatabaseOptions extends DatabaseLimits {
  readonly engine: "postgres";
  readonly host: string;
  /** Default 5432. */
  readonly port?: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  /** Default `auto`. */
  readonly tls?: TlsMode;
  /** Certificates of the authorities to trust, as PEM text; default those of Node.js. */
  readonly ca?: string;
}

/** Where relational data is kept. */
export type DatabaseOptions = EmbeddedDatabaseOptions | ServerDatabaseOptions;
