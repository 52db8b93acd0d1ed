import { FplusError } from "../errors/index.ts";
import { type SampleBatch, SampleFlag, ValueType } from "../sample/index.ts";
import { isArrayType, unpackArray } from "./packed-array.ts";
import { Carrier, type DecodedPayload, MetricFlag } from "./payload.ts";
import { wordsToNumber } from "./wire-reader.ts";

/**
 * Adds metric i of a payload to a batch. `type` is the metric's datatype, or that of its birth where DATA has none.
 * Signed integers come out of their unsigned carriers, whichever width their sender used; a metric without a value is null.
 * @throws FplusError `sparkplug.malformed` where the carrier does not fit the type (the batch is left as it was)
 */
export function addMetric(
  payload: DecodedPayload,
  i: number,
  type: number,
  signal: number,
  status: number,
  batch: SampleBatch,
  fallbackMs: number,
): void {
  const flags = payload.flags[i]!;
  const timed = (flags & MetricFlag.HasTime) !== 0;
  const timeMs = timed ? payload.metricMs[i]! : payload.timeMs >= 0 ? payload.timeMs : fallbackMs;
  const timeNs = timed ? payload.metricNs[i]! : payload.timeMs >= 0 ? payload.timeNs : 0;
  const isNull = (flags & MetricFlag.Null) !== 0 || payload.carrier[i] === Carrier.None;
  const value = isNull || isWord(type, payload.carrier[i]!) ? undefined : refOf(payload, i, type);

  const at = batch.add(signal, type, timeMs, timeNs, status);
  batch.flags[at] = (isNull ? SampleFlag.Null : 0) | (flags & (MetricFlag.Historical | MetricFlag.Transient));
  if (isNull) return;
  if (value !== undefined) batch.ref[at] = value;
  else if (type === ValueType.Int64 || type === ValueType.UInt64) {
    batch.u64[at] = (BigInt(payload.hi[i]!) << 32n) | BigInt(payload.lo[i]!);
    if (type === ValueType.Int64 && payload.carrier[i] === Carrier.Int) batch.i64[at] = BigInt(payload.lo[i]! | 0);
  } else batch.f64[at] = numberOf(payload, i, type);
}

/** True where the value is read from the words of a number rather than from bytes. */
function isWord(type: number, carrier: number): boolean {
  return (carrier <= Carrier.Boolean && type <= ValueType.Boolean) || type === ValueType.DateTime;
}

function numberOf(payload: DecodedPayload, i: number, type: number): number {
  const carrier = payload.carrier[i]!;
  const lo = payload.lo[i]!;
  switch (carrier) {
    case Carrier.Float:
    case Carrier.Double:
      return payload.real[i]!;
    case Carrier.Boolean:
      return lo !== 0 || payload.hi[i] !== 0 ? 1 : 0;
    case Carrier.Int:
    case Carrier.Long:
      break;
    default:
      throw misfit(payload, i, type);
  }
  switch (type) {
    case ValueType.Int8:
      return (lo << 24) >> 24;
    case ValueType.Int16:
      return (lo << 16) >> 16;
    case ValueType.Int32:
      return lo | 0;
    case ValueType.UInt8:
      return lo & 0xff;
    case ValueType.UInt16:
      return lo & 0xffff;
    case ValueType.UInt32:
      return lo;
    case ValueType.Boolean:
      return lo !== 0 ? 1 : 0;
    default:
      return wordsToNumber(lo, payload.hi[i]!);
  }
}

function refOf(payload: DecodedPayload, i: number, type: number): string | object {
  const carrier = payload.carrier[i]!;
  if (carrier === Carrier.String) return payload.text(i);
  if (carrier === Carrier.Bytes && isArrayType(type)) return unpackArray(type, payload.slice(i));
  // A copy: the payload's bytes belong to the network buffer.
  if (carrier >= Carrier.Bytes) return new Uint8Array(payload.slice(i));
  throw misfit(payload, i, type);
}

function misfit(payload: DecodedPayload, i: number, type: number): FplusError {
  return new FplusError("sparkplug.malformed", `a value of type ${type} came in the field of another`, {
    field: payload.name(i),
  });
}
