import type { ClientSession, HistoryReadResult, NodeId } from "node-opcua";
import { FplusError } from "../errors/index.ts";
import { SampleBatch, SampleFlag, type Signal } from "../sample/index.ts";
import { aggregateNode } from "./aggregates.ts";
import { addDataValue } from "./data-value.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { resolveTargets, signalOfTarget } from "./target.ts";

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
}

interface Pending {
  readonly target: string;
  readonly nodeId: NodeId;
  readonly signal: Signal;
  read: number;
  continuation: Buffer | null;
  /** Asked for alone: the server had no continuation point left for it among others, or it goes on from `after`. */
  alone: boolean;
  /** The newest time that was read, and how many values had it. */
  after?: { readonly time: number; readonly values: number };
}

const USUAL_PAGE = 10_000;
/** A server may answer with nothing but a continuation point while it is still looking; not for ever. */
const EMPTY_ANSWERS = 100;
const FIRST_CAPACITY = 1024;

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
  const reader = await HistoryReader.open(endpoint, targets, question, options.pageSize ?? USUAL_PAGE);
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

/** What an answer is read with. */
interface Setup {
  readonly endpoint: Endpoint;
  readonly session: ClientSession;
  readonly limits: ServerLimits;
  readonly opcua: Opcua;
  readonly question: HistoryQuestion;
  readonly aggregate: NodeId | undefined;
  readonly pageSize: number;
}

class HistoryReader {
  readonly #setup: Setup;
  #failed: HistoryFault[];
  /** Not begun yet. */
  #waiting: Pending[];
  /** Begun: those of one call, the server holds a continuation point for each. */
  #open: Pending[] = [];
  /** Have enough, although the server would have more. */
  #satisfied: Pending[] = [];
  #valuesPerNode = 1;
  #emptyAnswers = 0;

  private constructor(setup: Setup, found: readonly (Pending | HistoryFault)[]) {
    this.#setup = setup;
    this.#waiting = found.filter((one): one is Pending => "nodeId" in one);
    this.#failed = found.filter((one): one is HistoryFault => "reason" in one);
  }

  static open(
    endpoint: Endpoint,
    targets: readonly string[],
    question: HistoryQuestion,
    pageSize: number,
  ): Promise<HistoryReader> {
    return endpoint.withSession(async (session, limits, opcua) => {
      const nodeIds = await resolveTargets(endpoint, session, limits, opcua, targets);
      const aggregate =
        question.kind === "processed" ? await aggregateNode(session, opcua, question.aggregate) : undefined;
      const found = targets.map((target, i): Pending | HistoryFault => {
        const nodeId = nodeIds[i]!;
        if (typeof nodeId === "string") return { target, reason: nodeId };
        return { target, nodeId, signal: signalOfTarget(endpoint, target), read: 0, continuation: null, alone: false };
      });
      return new HistoryReader({ endpoint, session, limits, opcua, question, aggregate, pageSize }, found);
    });
  }

  /** The next page: one call's answer. */
  async next(): Promise<HistoryPage> {
    const { limits, pageSize } = this.#setup;
    if (this.#open.length === 0) {
      this.#open = this.#waiting.splice(0, this.#waiting[0]?.alone === true ? 1 : limits.nodesPerHistoryRead);
      this.#valuesPerNode = Math.max(1, Math.floor(pageSize / Math.max(1, this.#open.length)));
    }
    const asked = this.#open;
    const batch = new SampleBatch(Math.min(pageSize, FIRST_CAPACITY));
    if (asked.length > 0) {
      const results = await this.#ask(asked, false);
      this.#open = [];
      asked.forEach((one, i) => this.#take(one, results[i], batch));
      this.#emptyAnswers = batch.length === 0 && this.#open.length > 0 ? this.#emptyAnswers + 1 : 0;
      if (this.#emptyAnswers > EMPTY_ANSWERS) throw historyFault("the server never comes to an end", asked[0]!.target);
    }
    const failed = this.#failed;
    this.#failed = [];
    return { batch, failed, complete: this.#open.length === 0 && this.#waiting.length === 0 };
  }

  /** Gives the server its continuation points back. */
  async release(): Promise<void> {
    const open = [...this.#open, ...this.#satisfied].filter(({ continuation }) => continuation !== null);
    this.#open = [];
    this.#satisfied = [];
    // A session that is gone has taken its continuation points with it.
    if (open.length > 0) await this.#ask(open, true).catch(() => undefined);
  }

  #take(one: Pending, result: HistoryReadResult | undefined, batch: SampleBatch): void {
    const { opcua, question } = this.#setup;
    if (result === undefined) return this.#fail(one, "no result");
    if (result.statusCode.equals(opcua.StatusCodes.BadNoContinuationPoints) && !one.alone) {
      this.#waiting.push({ ...one, alone: true });
      return undefined;
    }
    // Older servers call an empty range bad.
    if (result.statusCode.equals(opcua.StatusCodes.BadNoData)) return undefined;
    if (!result.statusCode.isGoodish()) return this.#fail(one, sentenceFor(result.statusCode.name));
    const limit = (question.kind === "raw" ? question.limit : undefined) ?? Infinity;
    const data = result.historyData as { dataValues?: HistoryValue[] | null } | null | undefined;
    const now = Date.now();
    const values = withoutKnown(data?.dataValues ?? [], one.after);
    for (const value of values.slice(0, limit - one.read)) {
      addDataValue(batch, one.signal.id, value, now);
      batch.flags[batch.length - 1]! |= SampleFlag.Historical;
      one.read += 1;
    }
    one.continuation = result.continuationPoint?.length > 0 ? result.continuationPoint : null;
    if (one.continuation !== null) (one.read < limit ? this.#open : this.#satisfied).push(one);
    else if (one.read < limit && values.length > 0 && this.#isCutOff(data?.dataValues?.length ?? 0))
      this.#waiting.unshift({ ...one, alone: true, ...newest(values) });
    return undefined;
  }

  /** Some servers give as many values as were asked for and no continuation point: the rest is asked for from there on. */
  #isCutOff(received: number): boolean {
    const { question } = this.#setup;
    return (
      question.kind === "raw" &&
      question.from !== undefined &&
      question.to !== undefined &&
      received === Math.min(this.#valuesPerNode, question.limit ?? Infinity)
    );
  }

  #fail({ target }: Pending, reason: string): void {
    this.#failed.push({ target, reason });
  }

  #ask(asked: readonly Pending[], release: boolean): Promise<HistoryReadResult[]> {
    return this.#setup.endpoint.withSession(async (session, _limits, opcua) => {
      if (session !== this.#setup.session) {
        throw new FplusError("opcua.history", "the session was lost while history was read", {
          field: asked[0]!.target,
          hint: "Ask again; nothing is kept of an answer that was not complete.",
        });
      }
      const response = await session.historyRead(
        new opcua.HistoryReadRequest({
          historyReadDetails: this.#details(opcua, asked),
          timestampsToReturn: opcua.TimestampsToReturn.Both,
          releaseContinuationPoints: release,
          nodesToRead: asked.map(({ nodeId, continuation }) => ({
            nodeId,
            ...(continuation === null ? {} : { continuationPoint: continuation }),
          })),
        }),
      );
      return response.results ?? [];
    });
  }

  #details(
    { ReadRawModifiedDetails, ReadProcessedDetails, ReadAtTimeDetails, minDate }: Opcua,
    asked: readonly Pending[],
  ) {
    const { question, aggregate } = this.#setup;
    switch (question.kind) {
      case "raw": {
        const { to, limit = Infinity, bounds = false } = question;
        const from = asked[0]?.after?.time ?? question.from;
        return new ReadRawModifiedDetails({
          startTime: from === undefined ? minDate : new Date(from),
          endTime: to === undefined ? minDate : new Date(to),
          numValuesPerNode: Math.min(this.#valuesPerNode, limit),
          returnBounds: bounds,
        });
      }
      case "processed":
        return new ReadProcessedDetails({
          startTime: new Date(question.from),
          endTime: new Date(question.to),
          processingInterval: question.everyMs,
          aggregateType: asked.map(() => aggregate!),
          aggregateConfiguration: { useServerCapabilitiesDefaults: true },
        });
      case "at":
        return new ReadAtTimeDetails({ reqTimes: question.times.map((time) => new Date(time)) });
    }
  }
}

type HistoryValue = Parameters<typeof addDataValue>[2];

const timeOf = (value: HistoryValue | undefined): number =>
  (value?.sourceTimestamp ?? value?.serverTimestamp)?.getTime() ?? Number.NaN;

/** The last time of some values, and how many of them have it; nothing where they have none. */
function newest(values: readonly HistoryValue[]): Pick<Pending, "after"> {
  const time = timeOf(values.at(-1));
  return Number.isNaN(time) ? {} : { after: { time, values: values.filter((value) => timeOf(value) === time).length } };
}

/** A range that begins at a time which was read before brings its values again. */
function withoutKnown(values: readonly HistoryValue[], after: Pending["after"]): readonly HistoryValue[] {
  let known = after?.values ?? 0;
  return values.filter((value) => timeOf(value) !== after?.time || known-- <= 0);
}

function checkQuestion(question: HistoryQuestion): void {
  if (question.kind === "at" && question.times.length === 0) throw historyFault("no time is given", "times");
  if (question.kind === "raw" && [question.from, question.to, question.limit].filter(isGiven).length < 2)
    throw historyFault("two of from, to and limit are needed", "from");
  if (question.kind === "processed" && question.from === question.to) throw historyFault("the range is empty", "from");
}

const isGiven = (value: unknown): boolean => value !== undefined;

function sentenceFor(status: string): string {
  switch (status) {
    case "BadHistoryOperationUnsupported":
      return `${status}: the server keeps no history of it, or does not read it in this way`;
    case "BadAggregateNotSupported":
      return `${status}: the server does not compute this aggregate for it`;
    case "BadUserAccessDenied":
    case "BadNotReadable":
      return `${status}: this user may not read its history`;
    default:
      return status;
  }
}

function historyFault(message: string, field: string): FplusError {
  return new FplusError("opcua.history", message, { field });
}
