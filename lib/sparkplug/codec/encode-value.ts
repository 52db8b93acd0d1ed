import { FplusError } from "../../errors/index.ts";
import { isInt64, isNumeric, ValueType, valueTypeName } from "../../sample/index.ts";
import { CELL_FIELDS, type DataSet } from "./dataset.ts";
import { type ArrayValue, isArrayType, packArray } from "./packed-array.ts";
import type { ScalarFields } from "./scalar-fields.ts";
import {
  closeField,
  openField,
  reserve,
  writeByte,
  writeBytes,
  writeDouble,
  writeFloat,
  writeText,
  writeVarint,
  writeWords,
} from "./writer.ts";

/** Tags of the scalars of a metric. */
export const METRIC_FIELDS: ScalarFields = {
  int: 0x50,
  long: 0x58,
  float: 0x65,
  double: 0x69,
  boolean: 0x70,
  string: 0x7a,
};

/** The smallest and largest value of the integers up to 32 bits, by type. */
export const LEAST = Float64Array.of(0, -0x80, -0x8000, -0x8000_0000, 0, 0, 0, 0);
/** The largest, as `LEAST`. */
export const MOST = Float64Array.of(0, 0x7f, 0x7fff, 0x7fff_ffff, 0, 0xff, 0xffff, 0xffff_ffff);

/** A Long of the package `long`, which sparkplug-payload takes and gives. */
interface LongLike {
  readonly low: number;
  readonly high: number;
}

/** The type of a name, as sparkplug-payload spells it in any case, with its `Int` and `Long`; also a number. */
export function typeNamed(name: unknown): number {
  if (typeof name === "number") return name;
  if (typeof name !== "string") return ValueType.Unknown;
  return TYPES.get(name) ?? TYPES.get(name.toUpperCase()) ?? ValueType.Unknown;
}

const TYPES = new Map<string, number>([
  ...Object.entries(ValueType),
  ...Object.entries(ValueType).map(([name, type]): [string, number] => [name.toUpperCase(), type]),
  ["INT", ValueType.Int32],
  ["LONG", ValueType.Int64],
]);

/**
 * Writes a scalar as one field. Signed integers go out sign-extended to 32 bits in the unsigned carrier; UInt32 as
 * `long_value`, as the reference implementations send it, because sparkplug-payload cannot read it from `int_value`.
 * @throws FplusError `sparkplug.encode` where the value does not fit the type
 */
export function writeScalar(fields: ScalarFields, type: number, value: unknown): void {
  reserve(32);
  if (isInt64(type)) {
    writeByte(fields.long);
    writeInt64(type, value);
  } else if (isNumeric(type)) writeNumber(fields, type, value);
  else if (typeof value === "string") writeText(fields.string, value);
  else throw misfit(type, value);
}

function writeNumber(fields: ScalarFields, type: number, value: unknown): void {
  switch (type) {
    case ValueType.Double:
      writeByte(fields.double);
      writeDouble(asNumber(type, value));
      break;
    case ValueType.Float:
      writeByte(fields.float);
      writeFloat(asNumber(type, value));
      break;
    case ValueType.Boolean:
      if (typeof value !== "boolean" && value !== 0 && value !== 1) throw misfit(type, value);
      writeByte(fields.boolean);
      writeByte(value ? 1 : 0);
      break;
    case ValueType.DateTime: {
      const ms = Math.floor(value instanceof Date ? value.getTime() : asNumber(type, value));
      if (!Number.isSafeInteger(ms)) throw misfit(type, value);
      writeByte(fields.long);
      writeWords(ms >>> 0, Math.floor(ms / 0x1_0000_0000) >>> 0);
      break;
    }
    default: {
      const number = asNumber(type, value);
      if (!(number >= LEAST[type]! && number <= MOST[type]!) || !Number.isInteger(number)) throw misfit(type, value);
      writeByte(type === ValueType.UInt32 ? fields.long : fields.int);
      writeVarint(number >>> 0);
    }
  }
}

function writeInt64(type: number, value: unknown): void {
  const signed = type === ValueType.Int64;
  if (
    typeof value === "number" &&
    Number.isInteger(value) &&
    value >= (signed ? -(2 ** 63) : 0) &&
    value < 2 ** (signed ? 63 : 64)
  ) {
    writeWords(value >>> 0, Math.floor(value / 0x1_0000_0000) >>> 0);
    return;
  }
  if (typeof value === "bigint") {
    const wide = BigInt.asUintN(64, value);
    if ((signed ? BigInt.asIntN(64, value) : wide) !== value) throw misfit(type, value);
    writeWords(Number(wide & 0xffff_ffffn), Number(wide >> 32n));
    return;
  }
  if (!isLong(value)) throw misfit(type, value);
  writeWords(value.low, value.high);
}

function asNumber(type: number, value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (isLong(value)) return (value.high >>> 0) * 0x1_0000_0000 + (value.low >>> 0);
  throw misfit(type, value);
}

function isLong(value: unknown): value is LongLike {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<LongLike>).low === "number" &&
    typeof (value as Partial<LongLike>).high === "number"
  );
}

/**
 * Writes a packed array or bytes as the value of a metric.
 * @throws FplusError `sparkplug.encode`
 */
export function writeBytesValue(type: number, value: unknown): void {
  let bytes: Uint8Array;
  if (value instanceof Uint8Array && !(isArrayType(type) && type !== ValueType.UInt8Array)) bytes = value;
  else if (isArrayType(type) && (Array.isArray(value) || ArrayBuffer.isView(value))) {
    bytes = packArray(type, Array.from(value as ArrayLike<ArrayValue[number]>));
  } else throw misfit(type, value);
  reserve(8);
  writeByte(0x82);
  writeByte(0x01);
  writeBytes(bytes);
}

/**
 * Writes a data set as the value of a metric.
 * @throws FplusError `sparkplug.encode`
 */
export function writeDataSet(value: DataSet): void {
  const { columns, types, rows } = value;
  if (!Array.isArray(columns) || !Array.isArray(types) || !Array.isArray(rows) || columns.length !== types.length) {
    throw new FplusError("sparkplug.encode", "a data set needs columns, as many types, and rows");
  }
  const codes = types.map((name) => typeNamed(name));
  reserve(32);
  writeByte(0x8a);
  writeByte(0x01);
  const start = openField();
  writeByte(0x08);
  writeVarint(columns.length);
  for (const column of columns) writeText(0x12, column);
  for (const code of codes) {
    reserve(8);
    writeByte(0x18);
    writeVarint(code);
  }
  for (const row of rows) writeRow(row, codes);
  closeField(start);
}

function writeRow(row: readonly unknown[], codes: readonly number[]): void {
  reserve(16);
  writeByte(0x22);
  const start = openField();
  codes.forEach((code, column) => {
    reserve(16);
    writeByte(0x0a);
    const cell = openField();
    const value = row[column];
    // A cell without a value is how null is told.
    if (value !== null && value !== undefined) writeScalar(CELL_FIELDS, code, value);
    closeField(cell);
  });
  closeField(start);
}

/** The error of a value that does not fit its type; the value is shown in part. */
export function misfit(type: number, value: unknown): FplusError {
  const shown =
    typeof value === "object" ? (value === null ? "null" : "an object") : `${typeof value} ${String(value)}`;
  return new FplusError("sparkplug.encode", `${shown.slice(0, 60)} is no ${valueTypeName(type)}`);
}
