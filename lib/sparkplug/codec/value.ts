import { FplusError } from "../../errors/index.ts";
import { isInt64, isNumeric, type SampleBatch, SampleFlag, type SampleValue, ValueType } from "../../sample/index.ts";
import { readDataSet } from "./dataset.ts";
import { integer, wideNumber } from "./integer.ts";
import { isArrayType, unpackArray } from "./packed-array.ts";
import { readTemplate } from "./template.ts";
import { metricName, textAt } from "./text.ts";
import { BYTES, Carrier, carrierOf, head, metrics, Shape } from "./workbench.ts";

/** What a value without a datatype can only be. */
const TYPE_OF_CARRIER: readonly number[] = [
  ValueType.Unknown,
  ValueType.UInt32,
  ValueType.UInt64,
  ValueType.Float,
  ValueType.Double,
  ValueType.Boolean,
  ValueType.String,
  ValueType.Bytes,
  ValueType.DataSet,
  ValueType.Template,
  ValueType.Bytes,
];

const FLAGS = Shape.Historical | Shape.Transient;

/** The datatype of metric i: its own, else the one given (of its birth), else what its carrier tells. */
export function typeOf(i: number, birthType: number): number {
  const shape = metrics.shape[i]!;
  const own = shape & Shape.Datatype;
  if (own !== 0 && own <= ValueType.DateTimeArray) return own;
  return birthType !== 0 ? birthType : TYPE_OF_CARRIER[carrierOf(shape)]!;
}

/**
 * Adds metric i of the payload on the workbench to a batch, as the type given. Signed integers come out of their unsigned
 * carriers, whichever width their sender used; a metric without a value is null.
 * @throws FplusError `sparkplug.malformed` where the carrier does not fit the type (the batch is left as it was)
 */
export function addMetric(
  i: number,
  type: number,
  signal: number,
  status: number,
  batch: SampleBatch,
  fallbackMs: number,
): void {
  const shape = metrics.shape[i]!;
  const carrier = carrierOf(shape);
  let timeMs = fallbackMs;
  let timeNs = 0;
  if ((shape & Shape.HasTime) !== 0) {
    timeMs = metrics.timeMs[i]!;
    timeNs = metrics.timeNs[i]!;
  } else if (head.timeMs >= 0) {
    timeMs = head.timeMs;
    timeNs = head.timeNs;
  }
  // SampleFlag and Shape name the same two flags, twelve bits apart.
  const flags = (shape & FLAGS) >>> 12;
  if ((shape & Shape.Null) !== 0 || carrier === Carrier.None) {
    batch.flags[batch.add(signal, type, timeMs, timeNs, status)] = flags | SampleFlag.Null;
    return;
  }
  if (type === ValueType.Double && carrier === Carrier.Double) {
    const at = batch.add(signal, type, timeMs, timeNs, status);
    batch.f64[at] = metrics.real[i]!;
    batch.flags[at] = flags;
  } else if (isNumeric(type)) {
    const number = numberAt(i, type);
    const at = batch.add(signal, type, timeMs, timeNs, status);
    batch.f64[at] = number;
    batch.flags[at] = flags;
  } else if (isInt64(type)) {
    if (carrier !== Carrier.Long && carrier !== Carrier.Int) throw misfit(i, type);
    const lo = metrics.words[2 * i]!;
    const at = batch.add(signal, type, timeMs, timeNs, status);
    batch.words[2 * at] = lo;
    batch.words[2 * at + 1] =
      carrier === Carrier.Long ? metrics.words[2 * i + 1]! : type === ValueType.Int64 ? lo >> 31 : 0;
    batch.flags[at] = flags;
  } else {
    const value = objectAt(i, type);
    const at = batch.add(signal, type, timeMs, timeNs, status);
    batch.ref[at] = value;
    batch.flags[at] = flags;
  }
}

/**
 * The value of metric i as a JavaScript value; 64-bit integers as number where that is exact, else as bigint.
 * @throws FplusError `sparkplug.malformed` where the carrier does not fit the type
 */
export function valueAt(i: number, type: number): SampleValue {
  const shape = metrics.shape[i]!;
  const carrier = carrierOf(shape);
  if ((shape & Shape.Null) !== 0 || carrier === Carrier.None) return null;
  if (type === ValueType.Boolean) return numberAt(i, type) !== 0;
  if (isNumeric(type)) return numberAt(i, type);
  if (!isInt64(type)) return objectAt(i, type);
  if (carrier !== Carrier.Long && carrier !== Carrier.Int) throw misfit(i, type);
  const lo = metrics.words[2 * i]!;
  const hi = carrier === Carrier.Long ? metrics.words[2 * i + 1]! : type === ValueType.Int64 ? (lo >> 31) >>> 0 : 0;
  return wideNumber(lo, hi, type === ValueType.Int64);
}

function numberAt(i: number, type: number): number {
  const carrier = carrierOf(metrics.shape[i]!);
  if (carrier === Carrier.Double || carrier === Carrier.Float) return metrics.real[i]!;
  if (carrier > Carrier.Boolean) throw misfit(i, type);
  return integer(metrics.words[2 * i]!, carrier === Carrier.Long ? metrics.words[2 * i + 1]! : 0, type);
}

function objectAt(i: number, type: number): string | object {
  const carrier = carrierOf(metrics.shape[i]!);
  const start = metrics.words[2 * i]!;
  const end = metrics.words[2 * i + 1]!;
  switch (carrier) {
    case Carrier.String:
      return textAt(start, end);
    case Carrier.Bytes:
      return isArrayType(type) ? unpackArray(type, BYTES.subarray(start, end)) : BYTES.slice(start, end);
    case Carrier.DataSet:
      return readDataSet(start, end);
    case Carrier.Template:
      return readTemplate(start, end, i < head.count ? head.count : i + 1);
    case Carrier.Extension:
      return BYTES.slice(start, end);
    default:
      throw misfit(i, type);
  }
}

function misfit(i: number, type: number): FplusError {
  return new FplusError("sparkplug.malformed", `a value of type ${type} came in the field of another`, {
    field: metricName(i),
  });
}
