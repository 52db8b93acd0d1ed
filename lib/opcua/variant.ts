import type { DataType, Variant } from "node-opcua";
import { types } from "node:util";
import { fitValue, INTEGER_RANGES, type SampleValue, ValueType, valueTypeName } from "../sample/index.ts";
import { SCALARS } from "./data-value.ts";
import type { EnumTexts } from "./enumeration.ts";
import type { Opcua } from "./load.ts";
import { NODE_ID } from "./tag.ts";
import type { StructureShape, ValueShape } from "./shape.ts";

/** A value as node-opcua holds it, or the sentence why it does not fit. */
type Fitted = { readonly value: unknown } | { readonly fault: string };

/** Elements of an array in row order, and its sizes where it has more than one dimension. */
interface Elements {
  readonly values: readonly unknown[];
  readonly dimensions: readonly number[];
}

/**
 * A value as the server takes it, or the sentence why it does not. Enumerations take their texts, Int64 numbers, text and
 * bigint, structures objects with the server's names of their fields, matrices arrays within arrays; arrays and structures
 * may come as JSON text. Ranges are those that the server states.
 */
export function variantFor(opcua: Opcua, shape: ValueShape, given: unknown): Variant | string {
  if (given === undefined) return "there is no value";
  const value = parsed(opcua, shape, given);
  const isList = isListFor(opcua, shape, value);
  if (!isList && shape.rank >= 0) return "the variable takes an array";
  if (isList && shape.rank === -1) return "the variable takes one value";
  const dataType = sentType(opcua, shape, value);
  if (!isList) {
    const fitted = element(opcua, { ...shape, dataType }, value);
    if ("fault" in fitted) return fitted.fault;
    return new opcua.Variant({ dataType, arrayType: opcua.VariantArrayType.Scalar, value: fitted.value });
  }
  const elements = elementsOf(opcua, shape, value as ArrayLike<unknown>);
  if (typeof elements === "string") return elements;
  const fitted: unknown[] = [];
  for (const one of elements.values) {
    const found = element(opcua, { ...shape, dataType }, one);
    if ("fault" in found) return found.fault;
    fitted.push(found.value);
  }
  const isMatrix = elements.dimensions.length > 1;
  return new opcua.Variant({
    dataType,
    arrayType: isMatrix ? opcua.VariantArrayType.Matrix : opcua.VariantArrayType.Array,
    ...(isMatrix ? { dimensions: [...elements.dimensions] } : {}),
    value: arrayOf(opcua, dataType, fitted),
  });
}

/** Arrays and structures as JSON text, as dialogs and text fields give them. */
function parsed(opcua: Opcua, { rank, dataType }: ValueShape, value: unknown): unknown {
  if (typeof value !== "string" || (rank === -1 && dataType !== opcua.DataType.ExtensionObject)) return value;
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function isListFor(opcua: Opcua, { dataType }: ValueShape, value: unknown): boolean {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && dataType !== opcua.DataType.ByteString);
}

/** An enumeration travels as its number; a variable of any type takes what the value is. */
function sentType({ DataType }: Opcua, { dataType, texts }: ValueShape, value: unknown): DataType {
  if (texts !== undefined) return DataType.Int32;
  if (dataType !== DataType.Variant) return dataType;
  const one: unknown = Array.isArray(value) ? value.flat(Infinity)[0] : value;
  if (typeof one === "boolean") return DataType.Boolean;
  if (typeof one === "bigint") return DataType.Int64;
  if (typeof one === "string") return DataType.String;
  return types.isDate(one) ? DataType.DateTime : DataType.Double;
}

/** Arrays within arrays, one after the other, all of a depth of the same length. */
function elementsOf(opcua: Opcua, shape: ValueShape, list: ArrayLike<unknown>): Elements | string {
  const dimensions: number[] = [];
  const wanted = shape.rank > 1 ? shape.rank : shape.rank === 1 ? 1 : Infinity;
  for (let at: unknown = list; isListFor(opcua, shape, at) && dimensions.length < wanted;) {
    const row = at as ArrayLike<unknown>;
    dimensions.push(row.length);
    at = row[0];
  }
  if (shape.rank > 1 && dimensions.length !== shape.rank)
    return `the variable takes a matrix of ${shape.rank} dimensions`;
  let values: unknown[] = [list];
  for (const size of dimensions) {
    if (values.some((row) => !isListFor(opcua, shape, row) || (row as ArrayLike<unknown>).length !== size))
      return "the rows of a matrix have the same length";
    values = values.flatMap((row) => Array.from(row as ArrayLike<unknown>));
  }
  return { values, dimensions };
}

function element(opcua: Opcua, shape: ValueShape, value: unknown): Fitted {
  const { DataType } = opcua;
  const { dataType, texts, range, structure } = shape;
  if (texts !== undefined) return enumerated(texts, value);
  switch (dataType) {
    case DataType.LocalizedText:
      return { value: opcua.coerceLocalizedText(String(value)) };
    case DataType.QualifiedName:
      return { value: opcua.coerceQualifiedName(String(value)) };
    case DataType.NodeId:
    case DataType.ExpandedNodeId:
      if (typeof value !== "string" || !NODE_ID.test(value)) return { fault: misfit(value, "NodeId like ns=2;s=Name") };
      return { value: opcua.coerceNodeId(value) };
    case DataType.ExtensionObject:
      return structure === undefined
        ? { fault: "the server does not describe the structure that the variable takes" }
        : structured(opcua, structure, value);
  }
  const scalar = SCALARS[dataType] ?? ValueType.Unknown;
  if (scalar === ValueType.Unknown) return { fault: `values of the type ${DataType[dataType]} cannot be written yet` };
  const fitted = value === null ? undefined : fitValue(value, scalar);
  if (fitted === undefined || fitted === null) return { fault: misfit(value, typeText(scalar)) };
  if (range !== undefined && typeof fitted === "number" && (fitted < range[0] || fitted > range[1])) {
    return { fault: `${fitted} is outside of ${range[0]} … ${range[1]}` };
  }
  return { value: native(opcua, dataType, fitted) };
}

function enumerated(texts: EnumTexts, value: unknown): Fitted {
  for (const [number, text] of texts)
    if (value === number || value === text || value === String(number)) return { value: number };
  return { fault: `${String(value).slice(0, 60)} is none of ${[...texts.values()].slice(0, 20).join(", ")}` };
}

/** Every field that the structure has, by the server's name or node-opcua's; a fault names its field. */
function structured(opcua: Opcua, { name, fields, make }: StructureShape, value: unknown): Fitted {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { fault: misfit(value, name) };
  const given = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((one) => !fields.some((field) => field.name === one || field.key === one));
  if (unknown !== undefined) {
    const known = fields.map((field) => field.name).join(", ");
    return { fault: `${name} has no field ${unknown.slice(0, 60)}; it has ${known}` };
  }
  const plain: Record<string, unknown> = {};
  for (const field of fields) {
    const one = given[field.name] ?? given[field.key];
    if (one === undefined && field.optional) continue;
    const fitted = fieldValue(opcua, field, one);
    if ("fault" in fitted) return { fault: `${field.name}: ${fitted.fault}` };
    plain[field.key] = fitted.value;
  }
  return { value: make(plain) };
}

function fieldValue(opcua: Opcua, field: ValueShape, value: unknown): Fitted {
  if (value === undefined) return { fault: "there is no value" };
  const isList = isListFor(opcua, field, value);
  if (field.rank === -1) return isList ? { fault: "the field takes one value" } : element(opcua, field, value);
  if (!isList) return { fault: "the field takes an array" };
  const values: unknown[] = [];
  for (const [i, one] of Array.from(value as ArrayLike<unknown>).entries()) {
    const fitted = element(opcua, field, one);
    if ("fault" in fitted) return { fault: `[${i}]: ${fitted.fault}` };
    values.push(fitted.value);
  }
  return { value: values };
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

function misfit(value: unknown, type: string): string {
  const shown = value === null ? "null" : typeof value === "object" ? "an object" : `${typeof value} ${String(value)}`;
  return `${shown.slice(0, 60)} is no ${type}`;
}

function typeText(type: number): string {
  const range = INTEGER_RANGES[type];
  const hint = range === undefined ? "" : `, a whole number from ${range[0]} to ${range[1]}`;
  return `${valueTypeName(type)}${hint}`;
}
