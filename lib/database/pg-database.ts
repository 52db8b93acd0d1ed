import type { ClientBase, ClientConfig, Pool, PoolClient } from "pg";
import { FplusError, messageOf } from "../errors/index.ts";
import type { PartHealth } from "../health/index.ts";
import type { Engine, Reachable } from "./engine.ts";
import { type Ear, Listeners } from "./listeners.ts";
import type { DatabaseLimits } from "./options.ts";
import { productOf } from "./product.ts";
import { isServerError, sqlError } from "./sql-error.ts";
import { type SlowStatement, SlowStatements } from "./slow-statements.ts";
import { runStatement, type StatementContext, streamStatement } from "./statement.ts";
import { beginStatement, OpenTransaction } from "./transaction.ts";
import { TransactionTable } from "./transactions.ts";
import type { Database } from "./database.ts";
import type {
  Listener,
  Parameters,
  QueryResult,
  Row,
  StatementOptions,
  StreamOptions,
  Transaction,
  TransactionOptions,
} from "./types.ts";
import { typeParsers } from "./values.ts";

/** Callers that may wait for a connection; more are refused at once. */
const MAX_WAITING = 1000;
const CONNECTIONS = 10;
const ACQUIRE_MS = 10_000;
const STATEMENT_MS = 30_000;
const TRANSACTION_MS = 30_000;

/** What lives while the database is open. */
interface Session {
  readonly pool: Pool;
  readonly reachable: Reachable;
  readonly config: ClientConfig;
  readonly context: StatementContext;
}

/** A PostgreSQL database over the driver `pg`: one pool of connections, whichever engine stands behind it. */
export class PgDatabase implements Database {
  readonly kind: "embedded" | "postgres";
  readonly transactions: TransactionTable;
  readonly #engine: Engine;
  readonly #limits: DatabaseLimits;
  readonly #listeners: Listeners;
  readonly #slow = new SlowStatements();
  readonly #counters = { queries: 0, rows: 0, errors: 0, cancelled: 0, transactions: 0, lost: 0 };
  #opening: Promise<Session> | undefined;
  #session: Session | undefined;
  #transactions = 0;
  /** What answered the newest connection; empty where it did not say. */
  #product = "";
  #fault = "";
  #closed = false;

  constructor(engine: Engine, limits: DatabaseLimits) {
    this.kind = engine.mode === "embedded" ? "embedded" : "postgres";
    this.#engine = engine;
    this.#limits = limits;
    this.#listeners = new Listeners(() => this.#ear());
    const { connections = CONNECTIONS, transactionMs = TRANSACTION_MS } = limits;
    // Some connections stay for statements outside of transactions.
    this.transactions = new TransactionTable(this, Math.max(1, connections - 2), transactionMs);
  }

  async open(): Promise<void> {
    const { client, release } = await this.#acquire();
    try {
      await client.query("SELECT 1");
      release(false);
    } catch (error) {
      release(true);
      throw this.#noted(sqlError(error));
    }
  }

  async query(sql: string, parameters?: Parameters, options: StatementOptions = {}): Promise<QueryResult> {
    const { client, context, release } = await this.#acquire();
    try {
      const result = await runStatement(client, context, sql, parameters, options);
      release(false);
      return result;
    } catch (error) {
      release(isBroken(error));
      throw this.#noted(sqlError(error, sql));
    }
  }

  async *stream(
    sql: string,
    parameters?: Parameters,
    options: StreamOptions = {},
  ): AsyncGenerator<readonly Row[], void> {
    const { client, context, release } = await this.#acquire();
    let broken = false;
    try {
      yield* streamStatement(client, context, sql, parameters, options);
    } catch (error) {
      broken = isBroken(error);
      throw this.#noted(sqlError(error, sql));
    } finally {
      release(broken);
    }
  }

  async begin(options: TransactionOptions = {}): Promise<Transaction> {
    const statement = beginStatement(options);
    const { client, context, release } = await this.#acquire();
    try {
      await client.query(statement);
    } catch (error) {
      release(true);
      throw this.#noted(sqlError(error, statement));
    }
    this.#counters.transactions += 1;
    this.#transactions += 1;
    return new OpenTransaction(client, context, (broken) => {
      this.#transactions -= 1;
      release(broken);
    });
  }

  async transaction<T>(work: (transaction: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T> {
    const transaction = await this.begin(options);
    try {
      const result = await work(transaction);
      await transaction.commit();
      return result;
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  }

  listen(channels: readonly string[], listener: Listener): Promise<() => Promise<void>> {
    return this.#listeners.add(channels, listener);
  }

  slowStatements(): readonly SlowStatement[] {
    return this.#slow.list();
  }

  health(): PartHealth {
    const pool = this.#session?.pool;
    const idle = this.#opening === undefined && this.#fault === "";
    return {
      kind: "database",
      name: this.#limits.name ?? "database",
      status: idle ? "off" : this.#fault === "" ? "up" : "down",
      mode: this.#engine.mode,
      detail: idle
        ? "not used yet: it starts at the first statement"
        : this.#fault || [this.#session?.reachable.detail ?? "starting", this.#product].filter(Boolean).join(", "),
      counters: { ...this.#counters, notifications: this.#listeners.heard, slow: this.#slow.count },
      gauges: {
        connections: pool?.totalCount ?? 0,
        idle: pool?.idleCount ?? 0,
        waiting: pool?.waitingCount ?? 0,
        open: this.#transactions,
        channels: this.#listeners.channels,
      },
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.transactions.rollbackAll();
    await this.#listeners.close();
    const session = await this.#opening?.catch(() => undefined);
    try {
      await session?.pool.end();
    } finally {
      await this.#engine.stop();
    }
  }

  /** A connection of the pool; an embedded server that died is started again first. */
  async #acquire(): Promise<{ client: PoolClient; context: StatementContext; release: (broken: boolean) => void }> {
    for (let attempt = 1; ; attempt++) {
      const session = await this.#start();
      const { pool, context } = session;
      if (pool.waitingCount >= MAX_WAITING) {
        throw new FplusError("database.busy", `${MAX_WAITING} statements wait for a connection already`);
      }
      try {
        const client = await pool.connect();
        this.#fault = "";
        return { client, context, release: (broken) => client.release(broken) };
      } catch (error) {
        const failure = this.#connectError(error, session);
        if (this.#engine.mode === "external" || attempt > 1 || failure.code !== "database.unreachable") {
          throw this.#noted(failure);
        }
        this.#forget(session);
      }
    }
  }

  #start(): Promise<Session> {
    if (this.#closed) return Promise.reject(new FplusError("database.engine", "the database is closed"));
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw this.#noted(sqlError(error));
    });
    return this.#opening;
  }

  async #open(): Promise<Session> {
    const { default: pg } = await import("pg");
    const reachable = await this.#engine.start();
    const { connections = CONNECTIONS, acquireMs = ACQUIRE_MS, statementMs = STATEMENT_MS } = this.#limits;
    const config = { ...reachable.config, application_name: "Factory+", keepAlive: true };
    const pool = new pg.Pool({
      ...config,
      max: reachable.connections ?? connections,
      connectionTimeoutMillis: acquireMs,
      idleTimeoutMillis: reachable.cancels ? 30_000 : 0,
      // Declared as void; the pool waits for it.
      onConnect: (client) => this.#greet(client) as unknown as void,
    });
    // Both fire outside of any call; without a listener they would end the process.
    pool.on("error", (error) => this.#lost(error));
    pool.on("connect", (client) => {
      client.on("error", (error) => this.#lost(error));
      // With one session there is no connection of its own for listening.
      if (!reachable.cancels) client.on("notification", (message) => this.#listeners.deliver(message));
    });
    const context: StatementContext = {
      types: typeParsers(pg.types),
      timeoutMs: statementMs,
      cancel: reachable.cancels ? (client) => this.#cancel(config, client) : undefined,
      took: (sql, ms) => this.#slow.note(sql, ms),
      count: (what, by = 1) => (this.#counters[what] += by),
    };
    const session = { pool, reachable, config, context };
    this.#session = session;
    return session;
  }

  async #greet(client: ClientBase): Promise<void> {
    // Times without a zone mean UTC, whatever the server's zone is.
    await client.query("SET TIME ZONE 'UTC'");
    // Extensions come and go; servers that only speak PostgreSQL's protocol may not have what is asked here.
    this.#product = await productOf(client).catch(() => "");
  }

  /** Lets go of a server that is gone, so that the next use starts it again. */
  #forget({ pool }: Session): void {
    if (this.#session?.pool !== pool) return;
    this.#session = undefined;
    this.#opening = undefined;
    this.#product = "";
    pool.end().catch(() => undefined);
  }

  async #cancel(config: ClientConfig, client: PoolClient): Promise<void> {
    const { default: pg } = await import("pg");
    const { processID } = client as unknown as { processID: number };
    const messenger = new pg.Client({ ...config, connectionTimeoutMillis: 3000 });
    messenger.on("error", () => undefined);
    try {
      await messenger.connect();
      await messenger.query("SELECT pg_cancel_backend($1)", [processID]);
    } finally {
      await messenger.end().catch(() => undefined);
    }
  }

  async #ear(): Promise<Ear> {
    const { pool, reachable, config } = await this.#start();
    if (!reachable.cancels) {
      const client = await pool.connect();
      client.release();
      return { client: mute(pool), onLost: () => undefined, close: () => Promise.resolve() };
    }
    const { default: pg } = await import("pg");
    const client = new pg.Client({ ...config, connectionTimeoutMillis: this.#limits.acquireMs ?? ACQUIRE_MS });
    let lost: ((error: unknown) => void) | undefined;
    const once = (error: unknown): void => {
      this.#lost(error);
      lost?.(sqlError(error));
      lost = undefined;
    };
    client.on("error", once);
    client.on("end", () => {
      if (lost !== undefined) once(new Error("the connection was closed"));
    });
    try {
      await client.connect();
    } catch (error) {
      const failure = sqlError(error);
      if (this.#engine.mode === "embedded" && this.#session !== undefined) this.#forget(this.#session);
      throw this.#noted(failure);
    }
    return {
      client,
      onLost: (tell) => (lost = tell),
      close: async () => {
        lost = undefined;
        await client.end();
      },
    };
  }

  #connectError(error: unknown, { pool, reachable }: Session): FplusError {
    const text = messageOf(error);
    const seconds = (this.#limits.acquireMs ?? ACQUIRE_MS) / 1000;
    if (text.startsWith("timeout exceeded")) {
      return new FplusError("database.busy", `all ${pool.totalCount} connections were in use for ${seconds} s`, {
        hint: "End transactions sooner, make statements faster, or allow more connections.",
      });
    }
    if (text.startsWith("Connection terminated due to connection timeout")) {
      return new FplusError("database.unreachable", `${reachable.detail} did not answer within ${seconds} s`, {
        hint: "Check that the server runs and that address and port are right.",
      });
    }
    return sqlError(error);
  }

  #lost(error: unknown): void {
    this.#counters.lost += 1;
    this.#noted(sqlError(error));
  }

  /** Remembers for the health page what keeps the database away; a wrong statement does not. */
  #noted(error: FplusError): FplusError {
    const isAway = ["database.unreachable", "database.refused", "database.engine"].includes(error.code);
    if (isAway && !this.#closed) this.#fault = error.message;
    return error;
  }
}

/** Whether the connection itself is of no use any more. */
function isBroken(error: unknown): boolean {
  return error instanceof FplusError
    ? error.code === "database.unreachable" || (error.code === "database.timeout" && !isServerError(error.cause))
    : !isServerError(error);
}

/** The pool as something to say LISTEN to; what is heard arrives on its connection. */
function mute(pool: Pool): Ear["client"] {
  return { query: (text: string) => pool.query(text), on: () => undefined } as unknown as Ear["client"];
}
