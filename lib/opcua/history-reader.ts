import type { ClientSession, HistoryReadResult, NodeId } from "node-opcua";
import { FplusError } from "../errors/index.ts";
import { SampleBatch, SampleFlag, type Signal } from "../sample/index.ts";
import { aggregateNode } from "./aggregates.ts";
import { addDataValue } from "./data-value.ts";
import type { Endpoint } from "./endpoint.ts";
import { type EnumTexts, readEnumerations } from "./enumeration.ts";
import type { HistoryFault, HistoryOptions, HistoryPage, HistoryQuestion } from "./history-question.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { StructureTypes } from "./structure.ts";
import { resolveTargets, signalOfTarget } from "./target.ts";

interface Pending {
  readonly target: string;
  readonly nodeId: NodeId;
  readonly signal: Signal;
  readonly texts: EnumTexts | undefined;
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

/** Reads one answer: knows what is asked, what the server still has, and what has failed. */
export class HistoryReader {
  readonly #setup: Setup;
  #failed: HistoryFault[];
  /** Not begun yet. */
  #waiting: Pending[];
  /** Begun: those of one call, the server holds a continuation point for each. */
  #open: Pending[] = [];
  /** Have enough, although the server would have more. */
  #satisfied: Pending[] = [];
  #structures: StructureTypes | undefined;
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
    { pageSize = USUAL_PAGE, enumTexts = true }: HistoryOptions,
  ): Promise<HistoryReader> {
    return endpoint.withSession(async (session, limits, opcua) => {
      const nodeIds = await resolveTargets(endpoint, session, limits, opcua, targets);
      const known = nodeIds.map((nodeId) => (typeof nodeId === "string" ? opcua.NodeId.nullNodeId : nodeId));
      // An aggregate of an enumeration is a number, or a count.
      const isText = enumTexts && question.kind !== "processed";
      const texts = isText ? await readEnumerations(session, limits, opcua, known) : [];
      const aggregate =
        question.kind === "processed" ? await aggregateNode(session, opcua, question.aggregate) : undefined;
      const found = targets.map((target, i): Pending | HistoryFault => {
        const nodeId = nodeIds[i]!;
        if (typeof nodeId === "string") return { target, reason: nodeId };
        return {
          target,
          nodeId,
          signal: signalOfTarget(endpoint, target),
          texts: texts[i],
          read: 0,
          continuation: null,
          alone: false,
        };
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
      await this.#learnStructures(results);
      asked.forEach((one, i) => this.#take(one, results[i], batch));
      this.#emptyAnswers = batch.length === 0 && this.#open.length > 0 ? this.#emptyAnswers + 1 : 0;
      if (this.#emptyAnswers > EMPTY_ANSWERS) throw historyFault("the server never comes to an end", asked[0]!.target);
    }
    const failed = this.#failed;
    this.#failed = [];
    return { batch, failed, complete: this.#open.length === 0 && this.#waiting.length === 0 };
  }

  /** Structures of the server's own can be read once their types are known. */
  async #learnStructures(results: readonly HistoryReadResult[]): Promise<void> {
    const { opcua, session } = this.#setup;
    const isStructured = results.some(
      (result) => valuesIn(result).find(({ value }) => value)?.value.dataType === opcua.DataType.ExtensionObject,
    );
    if (isStructured) this.#structures ??= await StructureTypes.all(session, opcua);
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
    const now = Date.now();
    const received = valuesIn(result);
    const values = withoutKnown(received, one.after);
    for (const value of values.slice(0, limit - one.read)) {
      addDataValue(batch, one.signal.id, value, now, one.texts, this.#structures);
      batch.flags[batch.length - 1]! |= SampleFlag.Historical;
      one.read += 1;
    }
    one.continuation = result.continuationPoint?.length > 0 ? result.continuationPoint : null;
    if (one.continuation !== null) (one.read < limit ? this.#open : this.#satisfied).push(one);
    else if (one.read < limit && values.length > 0 && this.#isCutOff(received.length))
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

function valuesIn(result: HistoryReadResult): readonly HistoryValue[] {
  return (result.historyData as { dataValues?: HistoryValue[] | null } | null | undefined)?.dataValues ?? [];
}

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
