import type { DataValue, Variant } from "node-opcua";
import { type SampleBatch, SampleFlag, ValueType } from "../sample/index.ts";
import type { EnumTexts } from "./enumeration.ts";
import { type StructureTypes, textOfVariant } from "./structure.ts";

/** OPC UA built-in types (OPC 10000-6 table 1) by their number, as Sparkplug types. */
export const SCALARS: readonly number[] = [
  ValueType.Unknown,
  ValueType.Boolean,
  ValueType.Int8,
  ValueType.UInt8,
  ValueType.Int16,
  ValueType.UInt16,
  ValueType.Int32,
  ValueType.UInt32,
  ValueType.Int64,
  ValueType.UInt64,
  ValueType.Float,
  ValueType.Double,
  ValueType.String,
  ValueType.DateTime,
  ValueType.UUID,
  ValueType.Bytes,
];
/** From a scalar type to the array of it. */
const ARRAYS: Readonly<Record<number, number>> = {
  [ValueType.Boolean]: ValueType.BooleanArray,
  [ValueType.Int8]: ValueType.Int8Array,
  [ValueType.UInt8]: ValueType.UInt8Array,
  [ValueType.Int16]: ValueType.Int16Array,
  [ValueType.UInt16]: ValueType.UInt16Array,
  [ValueType.Int32]: ValueType.Int32Array,
  [ValueType.UInt32]: ValueType.UInt32Array,
  [ValueType.Int64]: ValueType.Int64Array,
  [ValueType.UInt64]: ValueType.UInt64Array,
  [ValueType.Float]: ValueType.FloatArray,
  [ValueType.Double]: ValueType.DoubleArray,
  [ValueType.String]: ValueType.StringArray,
};

/**
 * Adds a DataValue to a batch: source time (server time where there is none), StatusCode, and the value in the type of its
 * Variant. Structures, matrices and everything without a Sparkplug type go as JSON text; a number of an enumeration goes as its text.
 */
export function addDataValue(
  batch: SampleBatch,
  signal: number,
  data: DataValue,
  now: number,
  texts?: EnumTexts,
  structures?: StructureTypes,
): void {
  const time = data.sourceTimestamp ?? data.serverTimestamp;
  const timeMs = time?.getTime() ?? now;
  const variant = data.value as Variant | undefined;
  const isText = texts !== undefined && (variant === undefined || typeof variant.value === "number");
  const type = isText ? ValueType.String : variant === undefined ? ValueType.Unknown : sparkplugType(variant);
  const i = batch.add(signal, type, timeMs, nanosecondsWithin(data), data.statusCode.value >>> 0);
  const value: unknown = variant?.value;
  if (variant === undefined || value === null || value === undefined) {
    batch.flags[i] = SampleFlag.Null;
    return;
  }
  switch (type) {
    case ValueType.Int64:
    case ValueType.UInt64:
      // node-opcua gives them as two words, high first.
      batch.words[2 * i] = (value as readonly [number, number])[1];
      batch.words[2 * i + 1] = (value as readonly [number, number])[0];
      break;
    case ValueType.Boolean:
      batch.f64[i] = value === true ? 1 : 0;
      break;
    case ValueType.DateTime:
      batch.f64[i] = (value as Date).getTime();
      break;
    case ValueType.String:
    case ValueType.UUID:
      batch.ref[i] =
        typeof value === "string" ? value : (texts?.get(value as number) ?? textOfVariant(variant, structures));
      break;
    case ValueType.Bytes:
      batch.ref[i] = new Uint8Array(value as Uint8Array);
      break;
    default:
      if (variant.arrayType === 0) batch.f64[i] = value as number;
      else batch.ref[i] = elements(type, value as ArrayLike<unknown>);
  }
}

/** The Sparkplug type of a Variant; matrices and arrays of other things are text. */
function sparkplugType(variant: Variant): number {
  const scalar = SCALARS[variant.dataType] ?? ValueType.Unknown;
  if (variant.arrayType === 0) return scalar === ValueType.Unknown ? ValueType.String : scalar;
  return variant.arrayType === 1 ? (ARRAYS[scalar] ?? ValueType.String) : ValueType.String;
}

function elements(type: number, values: ArrayLike<unknown>): unknown[] {
  if (type !== ValueType.Int64Array && type !== ValueType.UInt64Array) return Array.from(values);
  return Array.from(values, (value) => {
    const wide = joined(value as readonly [number, number]);
    const exact = type === ValueType.Int64Array ? BigInt.asIntN(64, wide) : wide;
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
  });
}

function joined([high, low]: readonly [number, number]): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** node-opcua keeps what is below a millisecond as picoseconds. */
function nanosecondsWithin({
  sourceTimestamp,
  sourcePicoseconds,
  serverTimestamp,
  serverPicoseconds,
}: DataValue): number {
  const picoseconds = sourceTimestamp !== null ? sourcePicoseconds : serverTimestamp !== null ? serverPicoseconds : 0;
  return Math.floor(picoseconds / 1000);
}
