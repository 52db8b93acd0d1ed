import { FplusError } from "../errors/index.ts";
import type { Endpoint } from "./endpoint.ts";
import type { HistoryFault, HistoryOptions, HistoryPage, HistoryQuestion } from "./history-question.ts";
import { HistoryReader } from "./history-reader.ts";

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
