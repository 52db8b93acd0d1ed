import { FplusError } from "../../errors/index.ts";
import { isInt64, type SampleValue, Status, ValueType, valueTypeName } from "../../sample/index.ts";
import { joinParts } from "./joined-parts.ts";
import { readScalar, type ScalarFields } from "./scalar-fields.ts";
import { textAt } from "./text.ts";
import { BYTES, head, MAX_DEPTH, metrics, Shape, VIEW } from "./workbench.ts";
import { WireReader } from "./wire-reader.ts";

/** A property as sparkplug-payload shows it. */
export interface Property {
  readonly type: string;
  readonly value: SampleValue | PropertySet | readonly PropertySet[];
}
/** Properties by key, in the order of the message. */
export type PropertySet = Readonly<Record<string, Property>>;

/** The properties of a metric that the suite itself understands. */
export interface KnownProperties {
  /** OPC UA StatusCode for the `Quality` property; undefined where there is none. */
  readonly status: number | undefined;
  /** `engUnit`; undefined where there is none. */
  readonly unit: string | undefined;
}

/** Quality codes of Sparkplug (section 6.4.11). */
export const SparkplugQuality = { Bad: 0, Good: 192, Stale: 500 } as const;

/** Tags of the scalars in a property, and of its other fields. */
export const PROPERTY_FIELDS: ScalarFields = {
  int: 0x18,
  long: 0x20,
  float: 0x2d,
  double: 0x31,
  boolean: 0x38,
  string: 0x42,
};
const TAG = { key: 0x0a, value: 0x12, type: 0x08, isNull: 0x10, set: 0x4a, sets: 0x52 } as const;

const NONE: KnownProperties = { status: undefined, unit: undefined };
const MAX_PROPERTIES = 10_000;

const bytes = BYTES;
const view = VIEW;
/** Keys and values of the sets that are being read, start and end each; nested sets lie behind the outer ones. */
const keys = new Uint32Array(2 * MAX_PROPERTIES);
const values = new Uint32Array(2 * MAX_PROPERTIES);

/**
 * The properties of metric i; undefined where it has none.
 * @throws FplusError `sparkplug.malformed`, `sparkplug.limit`
 */
export function propertiesOf(i: number): PropertySet | undefined {
  if ((metrics.shape[i]! & Shape.HasProperties) === 0) return undefined;
  return readSet(metrics.propertiesStart[i]!, metrics.propertiesEnd[i]!, 0, 0);
}

/**
 * The known properties of metric i.
 * @throws FplusError `sparkplug.malformed`, `sparkplug.limit`
 */
export function knownProperties(i: number): KnownProperties {
  if ((metrics.shape[i]! & Shape.HasProperties) === 0) return NONE;
  const count = scan(metrics.propertiesStart[i]!, metrics.propertiesEnd[i]!, 0);
  let status: number | undefined;
  let unit: string | undefined;
  for (let k = 0; k < count; k++) {
    const key = textAt(keys[2 * k]!, keys[2 * k + 1]!);
    if (key === "Quality") status = statusOfQuality(readProperty(k, count, 0).value);
    else if (key === "engUnit") {
      const { value } = readProperty(k, count, 0);
      unit = value === null ? "" : String(value);
    }
  }
  return { status, unit };
}

/** The Sparkplug quality of a StatusCode. */
export function qualityCode(status: number): number {
  const severity = status >>> 30;
  return severity === 0 ? SparkplugQuality.Good : severity === 1 ? SparkplugQuality.Stale : SparkplugQuality.Bad;
}

function statusOfQuality(quality: unknown): number | undefined {
  if (quality === SparkplugQuality.Good) return Status.Good;
  if (quality === SparkplugQuality.Stale) return Status.UncertainLastUsableValue;
  return quality === SparkplugQuality.Bad ? Status.Bad : undefined;
}

function readSet(start: number, end: number, base: number, depth: number): PropertySet {
  if (depth > MAX_DEPTH)
    throw new FplusError("sparkplug.limit", `properties nested deeper than ${MAX_DEPTH}`, { offset: start });
  const next = base + scan(start, end, base);
  const set: Record<string, Property> = {};
  for (let k = base; k < next; k++) {
    const key = textAt(keys[2 * k]!, keys[2 * k + 1]!);
    const property = readProperty(k, next, depth);
    put(set, key, property);
  }
  return set;
}

/** Sets a property. The names that come most are spelt out: storing by a name that the compiler knows is many times as fast. */
function put(set: Record<string, Property>, key: string, property: Property): void {
  switch (key) {
    case "Quality":
      set["Quality"] = property;
      break;
    case "engUnit":
      set["engUnit"] = property;
      break;
    case "engLow":
      set["engLow"] = property;
      break;
    case "engHigh":
      set["engHigh"] = property;
      break;
    case "documentation":
      set["documentation"] = property;
      break;
    case "__proto__":
      Object.defineProperty(set, key, { value: property, enumerable: true, configurable: true, writable: true });
      break;
    default:
      set[key] = property;
  }
}

/** Notes where the keys and values of a set lie, from `base` on; returns how many pairs there are. */
function scan(start: number, end: number, base: number): number {
  const quick = scanShort(start, end, base);
  if (quick >= 0) return quick;
  const reader = new WireReader().open(start, end);
  let keyAt = base;
  let valueAt = base;
  while (reader.more) {
    const tag = reader.tag();
    if (tag !== TAG.key && tag !== TAG.value) {
      reader.skip(tag);
      continue;
    }
    if (Math.max(keyAt, valueAt) >= MAX_PROPERTIES) {
      throw new FplusError("sparkplug.limit", `more than ${MAX_PROPERTIES} properties`, { offset: start });
    }
    const sliceEnd = reader.sliceEnd();
    const at = tag === TAG.key ? 2 * keyAt++ : 2 * valueAt++;
    const lane = tag === TAG.key ? keys : values;
    lane[at] = reader.at;
    lane[at + 1] = sliceEnd;
    reader.at = sliceEnd;
  }
  reader.check();
  if (keyAt !== valueAt) {
    // Which value belongs to which key cannot be told.
    throw new FplusError("sparkplug.malformed", `${keyAt - base} property keys and ${valueAt - base} values`, {
      offset: start,
    });
  }
  return keyAt - base;
}

/** The same for a set of nothing but keys and values of up to 127 bytes, as nearly all are; -1 where it is none. */
function scanShort(start: number, end: number, base: number): number {
  let keyAt = 2 * base;
  let valueAt = keyAt;
  let p = start;
  if (end - start > 4 * (MAX_PROPERTIES - base)) return -1;
  while (p < end) {
    const tag = bytes[p]!;
    const size = bytes[p + 1]!;
    const sliceEnd = p + 2 + size;
    if (size >= 0x80 || sliceEnd > end) return -1;
    if (tag === TAG.key) {
      keys[keyAt] = p + 2;
      keys[keyAt + 1] = sliceEnd;
      keyAt += 2;
    } else if (tag === TAG.value) {
      values[valueAt] = p + 2;
      values[valueAt + 1] = sliceEnd;
      valueAt += 2;
    } else return -1;
    p = sliceEnd;
  }
  return keyAt === valueAt ? keyAt / 2 - base : -1;
}

/** Property k; sets in it are noted from `base` on. */
function readProperty(k: number, base: number, depth: number): Property {
  const start = values[2 * k]!;
  const end = values[2 * k + 1]!;
  const type = bytes[start + 1]!;
  if (bytes[start] === TAG.type && type < 0x80 && end - start > 3) {
    const value = shortValue(start + 2, end, type);
    if (value !== undefined) return { type: valueTypeName(type), value };
  }
  return readLong(start, end, base, depth);
}

/** A number or text that is the only field from `at` to `end`, in few bytes; undefined where it is something else. */
function shortValue(at: number, end: number, type: number): number | string | undefined {
  const size = bytes[at + 1]!;
  switch (bytes[at]) {
    case PROPERTY_FIELDS.string:
      return size < 0x80 && at + 2 + size === end ? textAt(at + 2, end) : undefined;
    case PROPERTY_FIELDS.double:
      return at + 9 === end ? view.getFloat64(at + 1, true) : undefined;
    case PROPERTY_FIELDS.int: {
      if (type < ValueType.Int16 || type > ValueType.UInt32 || isInt64(type) || type === ValueType.UInt8)
        return undefined;
      if (size < 0x80) return at + 2 === end ? size : undefined;
      const high = bytes[at + 2]!;
      return high < 0x80 && at + 3 === end ? (size & 0x7f) | (high << 7) : undefined;
    }
    default:
      return undefined;
  }
}

/** A property of any form, by the letter. */
function readLong(start: number, end: number, base: number, depth: number): Property {
  const reader = new WireReader().open(start, end);
  let type = 0;
  let isNull = false;
  let value: Property["value"] = null;
  // Where the last set begins, which tag it has, and in how many parts it came since another value.
  let setTag = 0;
  let setStart = 0;
  let setEnd = 0;
  let setRun = 0;
  let setParts = 0;
  while (reader.more) {
    const at = reader.at;
    const tag = reader.tag();
    if (tag === TAG.type) type = reader.varint();
    else if (tag === TAG.isNull) isNull = reader.bool();
    else if (tag === TAG.set || tag === TAG.sets) {
      setEnd = reader.sliceEnd();
      if (tag !== setTag) {
        setRun = at;
        setParts = 0;
      }
      setTag = tag;
      setStart = reader.at;
      setParts += 1;
      reader.at = setEnd;
    } else {
      const scalar = readScalar(reader, tag, PROPERTY_FIELDS, type);
      if (scalar === undefined) reader.skip(tag);
      else {
        value = scalar;
        setTag = 0;
      }
    }
  }
  reader.check();
  if (setTag !== 0) {
    const from = setParts > 1 ? joinParts(setRun, end, setTag) : setStart;
    const to = setParts > 1 ? head.joinedEnd : setEnd;
    value = setTag === TAG.set ? readSet(from, to, base, depth + 1) : readSets(from, to, base, depth + 1);
  }
  return { type: valueTypeName(type), value: isNull ? null : value };
}

function readSets(start: number, end: number, base: number, depth: number): PropertySet[] {
  const reader = new WireReader().open(start, end);
  const sets: PropertySet[] = [];
  while (reader.more) {
    const tag = reader.tag();
    if (tag !== 0x0a) {
      reader.skip(tag);
      continue;
    }
    const setEnd = reader.sliceEnd();
    sets.push(readSet(reader.at, setEnd, base, depth));
    reader.at = setEnd;
  }
  reader.check();
  return sets;
}
