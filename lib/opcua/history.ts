import { FplusError } from "../errors/index.ts";
import type { SampleBatch } from "../sample/index.ts";
import type { Endpoint } from "./endpoint.ts";
import { HistoryReader } from "./history-reader.ts";

/** What is asked of a server's history (OPC 10000-11 6.5). Times are milliseconds since the epoch. */
export type HistoryQuestion =
  | {
      /** Values as they were recorded, newest first where `to` lies before `from`. Two of `from`, `to`, `limit` at least. */
      readonly kind: "raw";
      readonly from?: number;
      readonly to?: number;
      /** Values a variable at most; all where left out. */
      readonly limit?: number;
      /** The value just outside of each end, too. */
      readonly bounds?: boolean;
    }
  | {
      /** One aggregate an interval. */
      readonly kind: "processed";
      readonly from: number;
      readonly to: number;
      /** `Average`, `Minimum`, … as the server lists them. */
      readonly aggregate: string;
      /** Milliseconds; 0 for one interval over the whole range. */
      readonly everyMs: number;
    }
  | { /** Values at given times, interpolated. */ readonly kind: "at"; readonly times: readonly number[] };

/** A variable whose history could not be read. */
export interface HistoryFault {
  readonly target: string;
  /** StatusCode by name, or our own sentence. */
  readonly reason: string;
}

/** A part of an answer. */
export interface HistoryPage {
  readonly batch: SampleBatch;
  /** Variables that failed in this part. */
  readonly failed: readonly HistoryFault[];
  /** Whether it is the last one. */
  readonly complete: boolean;
}

/** How an answer is cut. */
export interface HistoryOptions {
  /** Values in a page, about; 10,000 where left out. */
  readonly pageSize?: number;
  /** Values of an enumeration as their text, as readers give them; true where left out. */
  readonly enumTexts?: boolean;
}

/**
 * Reads history page by page: as many variables a call as the server allows, its continuation points followed, and
 * released where the caller stops early. One variable that fails does not hold up the others.
 * @throws FplusError `opcua.unreachable` without a session, `opcua.history` where the question itself is wrong or the
 * session is lost in the midst of it
 */
export async function* readHistory(
  endpoint: Endpoint,
  targets: readonly string[],
  question: HistoryQuestion,
  options: HistoryOptions = {},
): AsyncGenerator<HistoryPage, void, void> {
  checkQuestion(question);
  if (targets.length === 0) throw historyFault("no variable is named", "targets");
  const reader = await HistoryReader.open(endpoint, targets, question, options);
  try {
    for (;;) {
      const page = await reader.next();
      yield page;
      if (page.complete) return;
    }
  } finally {
    await reader.release();
  }
}

/** The variables that failed, as one error that names them. */
export function historyError(failed: readonly HistoryFault[]): FplusError {
  const shown = failed.slice(0, 3).map(({ target, reason }) => `${target}: ${reason}`);
  const more = failed.length > shown.length ? ` and ${failed.length - shown.length} more` : "";
  return new FplusError("opcua.history", `not read: ${shown.join("; ")}${more}`, {
    field: failed[0]?.target ?? "targets",
    hint: "The history of the others was read.",
  });
}

function checkQuestion(question: HistoryQuestion): void {
  if (question.kind === "at" && question.times.length === 0) throw historyFault("no time is given", "times");
  if (question.kind === "raw" && [question.from, question.to, question.limit].filter(isGiven).length < 2)
    throw historyFault("two of from, to and limit are needed", "from");
  if (question.kind === "processed" && question.from === question.to) throw historyFault("the range is empty", "from");
}

const isGiven = (value: unknown): boolean => value !== undefined;

function historyFault(message: string, field: string): FplusError {
  return new FplusError("opcua.history", message, { field });
}
