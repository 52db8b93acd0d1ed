import { FplusError, toFplusError } from "../../errors/index.ts";
import { SampleBatch, ValueType } from "../../sample/index.ts";
import { ALGORITHM_METRIC, type Algorithm, compressed, COMPRESSED_UUID } from "./compression.ts";
import type { DataSet } from "./dataset.ts";
import { METRIC_FIELDS, misfit, typeNamed, writeBytesValue, writeDataSet, writeScalar } from "./encode-value.ts";
import type { MetaData } from "./metadata.ts";
import { isArrayType } from "./packed-array.ts";
import { writeNumbers } from "./plain-number.ts";
import { PROPERTY_FIELDS } from "./properties.ts";
import { MAX_DEPTH } from "./workbench.ts";
import {
  closeField,
  finished,
  openField,
  reserve,
  seek,
  writeByte,
  writeBytes,
  writeText,
  writeTime,
  writeVarint,
  writeWords,
} from "./writer.ts";

/** A 64-bit integer: a number where that is exact, a bigint, or a Long of the package `long`. */
export type Integer = number | bigint | { readonly low: number; readonly high: number };

/** A metric to encode; the names are those of sparkplug-payload. */
export interface MetricInput {
  readonly name?: string | null;
  readonly alias?: Integer | null;
  /** Milliseconds since the epoch. */
  readonly timestamp?: Integer | Date | null;
  /** Name of the type in any case, or its number. */
  readonly type?: string | number;
  readonly value?: unknown;
  readonly isHistorical?: boolean | null;
  readonly isTransient?: boolean | null;
  readonly isNull?: boolean | null;
  readonly metadata?: Readonly<MetaData> | null;
  readonly properties?: PropertySetInput | null;
}
/** A property set to encode: each property with its type and value. */
export type PropertySetInput = Readonly<Record<string, { readonly type: string | number; readonly value: unknown }>>;

/** So many plain numbers are gathered at most before they are written. */
const GATHERED = 256;
/** Their lanes; `signal` holds the aliases. */
const numbers = new SampleBatch(GATHERED);
const EACH: readonly number[] = Array.from({ length: GATHERED }, (_, i) => i);

/** A payload to encode; the names are those of sparkplug-payload. */
export interface PayloadInput {
  readonly timestamp?: Integer | Date | null;
  readonly metrics?: readonly MetricInput[] | null;
  readonly seq?: Integer | null;
  readonly uuid?: string | null;
  readonly body?: Uint8Array | null;
}

interface TemplateInput {
  readonly version?: string | null;
  readonly templateRef?: string | null;
  readonly isDefinition?: boolean | null;
  readonly metrics?: readonly MetricInput[] | null;
  readonly parameters?:
    | readonly { readonly name?: string; readonly type: string | number; readonly value: unknown }[]
    | null;
}

/**
 * Encodes a payload from plain objects.
 * @throws FplusError `sparkplug.encode` naming the metric where a value does not fit its type; `sparkplug.limit`
 */
export function encodePlain(payload: PayloadInput): Uint8Array {
  seek(0);
  if (payload.timestamp !== undefined && payload.timestamp !== null) writeInteger(0x08, payload.timestamp, "timestamp");
  if (payload.metrics !== undefined && payload.metrics !== null) writeMetrics(payload.metrics);
  if (payload.seq !== undefined && payload.seq !== null) writeInteger(0x18, payload.seq, "seq");
  if (payload.uuid !== undefined && payload.uuid !== null) writeText(0x22, payload.uuid);
  if (payload.body !== undefined && payload.body !== null) {
    reserve(8);
    writeByte(0x2a);
    writeBytes(payload.body);
  }
  return finished();
}

/**
 * Encodes a payload as the compressed body of another, as Tahu does.
 * @throws FplusError as `encodePlain`
 */
export function encodeCompressed(payload: PayloadInput, algorithm: Algorithm): Uint8Array {
  const body = compressed(encodePlain(payload), algorithm);
  const { timestamp = null, seq = null } = payload;
  const metrics = [{ name: ALGORITHM_METRIC, type: "String", value: algorithm, timestamp }];
  return encodePlain({ timestamp, metrics, seq, uuid: COMPRESSED_UUID, body });
}

/** Plain numbers are gathered and written together, by the loop that writes samples; the others one by one, in their order. */
function writeMetrics(list: readonly MetricInput[]): void {
  let gathered = 0;
  for (let k = 0; k < list.length; k++) {
    const metric = list[k]!;
    if (gathered < GATHERED && gather(metric, gathered)) {
      gathered += 1;
      continue;
    }
    writeGathered(list, k - gathered, gathered);
    gathered = 0;
    if (gather(metric, 0)) gathered = 1;
    else writeOne(metric);
  }
  writeGathered(list, list.length - gathered, gathered);
}

function writeOne(metric: MetricInput): void {
  reserve(8);
  writeByte(0x12);
  writeMetric(metric, 0);
}

/** Metrics `from` … are in the lanes; what the loop does not take is written one by one. */
function writeGathered(list: readonly MetricInput[], from: number, count: number): void {
  for (let k = 0; k < count; k++) {
    k = writeNumbers(numbers, EACH, numbers.signal, k, count);
    if (k < count) writeOne(list[from + k]!);
  }
}

/** Puts a metric that has nothing but alias, time and a number into the lanes; false where it is something else. */
function gather(metric: MetricInput, n: number): boolean {
  const { name, alias, timestamp, value, type } = metric;
  if (typeof alias !== "number" || typeof timestamp !== "number" || typeof type !== "string") return false;
  if (hasMore(metric) || (name !== undefined && name !== null)) return false;
  const code = typeNamed(type);
  if (code === ValueType.Unknown || code > ValueType.Boolean || (alias | 0) !== alias || alias < 0) return false;
  if (typeof value === "boolean") {
    if (code !== ValueType.Boolean) return false;
    numbers.f64[n] = value ? 1 : 0;
  } else {
    if (typeof value !== "number" || code === ValueType.Boolean) return false;
    if (code !== ValueType.Int64 && code !== ValueType.UInt64) numbers.f64[n] = value;
    else if ((value | 0) !== value || (value < 0 && code === ValueType.UInt64)) return false;
    else {
      numbers.words[2 * n] = value;
      numbers.words[2 * n + 1] = value >> 31;
    }
  }
  numbers.signal[n] = alias;
  numbers.timeMs[n] = timestamp;
  numbers.type[n] = code;
  return true;
}

/** Whether a metric carries something beside alias, time and value. */
function hasMore({ isHistorical, isTransient, isNull, metadata, properties }: MetricInput): boolean {
  return (
    (isHistorical ?? false) || (isTransient ?? false) || (isNull ?? false) || (metadata ?? properties ?? null) !== null
  );
}

function writeMetric(metric: MetricInput, depth: number): void {
  const { name, alias, timestamp, value, metadata, properties } = metric;
  const type = typeNamed(metric.type);
  reserve(64);
  const start = openField();
  try {
    if (type === ValueType.Unknown)
      throw new FplusError("sparkplug.encode", `${String(metric.type)} is no type of Sparkplug`);
    if (name !== undefined && name !== null) writeText(0x0a, name);
    if (alias !== undefined && alias !== null) writeInteger(0x10, alias, "alias");
    if (timestamp !== undefined && timestamp !== null) writeInteger(0x18, timestamp, "timestamp");
    writeByte(0x20);
    writeVarint(type);
    if (metric.isHistorical === true) writeFlag(0x28);
    if (metric.isTransient === true) writeFlag(0x30);
    const isNull = value === null || value === undefined || metric.isNull === true;
    if (isNull) writeFlag(0x38);
    if (metadata !== undefined && metadata !== null) writeMetaData(metadata);
    if (properties !== undefined && properties !== null) {
      reserve(8);
      writeByte(0x4a);
      writeProperties(properties, depth);
    }
    if (!isNull) writeValue(type, value, depth);
  } catch (error) {
    const fault = toFplusError("sparkplug.encode", error);
    if (fault.field !== undefined) throw fault;
    throw new FplusError(fault.code, fault.message, { field: name ?? `alias ${String(alias)}`, cause: error });
  }
  closeField(start);
}

/** @throws FplusError `sparkplug.encode`, `sparkplug.limit` */
export function writeValue(type: number, value: unknown, depth: number): void {
  if (type === ValueType.DataSet) {
    if (value instanceof Uint8Array) writeRaw(0x8a, value);
    else writeDataSet(value as DataSet);
  } else if (type === ValueType.Template) {
    if (value instanceof Uint8Array) writeRaw(0x92, value);
    else writeTemplate(value as TemplateInput, depth + 1);
  } else if (type === ValueType.Bytes || type === ValueType.File || isArrayType(type)) writeBytesValue(type, value);
  else writeScalar(METRIC_FIELDS, type, value);
}

function writeRaw(tag: number, bytes: Uint8Array): void {
  reserve(8);
  writeByte(tag);
  writeByte(0x01);
  writeBytes(bytes);
}

function writeTemplate(template: TemplateInput, depth: number): void {
  if (depth > MAX_DEPTH) throw new FplusError("sparkplug.encode", `templates nested deeper than ${MAX_DEPTH}`);
  reserve(16);
  writeByte(0x92);
  writeByte(0x01);
  const start = openField();
  if (template.version !== undefined && template.version !== null) writeText(0x0a, template.version);
  for (const metric of template.metrics ?? []) {
    reserve(8);
    writeByte(0x12);
    writeMetric(metric, depth);
  }
  for (const { name = "", type, value } of template.parameters ?? []) {
    reserve(16);
    writeByte(0x1a);
    const parameter = openField();
    writeText(0x0a, name);
    const code = typeNamed(type);
    writeByte(0x10);
    writeVarint(code);
    if (value !== null && value !== undefined) writeScalar(PROPERTY_FIELDS, code, value);
    closeField(parameter);
  }
  if (template.templateRef !== undefined && template.templateRef !== null) writeText(0x22, template.templateRef);
  if (template.isDefinition !== undefined && template.isDefinition !== null) {
    reserve(8);
    writeByte(0x28);
    writeByte(template.isDefinition ? 1 : 0);
  }
  closeField(start);
}

/** The content of a property set and its length. */
function writeProperties(properties: PropertySetInput, depth: number): void {
  if (depth > MAX_DEPTH) throw new FplusError("sparkplug.encode", `properties nested deeper than ${MAX_DEPTH}`);
  const start = openField();
  const keys = Object.keys(properties);
  for (const key of keys) writeText(0x0a, key);
  for (const key of keys) {
    const { type, value } = properties[key]!;
    const code = typeNamed(type);
    reserve(32);
    writeByte(0x12);
    const property = openField();
    writeByte(0x08);
    writeVarint(code);
    if (value === null || value === undefined) writeFlag(0x10);
    else if (code === ValueType.PropertySet) {
      writeByte(0x4a);
      writeProperties(value as PropertySetInput, depth + 1);
    } else if (code === ValueType.PropertySetList) writePropertySets(value, depth + 1);
    else if (code === ValueType.Unknown) throw misfit(code, value);
    else writeScalar(PROPERTY_FIELDS, code, value);
    closeField(property);
  }
  closeField(start);
}

function writePropertySets(value: unknown, depth: number): void {
  if (!Array.isArray(value)) throw misfit(ValueType.PropertySetList, value);
  writeByte(0x52);
  const start = openField();
  for (const set of value as PropertySetInput[]) {
    reserve(8);
    writeByte(0x0a);
    writeProperties(set, depth);
  }
  closeField(start);
}

function writeMetaData(metadata: Readonly<MetaData>): void {
  reserve(32);
  writeByte(0x42);
  const start = openField();
  if (metadata.isMultiPart !== undefined) {
    writeByte(0x08);
    writeByte(metadata.isMultiPart ? 1 : 0);
  }
  if (metadata.contentType !== undefined) writeText(0x12, metadata.contentType);
  if (metadata.size !== undefined) writeInteger(0x18, metadata.size, "size");
  if (metadata.seq !== undefined) writeInteger(0x20, metadata.seq, "seq");
  if (metadata.fileName !== undefined) writeText(0x2a, metadata.fileName);
  if (metadata.fileType !== undefined) writeText(0x32, metadata.fileType);
  if (metadata.md5 !== undefined) writeText(0x3a, metadata.md5);
  if (metadata.description !== undefined) writeText(0x42, metadata.description);
  closeField(start);
}

function writeFlag(tag: number): void {
  writeByte(tag);
  writeByte(1);
}

function writeInteger(tag: number, value: Integer | Date, field: string): void {
  reserve(16);
  if (typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
    writeTime(tag, value);
    return;
  }
  writeByte(tag);
  if (typeof value === "bigint" && value >= 0n && value < 1n << 64n) {
    writeWords(Number(value & 0xffff_ffffn), Number(value >> 32n));
  } else if (value instanceof Date) writeVarint(Math.max(0, value.getTime()));
  else if (typeof value === "object" && typeof value.low === "number") writeWords(value.low, value.high);
  else throw new FplusError("sparkplug.encode", `${String(value)} is no unsigned integer`, { field });
}
