import { FplusError } from "../../errors/index.ts";
import { isInt64, isNumeric, type SampleValue, ValueType, valueTypeName } from "../../sample/index.ts";
import { readDataSet } from "./dataset.ts";
import { integer, wideNumber } from "./integer.ts";
import { readMetaData } from "./metadata.ts";
import { readMetric } from "./metric-fields.ts";
import { isArrayType, unpackArray } from "./packed-array.ts";
import type { PlainMetric } from "./plain-metric.ts";
import { propertiesOf, PROPERTY_FIELDS } from "./properties.ts";
import { readScalar } from "./scalar-fields.ts";
import type { Template, TemplateParameter } from "./template.ts";
import { metricName, textAt } from "./text.ts";
import { WireReader } from "./wire-reader.ts";
import { BYTES, Carrier, carrierOf, head, MAX_DEPTH, metrics, Shape } from "./workbench.ts";

/** What a value without a datatype can only be. */
const TYPE_OF_CARRIER: readonly number[] = [
  ValueType.Unknown,
  ValueType.UInt32,
  ValueType.UInt64,
  ValueType.Float,
  ValueType.Double,
  ValueType.Boolean,
  ValueType.String,
  ValueType.Bytes,
  ValueType.DataSet,
  ValueType.Template,
  ValueType.Bytes,
];

const { shape: shapes, real, words } = metrics;
const TEMPLATE_TAG = { version: 0x0a, metric: 0x12, parameter: 0x1a, ref: 0x22, isDefinition: 0x28 } as const;

/** The datatype of metric i: its own, else the one given (of its birth), else what its carrier tells. */
export function typeOf(i: number, birthType: number): number {
  const shape = shapes[i]!;
  const own = shape & Shape.Datatype;
  if (own !== 0 && own <= ValueType.DateTimeArray) return own;
  return birthType !== 0 ? birthType : TYPE_OF_CARRIER[carrierOf(shape)]!;
}

/**
 * The value of metric i as a JavaScript value; 64-bit integers as number where that is exact, else as bigint.
 * @throws FplusError `sparkplug.malformed` where the carrier does not fit the type
 */
export function valueAt(i: number, type: number): SampleValue {
  const shape = shapes[i]!;
  const carrier = carrierOf(shape);
  if ((shape & Shape.Null) !== 0 || carrier === Carrier.None) return null;
  if (type === ValueType.Boolean) return numberAt(i, type) !== 0;
  if (isNumeric(type)) return numberAt(i, type);
  if (!isInt64(type)) return objectAt(i, type);
  if (carrier !== Carrier.Long && carrier !== Carrier.Int) throw misfit(i, type);
  const lo = words[2 * i]!;
  const hi = carrier === Carrier.Long ? words[2 * i + 1]! : type === ValueType.Int64 ? (lo >> 31) >>> 0 : 0;
  return wideNumber(lo, hi, type === ValueType.Int64);
}

/** @throws FplusError `sparkplug.malformed` where the carrier holds no number */
export function numberAt(i: number, type: number): number {
  const carrier = carrierOf(shapes[i]!);
  if (carrier === Carrier.Double || carrier === Carrier.Float) return real[i]!;
  if (carrier > Carrier.Boolean) throw misfit(i, type);
  return integer(words[2 * i]!, carrier === Carrier.Long ? words[2 * i + 1]! : 0, type);
}

/** What is not a number. @throws FplusError `sparkplug.malformed` where the carrier does not fit the type */
export function objectAt(i: number, type: number): string | object {
  const carrier = carrierOf(shapes[i]!);
  const start = words[2 * i]!;
  const end = words[2 * i + 1]!;
  switch (carrier) {
    case Carrier.String:
      return textAt(start, end);
    case Carrier.Bytes:
      return isArrayType(type) ? unpackArray(type, BYTES.subarray(start, end)) : BYTES.slice(start, end);
    case Carrier.DataSet:
      return readDataSet(start, end);
    case Carrier.Template:
      return readTemplate(start, end, i < head.count ? head.count : i + 1);
    case Carrier.Extension:
      return BYTES.slice(start, end);
    default:
      throw misfit(i, type);
  }
}

/** A value that its carrier cannot hold. */
export function misfit(i: number, type: number): FplusError {
  return new FplusError("sparkplug.malformed", `a value of type ${type} came in the field of another`, {
    field: metricName(i),
  });
}

/**
 * Metric i of the workbench as a plain object.
 * @throws FplusError `sparkplug.malformed`, `sparkplug.limit`
 */
export function plainMetric(i: number): PlainMetric {
  const shape = metrics.shape[i]!;
  const type = typeOf(i, 0);
  const metric: PlainMetric = { value: valueAt(i, type), type: valueTypeName(type) };
  if ((shape & Shape.HasName) !== 0) metric.name = metricName(i);
  if ((shape & Shape.HasAlias) !== 0) metric.alias = metrics.alias[i]!;
  if ((shape & Shape.HasTime) !== 0) metric.timestamp = metrics.timeMs[i]! + metrics.timeNs[i]! / 1e6;
  if ((shape & Shape.Historical) !== 0) metric.isHistorical = true;
  if ((shape & Shape.Transient) !== 0) metric.isTransient = true;
  if ((shape & Shape.HasMetadata) !== 0) {
    metric.metadata = readMetaData(metrics.metadataStart[i]!, metrics.metadataEnd[i]!);
  }
  const properties = propertiesOf(i);
  if (properties !== undefined) metric.properties = properties;
  return metric;
}

/**
 * Reads a template. Its metrics are read one after the other in the place `slot` of the workbench; those of templates
 * within it in the places behind.
 * @throws FplusError `sparkplug.malformed`, `sparkplug.limit`
 */
export function readTemplate(start: number, end: number, slot: number): Template {
  if (slot - head.count >= MAX_DEPTH) {
    throw new FplusError("sparkplug.limit", `templates nested deeper than ${MAX_DEPTH}`, { offset: start });
  }
  const reader = new WireReader().open(start, end);
  const found: PlainMetric[] = [];
  const parameters: TemplateParameter[] = [];
  let version: string | undefined;
  let templateRef: string | undefined;
  let isDefinition: boolean | undefined;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === TEMPLATE_TAG.isDefinition) isDefinition = reader.bool();
    else if (
      tag === TEMPLATE_TAG.version ||
      tag === TEMPLATE_TAG.ref ||
      tag === TEMPLATE_TAG.metric ||
      tag === TEMPLATE_TAG.parameter
    ) {
      const sliceEnd = reader.sliceEnd();
      if (tag === TEMPLATE_TAG.version) version = textAt(reader.at, sliceEnd);
      else if (tag === TEMPLATE_TAG.ref) templateRef = textAt(reader.at, sliceEnd);
      else if (tag === TEMPLATE_TAG.parameter) parameters.push(readParameter(reader.at, sliceEnd));
      else found.push(readMember(reader.at, sliceEnd, slot));
      reader.at = sliceEnd;
    } else reader.skip(tag);
  }
  reader.check();
  return {
    ...(version === undefined ? {} : { version }),
    ...(templateRef === undefined ? {} : { templateRef }),
    ...(isDefinition === undefined ? {} : { isDefinition }),
    metrics: found,
    parameters,
  };
}

function readMember(start: number, end: number, slot: number): PlainMetric {
  const shape = readMetric(slot, start, end);
  metrics.shape[slot] = shape;
  if ((shape & Shape.Broken) !== 0) {
    throw new FplusError("sparkplug.malformed", "a metric of a template cannot be read", {
      offset: start,
      cause: head.firstFault,
    });
  }
  return plainMetric(slot);
}

function readParameter(start: number, end: number): TemplateParameter {
  const reader = new WireReader().open(start, end);
  let name = "";
  let type = 0;
  let value: SampleValue = null;
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x0a) {
      const sliceEnd = reader.sliceEnd();
      name = textAt(reader.at, sliceEnd);
      reader.at = sliceEnd;
    } else if (tag === 0x10) type = reader.varint();
    else {
      const scalar = readScalar(reader, tag, PROPERTY_FIELDS, type);
      if (scalar === undefined) reader.skip(tag);
      else value = scalar;
    }
  }
  reader.check();
  return { name, type: valueTypeName(type), value };
}
