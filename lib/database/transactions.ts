import { randomUUID } from "node:crypto";
import { FplusError } from "../errors/index.ts";
import type { SqlSession, Transaction, TransactionOptions } from "./types.ts";

/** Ends that are remembered, so that a latecomer hears why. */
const REMEMBERED = 1000;

interface Open {
  readonly transaction: Transaction;
  readonly timer: NodeJS.Timeout;
}

/** Where transactions begin. */
interface TransactionSource {
  begin(options: TransactionOptions): Promise<Transaction>;
}

/**
 * Transactions that several callers share by an id, such as nodes that one message passes. Bounded in number and time:
 * what nobody ends is rolled back, so that a message that got lost holds no locks.
 */
export class TransactionTable {
  readonly #database: TransactionSource;
  readonly #max: number;
  readonly #timeoutMs: number;
  readonly #open = new Map<string, Open>();
  readonly #ends = new Map<string, string>();
  #opening = 0;

  /** `max` must leave connections of the pool for statements outside of transactions. */
  constructor(database: TransactionSource, max: number, timeoutMs: number) {
    this.#database = database;
    this.#max = max;
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws FplusError `database.busy` when too many are open */
  async begin(options: TransactionOptions = {}, timeoutMs = this.#timeoutMs): Promise<string> {
    if (this.#open.size + this.#opening >= this.#max) {
      throw new FplusError("database.busy", `${this.#max} transactions are open`, {
        hint: "End them sooner with commit or rollback, or give the database more connections.",
      });
    }
    this.#opening += 1;
    try {
      const transaction = await this.#database.begin(options);
      const id = randomUUID();
      const timer = setTimeout(() => {
        this.#end(id, `rolled back after ${timeoutMs / 1000} s`)
          ?.rollback()
          .catch(() => undefined);
      }, timeoutMs);
      this.#open.set(id, { transaction, timer });
      return id;
    } finally {
      this.#opening -= 1;
    }
  }

  /**
   * Runs `work` in the transaction; where it fails, everything is rolled back at once.
   * @throws FplusError `database.transaction` when it is not open (any more), and what `work` throws
   */
  async within<T>(id: string, work: (session: SqlSession) => Promise<T>): Promise<T> {
    const { transaction } = this.#find(id);
    try {
      return await work(transaction);
    } catch (error) {
      await this.#end(id, "rolled back because a statement failed")?.rollback();
      throw error;
    }
  }

  /** @throws FplusError `database.transaction` */
  async commit(id: string): Promise<void> {
    this.#find(id);
    await this.#end(id, "committed already")?.commit();
  }

  /** @throws FplusError `database.transaction` */
  async rollback(id: string): Promise<void> {
    this.#find(id);
    await this.#end(id, "rolled back already")?.rollback();
  }

  async rollbackAll(): Promise<void> {
    for (const id of this.#open.keys()) await this.#end(id, "rolled back: the database was closed")?.rollback();
  }

  #find(id: string): Open {
    const found = this.#open.get(id);
    if (found !== undefined) return found;
    const end = this.#ends.get(id);
    throw new FplusError("database.transaction", `the transaction is not open: ${end ?? "it is not known"}`, {
      field: "transaction",
      hint: "Begin one with a node that begins, and pass its message on.",
    });
  }

  #end(id: string, why: string): Transaction | undefined {
    const open = this.#open.get(id);
    if (open === undefined) return undefined;
    clearTimeout(open.timer);
    this.#open.delete(id);
    this.#ends.set(id, why);
    if (this.#ends.size > REMEMBERED) this.#ends.delete(this.#ends.keys().next().value!);
    return open.transaction;
  }
}
