import type { DataType, Variant } from "node-opcua";
import { fitValue, INTEGER_RANGES, type SampleValue, ValueType, valueTypeName } from "../sample/index.ts";
import { SCALARS } from "./data-value.ts";
import type { EnumTexts } from "./enumeration.ts";
import type { Opcua } from "./load.ts";

/** What the server says a variable takes. */
export interface VariableType {
  /** The built-in type behind its DataType. */
  readonly dataType: DataType;
  /** ValueRank: 0 and more for arrays only, -1 for one value only, below that either. */
  readonly rank: number;
  /** Texts of its numbers, where it is an enumeration. */
  readonly texts?: EnumTexts;
  /** `EURange`, where it has one. */
  readonly range?: readonly [low: number, high: number];
}

/**
 * A value as the variable takes it, or the sentence why it does not.
 * Enumerations take their texts, Int64 numbers, text and bigint; ranges are those that the server states.
 */
export function variantFor(opcua: Opcua, type: VariableType, value: unknown): Variant | string {
  if (value === undefined) return "there is no value";
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && type.dataType !== opcua.DataType.ByteString);
  if (!isList && type.rank >= 0) return "the variable takes an array";
  if (isList && type.rank === -1) return "the variable takes one value";
  const values = isList ? Array.from(value as ArrayLike<unknown>) : [value];
  const fitted: unknown[] = [];
  for (const one of values) {
    const found = element(opcua, type, one);
    if ("fault" in found) return found.fault;
    fitted.push(found.value);
  }
  return new opcua.Variant({
    dataType: type.texts === undefined ? type.dataType : opcua.DataType.Int32,
    arrayType: isList ? opcua.VariantArrayType.Array : opcua.VariantArrayType.Scalar,
    value: isList ? arrayOf(opcua, type.dataType, fitted) : fitted[0],
  });
}

function element(opcua: Opcua, type: VariableType, value: unknown): { value: unknown } | { fault: string } {
  const { DataType } = opcua;
  const { dataType, texts, range } = type;
  if (texts !== undefined) return enumerated(texts, value);
  if (dataType === DataType.LocalizedText) return { value: opcua.coerceLocalizedText(String(value)) };
  const scalar = SCALARS[dataType] ?? ValueType.Unknown;
  if (scalar === ValueType.Unknown) return { fault: `values of the type ${DataType[dataType]} cannot be written yet` };
  const fitted = value === null ? undefined : fitValue(value, scalar);
  if (fitted === undefined || fitted === null) return { fault: misfit(value, scalar) };
  if (range !== undefined && typeof fitted === "number" && (fitted < range[0] || fitted > range[1])) {
    return { fault: `${fitted} is outside of ${range[0]} … ${range[1]}` };
  }
  return { value: native(opcua, dataType, fitted) };
}

function enumerated(texts: EnumTexts, value: unknown): { value: unknown } | { fault: string } {
  for (const [number, text] of texts) if (value === number || value === text) return { value: number };
  return { fault: `${String(value).slice(0, 60)} is none of ${[...texts.values()].slice(0, 20).join(", ")}` };
}

/** As node-opcua holds it. */
function native(opcua: Opcua, dataType: DataType, value: SampleValue): unknown {
  const { DataType } = opcua;
  if (typeof value === "bigint") {
    const wide = BigInt.asUintN(64, value);
    return [Number(wide >> 32n), Number(wide & 0xffff_ffffn)];
  }
  if (dataType === DataType.DateTime) return new Date(value as number);
  return dataType === DataType.ByteString ? Buffer.from(value as Uint8Array) : value;
}

/** node-opcua wants numbers in the typed array of their width. */
function arrayOf({ DataType }: Opcua, dataType: DataType, values: readonly unknown[]): unknown {
  const numbers = values as number[];
  switch (dataType) {
    case DataType.Double:
      return Float64Array.from(numbers);
    case DataType.Float:
      return Float32Array.from(numbers);
    case DataType.SByte:
      return Int8Array.from(numbers);
    case DataType.Int16:
      return Int16Array.from(numbers);
    case DataType.Int32:
      return Int32Array.from(numbers);
    case DataType.Byte:
      return Uint8Array.from(numbers);
    case DataType.UInt16:
      return Uint16Array.from(numbers);
    case DataType.UInt32:
      return Uint32Array.from(numbers);
    default:
      return values;
  }
}

function misfit(value: unknown, type: number): string {
  const shown = value === null ? "null" : typeof value === "object" ? "an object" : `${typeof value} ${String(value)}`;
  const range = INTEGER_RANGES[type];
  const hint = range === undefined ? "" : `, a whole number from ${range[0]} to ${range[1]}`;
  return `${shown.slice(0, 60)} is no ${valueTypeName(type)}${hint}`;
}
