/**
 * The type of a value. The codes are those of the Sparkplug 3.0 DataType enumeration,
 * so that nothing translates on the hot path; OPC UA built-in types map onto them.
 */
export const ValueType = {
  Unknown: 0,
  Int8: 1,
  Int16: 2,
  Int32: 3,
  Int64: 4,
  UInt8: 5,
  UInt16: 6,
  UInt32: 7,
  UInt64: 8,
  Float: 9,
  Double: 10,
  Boolean: 11,
  String: 12,
  DateTime: 13,
  Text: 14,
  UUID: 15,
  DataSet: 16,
  Bytes: 17,
  File: 18,
  Template: 19,
  PropertySet: 20,
  PropertySetList: 21,
  Int8Array: 22,
  Int16Array: 23,
  Int32Array: 24,
  Int64Array: 25,
  UInt8Array: 26,
  UInt16Array: 27,
  UInt32Array: 28,
  UInt64Array: 29,
  FloatArray: 30,
  DoubleArray: 31,
  BooleanArray: 32,
  StringArray: 33,
  DateTimeArray: 34,
} as const;
/** One of the value types, by its number. */
export type ValueType = (typeof ValueType)[keyof typeof ValueType];

const NAMES: readonly string[] = Object.entries(ValueType)
  .sort((a, b) => a[1] - b[1])
  .map(([name]) => name);

/** `Double` for 10, and so on; `Unknown` for a code out of range. */
export function valueTypeName(type: number): string {
  return NAMES[type] ?? "Unknown";
}

/** The type of a name as the owner's JSON and sparkplug-payload spell it; `Unknown` when there is none. */
export function valueTypeOf(name: string): ValueType {
  return Object.hasOwn(ValueType, name) ? ValueType[name as keyof typeof ValueType] : ValueType.Unknown;
}

/** True where the value lives in the numeric lane as a double (booleans as 0 and 1, DateTime as milliseconds). */
export function isNumeric(type: number): boolean {
  return (type >= ValueType.Int8 && type <= ValueType.Boolean && !isInt64(type)) || type === ValueType.DateTime;
}

/** True where the value lives in the numeric lane as 64 integer bits. */
export function isInt64(type: number): boolean {
  return type === ValueType.Int64 || type === ValueType.UInt64;
}

/** Anything a sample can hold once it is read out as a JavaScript value. */
export type SampleValue = number | bigint | boolean | string | null | Uint8Array | readonly unknown[] | object;

/** Per-sample flags, as bits of the `flags` lane. */
export const SampleFlag = { Null: 1, Historical: 2, Transient: 4 } as const;
