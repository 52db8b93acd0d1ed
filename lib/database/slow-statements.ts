/** A statement that took long, over all its runs that did. */
export interface SlowStatement {
  /** Without the values of its parameters; the first 2,000 characters. */
  readonly sql: string;
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
  /** Milliseconds since the epoch of the last slow run. */
  readonly lastAt: number;
}

/** Milliseconds from which on a statement is slow. */
const SLOW_MS = 200;
const MAX_STATEMENTS = 50;
const MAX_TEXT = 2000;

/** The slowest statements of a database since it was opened: 50 texts, of which the one with the least time goes first. */
export class SlowStatements {
  readonly #statements = new Map<string, SlowStatement>();
  #count = 0;

  /** Runs that were slow. */
  get count(): number {
    return this.#count;
  }

  note(sql: string, ms: number): void {
    if (ms < SLOW_MS) return;
    this.#count += 1;
    const text = sql.slice(0, MAX_TEXT);
    const { count = 0, totalMs = 0, maxMs = 0 } = this.#statements.get(text) ?? {};
    const entry = {
      sql: text,
      count: count + 1,
      totalMs: totalMs + ms,
      maxMs: Math.max(maxMs, ms),
      lastAt: Date.now(),
    };
    this.#statements.set(text, entry);
    if (this.#statements.size > MAX_STATEMENTS) this.#statements.delete(this.list().at(-1)!.sql);
  }

  /** By the time that they took together, most first. */
  list(): SlowStatement[] {
    return [...this.#statements.values()].sort((a, b) => b.totalMs - a.totalMs);
  }
}
