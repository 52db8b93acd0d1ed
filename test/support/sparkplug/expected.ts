import { ValueType, valueTypeName } from "../../../lib/sample/index.ts";
import { unpackArray } from "../../../lib/sparkplug/index.ts";
import type { RawPayload } from "./schema.ts";

/** What a metric must come to, worked out from another decoder's fields by the words of the specification. */
export class Unreadable extends Error {}

type Raw = Readonly<Record<string, unknown>>;

const CARRIERS: Readonly<Record<string, number>> = {
  int_value: ValueType.UInt32,
  long_value: ValueType.UInt64,
  float_value: ValueType.Float,
  double_value: ValueType.Double,
  boolean_value: ValueType.Boolean,
  string_value: ValueType.String,
  bytes_value: ValueType.Bytes,
  dataset_value: ValueType.DataSet,
  template_value: ValueType.Template,
  extension_value: ValueType.Bytes,
};
const WIDTHS: Readonly<Record<number, readonly [bits: number, signed: boolean]>> = {
  [ValueType.Int8]: [8, true],
  [ValueType.Int16]: [16, true],
  [ValueType.Int32]: [32, true],
  [ValueType.UInt8]: [8, false],
  [ValueType.UInt16]: [16, false],
  [ValueType.UInt32]: [32, false],
};

/**
 * The plain metrics of a payload, in order; those that cannot be read are `undefined`.
 */
export function expectedMetrics(payload: RawPayload): unknown[] {
  return ((payload["metrics"] ?? []) as Raw[]).map((raw) => {
    try {
      return expectedMetric(raw);
    } catch (error) {
      if (error instanceof Unreadable) return undefined;
      throw error;
    }
  });
}

function expectedMetric(raw: Raw): unknown {
  const carrier = Object.keys(raw).find((key) => key in CARRIERS);
  const own = Number(raw["datatype"] ?? 0);
  const type = own > 0 && own <= 34 ? own : carrier === undefined ? 0 : CARRIERS[carrier]!;
  const value = raw["is_null"] === true || carrier === undefined ? null : expectedValue(carrier, raw[carrier], type);
  const { name, alias, timestamp, metadata, properties } = raw;
  return {
    value,
    type: valueTypeName(type),
    ...(name === undefined ? {} : { name }),
    ...(alias === undefined ? {} : { alias: Number(alias) }),
    ...(timestamp === undefined ? {} : { timestamp: milliseconds(BigInt(timestamp as string)) }),
    ...(raw["is_historical"] === true ? { isHistorical: true } : {}),
    ...(raw["is_transient"] === true ? { isTransient: true } : {}),
    ...(metadata === undefined ? {} : { metadata: expectedMetaData(metadata as Raw) }),
    ...(properties === undefined ? {} : { properties: expectedProperties(properties as Raw) }),
  };
}

function milliseconds(time: bigint): number {
  return time < 10n ** 15n ? Number(time) : Number(time / 1_000_000n) + Number(time % 1_000_000n) / 1e6;
}

function expectedValue(carrier: string, raw: unknown, type: number): unknown {
  switch (carrier) {
    case "float_value":
    case "double_value":
      if (type === ValueType.Boolean) return real(raw) !== 0;
      if (isWide(type) || !isNumber(type)) throw new Unreadable();
      return real(raw);
    case "int_value":
      return expectedInteger(BigInt(raw as number), 32, type);
    case "long_value":
      return expectedInteger(BigInt(raw as string), 64, type);
    case "boolean_value":
      if (isWide(type)) throw new Unreadable();
      return expectedInteger(raw === true ? 1n : 0n, 32, type);
    default:
      if (isNumber(type) || isWide(type)) throw new Unreadable();
      return expectedObject(carrier, raw, type);
  }
}

function expectedObject(carrier: string, raw: unknown, type: number): unknown {
  if (carrier === "string_value") return raw;
  if (carrier === "dataset_value") return expectedDataSet(raw as Raw);
  if (carrier === "template_value") return expectedTemplate(raw as Raw);
  const bytes = new Uint8Array(Buffer.from(raw as string, "base64"));
  if (type < ValueType.Int8Array || carrier === "extension_value") return bytes;
  try {
    return unpackArray(type, bytes);
  } catch {
    throw new Unreadable();
  }
}

/** A number in an unsigned carrier of so many bits. */
function expectedInteger(raw: bigint, bits: number, type: number): unknown {
  if (type === ValueType.Boolean) return raw !== 0n;
  if (type === ValueType.Int64) return exact(BigInt.asIntN(bits, raw));
  if (type === ValueType.UInt64) return exact(raw);
  const width = WIDTHS[type];
  if (width !== undefined) return Number(width[1] ? BigInt.asIntN(width[0], raw) : BigInt.asUintN(width[0], raw));
  if (type === ValueType.DateTime)
    return raw >= 1n << 63n ? Number(BigInt.asIntN(64, raw)) : Number(raw < 10n ** 15n ? raw : raw / 1_000_000n);
  if (type === ValueType.Float || type === ValueType.Double || type === ValueType.Unknown) return Number(raw);
  throw new Unreadable();
}

function expectedMetaData(raw: Raw): unknown {
  const names: Readonly<Record<string, string>> = {
    is_multi_part: "isMultiPart",
    content_type: "contentType",
    file_name: "fileName",
    file_type: "fileType",
  };
  return Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [
      names[key] ?? key,
      key === "size" || key === "seq" ? Number(value) : value,
    ]),
  );
}

function expectedProperties(raw: Raw): unknown {
  const keys = (raw["keys"] ?? []) as string[];
  const values = (raw["values"] ?? []) as Raw[];
  if (keys.length !== values.length) throw new Unreadable();
  const set = {};
  keys.forEach((key, i) =>
    Object.defineProperty(set, key, {
      value: expectedProperty(values[i]!),
      enumerable: true,
      configurable: true,
      writable: true,
    }),
  );
  return set;
}

function expectedProperty(raw: Raw): unknown {
  const type = Number(raw["type"] ?? 0);
  const { propertyset_value: set, propertysets_value: sets } = raw;
  const value =
    set !== undefined
      ? expectedProperties(set as Raw)
      : sets !== undefined
        ? (((sets as Raw)["propertyset"] ?? []) as Raw[]).map(expectedProperties)
        : expectedScalar(raw, type);
  return { type: valueTypeName(type), value: raw["is_null"] === true ? null : value };
}

/** A scalar of a property, parameter or cell: read as its carrier tells where the type does not fit. */
function expectedScalar(raw: Raw, type: number): unknown {
  const carrier = Object.keys(raw).find((key) => key in CARRIERS);
  if (carrier === undefined) return null;
  if (carrier === "float_value" || carrier === "double_value") return real(raw[carrier]);
  if (carrier === "boolean_value" || carrier === "string_value") return raw[carrier];
  const bits = carrier === "int_value" ? 32 : 64;
  const integer = BigInt(raw[carrier] as string);
  return type !== 0 && (isNumber(type) || isWide(type)) ? expectedInteger(integer, bits, type) : exact(integer);
}

function expectedDataSet(raw: Raw): unknown {
  const columns = (raw["columns"] ?? []) as string[];
  const types = (raw["types"] ?? []) as number[];
  const numOfColumns = raw["num_of_columns"] === undefined ? types.length : Number(raw["num_of_columns"]);
  if (numOfColumns !== columns.length || numOfColumns !== types.length) throw new Unreadable();
  const rows = ((raw["rows"] ?? []) as Raw[]).map(({ elements = [] }) =>
    types.map((type, i) => {
      const cell = (elements as Raw[])[i];
      return cell === undefined ? null : expectedScalar(cell, type);
    }),
  );
  return { numOfColumns, columns, types: types.map(valueTypeName), rows };
}

function expectedTemplate(raw: Raw): unknown {
  const { version, template_ref: templateRef, is_definition: isDefinition } = raw;
  const parameters = (raw["parameters"] ?? []) as Raw[];
  return {
    ...(version === undefined ? {} : { version }),
    ...(templateRef === undefined ? {} : { templateRef }),
    ...(isDefinition === undefined ? {} : { isDefinition }),
    metrics: ((raw["metrics"] ?? []) as Raw[]).map(expectedMetric),
    parameters: parameters.map((parameter) => ({
      name: parameter["name"] ?? "",
      type: valueTypeName(Number(parameter["type"] ?? 0)),
      value: expectedScalar(parameter, Number(parameter["type"] ?? 0)),
    })),
  };
}

function exact(wide: bigint): number | bigint {
  return Number.isSafeInteger(Number(wide)) ? Number(wide) : wide;
}

/** JSON of Protocol Buffers has names for what JSON numbers lack. */
function real(raw: unknown): number {
  return Number(raw);
}

function isWide(type: number): boolean {
  return type === ValueType.Int64 || type === ValueType.UInt64;
}

function isNumber(type: number): boolean {
  return (type >= 0 && type <= ValueType.Boolean && !isWide(type)) || type === ValueType.DateTime;
}
