import type { ClientConfig } from "pg";

/** What the pool needs to reach the database behind an engine. */
export interface Reachable {
  readonly config: ClientConfig;
  /** Connections that it can bear; PGlite has one session, so one connection. */
  readonly connections?: number;
  /** Whether a statement that runs can be cancelled over a second connection. */
  readonly cancels: boolean;
  /** Shown on the health page. */
  readonly detail: string;
}

/** What stands behind a database: a server elsewhere, or one that is started here. */
export interface Engine {
  readonly mode: "embedded" | "external";
  /**
   * Starts it where it does not run; safe to repeat, also when it has died meanwhile.
   * @throws FplusError `database.engine`
   */
  start(): Promise<Reachable>;
  stop(): Promise<void>;
}
