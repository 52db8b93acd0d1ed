import type { PartHealth } from "../health/index.ts";
import type { SlowStatement } from "./slow-statements.ts";
import type { TransactionTable } from "./transactions.ts";
import type { Listener, SqlSession, Transaction, TransactionOptions } from "./types.ts";

/** A relational store. Nothing is started or connected before its first use. */
export interface Database extends SqlSession {
  readonly kind: "embedded" | "postgres";
  /** Starts and connects it; safe to repeat. */
  open(): Promise<void>;
  /** Runs `work` in a transaction: committed when it resolves, rolled back when it throws. */
  transaction<T>(work: (transaction: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  begin(options?: TransactionOptions): Promise<Transaction>;
  /** Transactions that several callers share by an id. */
  readonly transactions: TransactionTable;
  /** Listens to channels over connection losses; resolves with what ends it. */
  listen(channels: readonly string[], listener: Listener): Promise<() => Promise<void>>;
  /** Statements that took 200 ms or longer, those first that took most time together. */
  slowStatements(): readonly SlowStatement[];
  health(): PartHealth;
  close(): Promise<void>;
}
