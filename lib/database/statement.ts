import type { PoolClient } from "pg";
import { FplusError } from "../errors/index.ts";
import { bind } from "./parameters.ts";
import { sqlError } from "./sql-error.ts";
import type { Parameters, QueryResult, Row, StatementOptions, StreamOptions } from "./types.ts";
import type { TypeParsers } from "./values.ts";

/** Milliseconds that a server gets to end a statement after it was told to; then the connection is cut. */
const CUT_MS = 5000;
const BATCH_ROWS = 500;

/** What running a statement needs beside it. */
export interface StatementContext {
  readonly types: TypeParsers;
  /** Milliseconds for a statement that brings no time-out of its own. */
  readonly timeoutMs: number;
  /** Ends what that connection runs, over another one; undefined where it cannot be ended. */
  readonly cancel: ((client: PoolClient) => Promise<void>) | undefined;
  /** Told how long a statement took on the server. */
  readonly took: (sql: string, ms: number) => void;
  readonly count: (what: "queries" | "rows" | "errors" | "cancelled", by?: number) => void;
}

/** @throws FplusError as `SqlSession.query` */
export async function runStatement(
  client: PoolClient,
  context: StatementContext,
  sql: string,
  parameters: Parameters | undefined,
  options: StatementOptions,
): Promise<QueryResult> {
  const { text, values } = bind(sql, parameters);
  context.count("queries");
  const began = performance.now();
  const answer = await watched(client, context, options, sql, async () => {
    // Without values the driver takes the simple protocol, which runs several statements in one go.
    const results = await client.query({ text, types: context.types, ...(values.length === 0 ? {} : { values }) });
    return Array.isArray(results) ? (results as (typeof results)[]).at(-1)! : results;
  });
  context.took(text, performance.now() - began);
  const columns = answer.fields.map(({ name }) => name);
  context.count("rows", answer.rows.length);
  return { rows: answer.rows as Row[], rowCount: answer.rowCount ?? 0, command: answer.command, columns };
}

/** Reads an answer batch by batch; the server computes no further than the reader has come. */
export async function* streamStatement(
  client: PoolClient,
  context: StatementContext,
  sql: string,
  parameters: Parameters | undefined,
  options: StreamOptions,
): AsyncGenerator<readonly Row[], void> {
  const { text, values } = bind(sql, parameters);
  const { batchRows = BATCH_ROWS } = options;
  const { default: QueryStream } = await import("pg-query-stream");
  context.count("queries");
  const stream = client.query(new QueryStream(text, values, { batchSize: batchRows, types: context.types }));
  let ms = 0;
  const closed = new Promise<void>((resolve) => stream.once("close", resolve));
  try {
    const rows = stream[Symbol.asyncIterator]() as AsyncIterator<Row, undefined>;
    for (;;) {
      // The clock runs while the server works, not while the reader does.
      const began = performance.now();
      const batch = await watched(client, context, options, sql, () => take(rows, batchRows));
      ms += performance.now() - began;
      if (batch.length === 0) return;
      context.count("rows", batch.length);
      yield batch;
    }
  } finally {
    context.took(text, ms);
    stream.destroy();
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CUT_MS).unref())]);
  }
}

async function take(rows: AsyncIterator<Row, undefined>, most: number): Promise<Row[]> {
  const batch: Row[] = [];
  while (batch.length < most) {
    const next = await rows.next();
    if (next.done === true) break;
    batch.push(next.value);
  }
  return batch;
}

/** Runs `work` on a connection; a time-out or the caller's signal ends it on the server. */
async function watched<T>(
  client: PoolClient,
  context: StatementContext,
  { timeoutMs = context.timeoutMs, signal }: StatementOptions,
  sql: string,
  work: () => Promise<T>,
): Promise<T> {
  let reason: FplusError | undefined;
  let cut: NodeJS.Timeout | undefined;
  const end = (why: FplusError): void => {
    if (reason !== undefined || context.cancel === undefined) return;
    reason = why;
    context.count("cancelled");
    // A server that cannot be told (the network is gone) does not answer either.
    cut = setTimeout(() => destroy(client), CUT_MS);
    context.cancel(client).catch(() => undefined);
  };
  const late = `no answer within ${timeoutMs / 1000} s; the statement was cancelled`;
  const hint = "Make the statement faster, or allow it more time.";
  const timer =
    timeoutMs > 0
      ? setTimeout(() => end(new FplusError("database.timeout", late, { status: "57014", hint })), timeoutMs)
      : undefined;
  const abort = (): void => end(new FplusError("database.timeout", "the statement was cancelled", { status: "57014" }));
  signal?.addEventListener("abort", abort);
  try {
    if (signal?.aborted === true) throw new FplusError("database.timeout", "cancelled before it began");
    return await work();
  } catch (error) {
    context.count("errors");
    throw reason ?? sqlError(error, sql);
  } finally {
    clearTimeout(timer);
    clearTimeout(cut);
    signal?.removeEventListener("abort", abort);
  }
}

/** Cuts the connection; what waits for it fails. */
export function destroy(client: PoolClient): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
