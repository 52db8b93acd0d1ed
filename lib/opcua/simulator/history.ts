import type {
  AddressSpace,
  DataValue,
  HistoryReadResult,
  IVariableHistorian,
  ReadRawModifiedDetails,
  UAVariable,
} from "node-opcua";
import type { Opcua } from "../load.ts";

/** Samples kept of one variable: an hour at one a second. */
const CAPACITY = 3600;

type HistoryAnswer = (error: Error | null, result?: HistoryReadResult) => void;

/** The part of node-opcua's variable that answers history requests; it implements raw and processed ones. */
interface HistoryReader {
  readonly _historyRead: (
    this: unknown,
    context: unknown,
    details: unknown,
    range: unknown,
    encoding: unknown,
    more: unknown,
    answer: HistoryAnswer,
  ) => void;
}

/** The history of one numeric variable in two typed arrays, a ring of the newest samples. */
export class RingHistorian implements IVariableHistorian {
  readonly #opcua: Opcua;
  readonly #times = new Float64Array(CAPACITY);
  readonly #values = new Float64Array(CAPACITY);
  #dataType = 0;
  #count = 0;

  constructor(opcua: Opcua) {
    this.#opcua = opcua;
  }

  async push(sample: DataValue): Promise<void> {
    const value: unknown = sample.value.value;
    const time = sample.sourceTimestamp?.getTime();
    if (typeof value !== "number" || time === undefined) return;
    if (this.#count > 0 && time <= this.#times[(this.#count - 1) % CAPACITY]!) return;
    this.#dataType = sample.value.dataType;
    this.#times[this.#count % CAPACITY] = time;
    this.#values[this.#count % CAPACITY] = value;
    this.#count += 1;
  }

  /** Raw values as node-opcua asks for them: both ends belong to the range; bounds where the client wants them. */
  extractDataValues(
    details: ReadRawModifiedDetails,
    most: number,
    newestFirst: boolean,
    reverse: boolean,
    answer: (error: Error | null, values?: DataValue[]) => void,
  ): void {
    const { isMinDate } = this.#opcua;
    const from = isMinDate(details.startTime) ? -Infinity : details.startTime!.getTime();
    const to = isMinDate(details.endTime) ? Infinity : details.endTime!.getTime();
    let [first, end] = [this.#firstFrom(from), this.#firstAfter(to)];
    if (details.returnBounds) [first, end] = [Math.max(this.#oldest, first - 1), Math.min(this.#count, end + 1)];
    if (most > 0) {
      if (newestFirst) first = Math.max(first, end - most);
      else end = Math.min(end, first + most);
    }
    const values: DataValue[] = [];
    for (let i = first; i < end; i++) values.push(this.#sample(i));
    answer(null, newestFirst || reverse ? values.toReversed() : values);
  }

  /** The value at a time: as it was recorded, or on the line between its neighbours. */
  at(time: number): DataValue {
    const { DataValue, StatusCodes } = this.#opcua;
    const after = this.#firstFrom(time);
    const when = new Date(time);
    if (after < this.#count && this.#times[after % CAPACITY] === time) return this.#sample(after);
    if (after === this.#oldest || after === this.#count)
      return new DataValue({ statusCode: StatusCodes.BadNoData, sourceTimestamp: when });
    const [left, right] = [(after - 1) % CAPACITY, after % CAPACITY];
    const share = (time - this.#times[left]!) / (this.#times[right]! - this.#times[left]!);
    const whole = this.#dataType <= this.#opcua.DataType.UInt64;
    const value = whole
      ? this.#values[left]!
      : this.#values[left]! + (this.#values[right]! - this.#values[left]!) * share;
    return new DataValue({ value: { dataType: this.#dataType, value }, sourceTimestamp: when, serverTimestamp: when });
  }

  get #oldest(): number {
    return Math.max(0, this.#count - CAPACITY);
  }

  #sample(i: number): DataValue {
    const time = new Date(this.#times[i % CAPACITY]!);
    return new this.#opcua.DataValue({
      value: { dataType: this.#dataType, value: this.#values[i % CAPACITY]! },
      sourceTimestamp: time,
      serverTimestamp: time,
    });
  }

  #firstFrom(time: number): number {
    let [low, high] = [this.#oldest, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#times[middle % CAPACITY]! < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #firstAfter(time: number): number {
    const from = this.#firstFrom(time);
    return from < this.#count && this.#times[from % CAPACITY] === time ? from + 1 : from;
  }
}

/** Lets the address space answer aggregates; once, before the first variable with history. */
export function supportAggregates(opcua: Opcua, space: AddressSpace): void {
  const { Average, Minimum, Maximum, Count, Interpolative, DurationGood, DurationBad, PercentGood, PercentBad } =
    opcua.AggregateFunction;
  opcua.addAggregateSupport(space, [
    Average,
    Minimum,
    Maximum,
    Count,
    Interpolative,
    DurationGood,
    DurationBad,
    PercentGood,
    PercentBad,
  ]);
}

/** Gives a numeric variable a history, readable raw, processed and at given times. */
export function keepHistory(opcua: Opcua, space: AddressSpace, variable: UAVariable): void {
  const historian = new RingHistorian(opcua);
  space.installHistoricalDataNode(variable, { historian });
  opcua.installAggregateConfigurationOptions(variable, { stepped: false });
  const { _historyRead: usual } = variable as unknown as HistoryReader;
  const read: HistoryReader["_historyRead"] = (context, details, range, encoding, more, answer) => {
    if (!(details instanceof opcua.ReadAtTimeDetails))
      return usual.call(variable, context, details, range, encoding, more, answer);
    const dataValues = (details.reqTimes ?? []).map((time) => historian.at(time?.getTime() ?? 0));
    return answer(null, new opcua.HistoryReadResult({ historyData: new opcua.HistoryData({ dataValues }) }));
  };
  Object.assign(variable, { _historyRead: read });
}
