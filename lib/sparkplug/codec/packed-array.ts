import { FplusError } from "../../errors/index.ts";
import { ValueType } from "../../sample/index.ts";

/** Elements of an array value; numbers where they are exact, bigint for 64-bit integers beyond that. */
export type ArrayValue = readonly (number | bigint | boolean | string)[];

type Element = Exclude<ArrayValue[number], boolean | string>;

interface Packing {
  readonly size: number;
  get(view: DataView, at: number): Element;
  set(view: DataView, at: number, value: Element): void;
}

const exact = (wide: bigint): Element => (Number.isSafeInteger(Number(wide)) ? Number(wide) : wide);

/** Fixed-size elements, little endian, one after the other (Sparkplug 3.0 section 6.4.17). */
const PACKINGS: Readonly<Record<number, Packing>> = {
  [ValueType.Int8Array]: { size: 1, get: (v, at) => v.getInt8(at), set: (v, at, x) => v.setInt8(at, Number(x)) },
  [ValueType.Int16Array]: {
    size: 2,
    get: (v, at) => v.getInt16(at, true),
    set: (v, at, x) => v.setInt16(at, Number(x), true),
  },
  [ValueType.Int32Array]: {
    size: 4,
    get: (v, at) => v.getInt32(at, true),
    set: (v, at, x) => v.setInt32(at, Number(x), true),
  },
  [ValueType.Int64Array]: {
    size: 8,
    get: (v, at) => exact(v.getBigInt64(at, true)),
    set: (v, at, x) => v.setBigInt64(at, BigInt(x), true),
  },
  [ValueType.UInt8Array]: { size: 1, get: (v, at) => v.getUint8(at), set: (v, at, x) => v.setUint8(at, Number(x)) },
  [ValueType.UInt16Array]: {
    size: 2,
    get: (v, at) => v.getUint16(at, true),
    set: (v, at, x) => v.setUint16(at, Number(x), true),
  },
  [ValueType.UInt32Array]: {
    size: 4,
    get: (v, at) => v.getUint32(at, true),
    set: (v, at, x) => v.setUint32(at, Number(x), true),
  },
  [ValueType.UInt64Array]: {
    size: 8,
    get: (v, at) => exact(v.getBigUint64(at, true)),
    set: (v, at, x) => v.setBigUint64(at, BigInt(x), true),
  },
  [ValueType.FloatArray]: {
    size: 4,
    get: (v, at) => v.getFloat32(at, true),
    set: (v, at, x) => v.setFloat32(at, Number(x), true),
  },
  [ValueType.DoubleArray]: {
    size: 8,
    get: (v, at) => v.getFloat64(at, true),
    set: (v, at, x) => v.setFloat64(at, Number(x), true),
  },
  [ValueType.DateTimeArray]: {
    size: 8,
    get: (v, at) => exact(v.getBigInt64(at, true)),
    set: (v, at, x) => v.setBigInt64(at, BigInt(x), true),
  },
};

/** Whether a type is one of the packed arrays of Sparkplug 3.0 (6.4.16). */
export function isArrayType(type: number): boolean {
  return type >= ValueType.Int8Array && type <= ValueType.DateTimeArray;
}

/**
 * Reads an array value.
 * @throws FplusError `sparkplug.malformed` where the bytes do not fit the type
 */
export function unpackArray(type: number, bytes: Uint8Array): ArrayValue {
  if (type === ValueType.BooleanArray) return unpackBooleans(bytes);
  if (type === ValueType.StringArray) return unpackStrings(bytes);
  const packing = PACKINGS[type];
  if (packing === undefined || bytes.length % packing.size !== 0) {
    throw new FplusError("sparkplug.malformed", `${bytes.length} bytes are no array of type ${type}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / packing.size }, (_, i) => packing.get(view, i * packing.size));
}

/**
 * Packs an array value.
 * @throws FplusError `sparkplug.encode` where an element does not fit
 */
export function packArray(type: number, values: ArrayValue): Uint8Array {
  try {
    if (type === ValueType.BooleanArray) return packBooleans(values);
    if (type === ValueType.StringArray)
      return new TextEncoder().encode(values.map((value) => `${String(value)}\0`).join(""));
    const packing = PACKINGS[type];
    if (packing === undefined) throw new TypeError(`${type} is no array type`);
    const bytes = new Uint8Array(values.length * packing.size);
    const view = new DataView(bytes.buffer);
    values.forEach((value, i) => packing.set(view, i * packing.size, value as Element));
    return bytes;
  } catch (error) {
    throw new FplusError("sparkplug.encode", `the array does not fit the type ${type}`, { cause: error });
  }
}

/** A count, then bits, the first value in the highest bit. */
function unpackBooleans(bytes: Uint8Array): boolean[] {
  if (bytes.length < 4) throw new FplusError("sparkplug.malformed", "a boolean array has no count");
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (count > (bytes.length - 4) * 8) throw new FplusError("sparkplug.malformed", "a boolean array is cut off");
  return Array.from({ length: count }, (_, i) => (bytes[4 + (i >> 3)]! & (0x80 >> (i & 7))) !== 0);
}

function packBooleans(values: ArrayValue): Uint8Array {
  const bytes = new Uint8Array(4 + Math.ceil(values.length / 8));
  new DataView(bytes.buffer).setUint32(0, values.length, true);
  values.forEach((value, i) => {
    if (value) bytes[4 + (i >> 3)]! |= 0x80 >> (i & 7);
  });
  return bytes;
}

/** Strings, each ended by a zero byte. */
function unpackStrings(bytes: Uint8Array): string[] {
  const text = new TextDecoder().decode(bytes);
  if (text === "") return [];
  const parts = text.split("\0");
  if (parts.at(-1) === "") parts.pop();
  return parts;
}
