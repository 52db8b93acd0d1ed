import { isInt64, isNumeric, type SampleValue, ValueType } from "../../sample/index.ts";
import { integer, wideNumber } from "./integer.ts";
import { textAt } from "./text.ts";
import type { WireReader } from "./wire-reader.ts";

/** Field numbers of the scalars in a message that holds a value: they differ between data sets, parameters and properties. */
export interface ScalarFields {
  readonly int: number;
  readonly long: number;
  readonly float: number;
  readonly double: number;
  readonly boolean: number;
  readonly string: number;
}

/**
 * The value of one field if it is a scalar, read as the type given; `undefined` if the field is another one (then the
 * reader has not moved).
 */
export function readScalar(
  reader: WireReader,
  tag: number,
  fields: ScalarFields,
  type: number,
): SampleValue | undefined {
  switch (tag) {
    case fields.int:
      reader.varint();
      return typed(reader.lo, type === ValueType.Int64 ? (reader.lo >> 31) >>> 0 : 0, type || ValueType.UInt32);
    case fields.long:
      reader.varint();
      return typed(reader.lo, reader.hi, type || ValueType.UInt64);
    case fields.float:
      return reader.float();
    case fields.double:
      return reader.double();
    case fields.boolean:
      return reader.bool();
    case fields.string: {
      const end = reader.sliceEnd();
      const text = textAt(reader.at, end);
      reader.at = end;
      return text;
    }
    default:
      return undefined;
  }
}

function typed(lo: number, hi: number, type: number): SampleValue {
  if (type === ValueType.Boolean) return lo !== 0 || hi !== 0;
  if (isInt64(type) || !isNumeric(type)) return wideNumber(lo, hi, type === ValueType.Int64);
  return integer(lo, hi, type);
}
