import type { PoolClient } from "pg";
import { FplusError } from "../errors/index.ts";
import { runStatement, type StatementContext, streamStatement } from "./statement.ts";
import { sqlError } from "./sql-error.ts";
import type {
  Parameters,
  QueryResult,
  Row,
  StatementOptions,
  StreamOptions,
  Transaction,
  TransactionOptions,
} from "./types.ts";

const ISOLATIONS = ["read committed", "repeatable read", "serializable"];

/** The statement that begins it. */
export function beginStatement({ isolation, readOnly }: TransactionOptions = {}): string {
  if (isolation !== undefined && !ISOLATIONS.includes(isolation)) {
    const hint = `Use ${ISOLATIONS.join(", ")}.`;
    throw new FplusError("database.transaction", `no such isolation: ${String(isolation)}`, {
      field: "isolation",
      hint,
    });
  }
  const level = isolation === undefined ? "" : ` ISOLATION LEVEL ${isolation.toUpperCase()}`;
  return `BEGIN${level}${readOnly === true ? " READ ONLY" : ""}`;
}

/** A transaction on a connection of the pool, which it gives back at its end. */
export class OpenTransaction implements Transaction {
  readonly #client: PoolClient;
  readonly #context: StatementContext;
  readonly #release: (broken: boolean) => void;
  #ended = false;

  constructor(client: PoolClient, context: StatementContext, release: (broken: boolean) => void) {
    this.#client = client;
    this.#context = context;
    this.#release = release;
  }

  async query(sql: string, parameters?: Parameters, options: StatementOptions = {}): Promise<QueryResult> {
    this.#check();
    return await runStatement(this.#client, this.#context, sql, parameters, options);
  }

  async *stream(
    sql: string,
    parameters?: Parameters,
    options: StreamOptions = {},
  ): AsyncGenerator<readonly Row[], void> {
    this.#check();
    yield* streamStatement(this.#client, this.#context, sql, parameters, options);
  }

  async commit(): Promise<void> {
    this.#check();
    this.#ended = true;
    const outcome = await this.#end("COMMIT");
    // Where a statement had failed, the server answers a COMMIT by rolling back.
    if (outcome !== "ROLLBACK") return;
    throw new FplusError("database.transaction", "rolled back: a statement in the transaction had failed", {
      status: "25P02",
    });
  }

  async rollback(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    // With a broken connection the server rolls back by itself.
    await this.#end("ROLLBACK").catch(() => undefined);
  }

  async #end(statement: string): Promise<string> {
    try {
      const { command } = await this.#client.query(statement);
      this.#release(false);
      return command;
    } catch (error) {
      this.#release(true);
      throw sqlError(error, statement);
    }
  }

  #check(): void {
    if (this.#ended) throw new FplusError("database.transaction", "the transaction has ended");
  }
}
