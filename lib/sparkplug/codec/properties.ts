import { FplusError } from "../../errors/index.ts";
import { type SampleValue, Status, valueTypeName } from "../../sample/index.ts";
import { joinParts } from "./joined-parts.ts";
import { readScalar, type ScalarFields } from "./scalar-fields.ts";
import { textAt } from "./text.ts";
import { head, MAX_DEPTH, metrics, Shape } from "./workbench.ts";
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
    if (key === "__proto__") {
      Object.defineProperty(set, key, { value: property, enumerable: true, configurable: true, writable: true });
    } else set[key] = property;
  }
  return set;
}

/** Notes where the keys and values of a set lie, from `base` on; returns how many pairs there are. */
function scan(start: number, end: number, base: number): number {
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

/** Property k; sets in it are noted from `base` on. */
function readProperty(k: number, base: number, depth: number): Property {
  const start = values[2 * k]!;
  const end = values[2 * k + 1]!;
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
