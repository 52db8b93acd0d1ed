import { nanoseconds, wholeMilliseconds } from "./timestamp.ts";
import { Carrier, head, metrics, Shape } from "./workbench.ts";
import { joinParts } from "./joined-parts.ts";
import { WireReader } from "./wire-reader.ts";

const TAG = {
  name: 0x0a,
  alias: 0x10,
  timestamp: 0x18,
  datatype: 0x20,
  historical: 0x28,
  transient: 0x30,
  isNull: 0x38,
  metadata: 0x42,
  properties: 0x4a,
  int: 0x50,
  long: 0x58,
  float: 0x65,
  double: 0x69,
  boolean: 0x70,
  string: 0x7a,
  bytes: 0x82,
  dataset: 0x8a,
  template: 0x92,
  extension: 0x9a,
} as const;

const reader = new WireReader();

/**
 * Reads metric i from a slice of the workbench, field by field in any order, by the letter of Protocol Buffers: a field
 * that comes twice counts the last time, parts of a sub-message that come apart are joined, an unknown field is passed
 * over. Returns the metric's shape; a metric that cannot be read is `Broken`, and its fault noted in the head.
 */
export function readMetric(i: number, start: number, end: number): number {
  let shape = 0;
  let carrier: number = Carrier.None;
  let valueRun = start;
  let propertyParts = 0;
  let metadataParts = 0;
  let valueParts = 0;
  const setCarrier = (next: number, at: number): void => {
    // Another member of the oneof ends the parts of a sub-message before it.
    if (next !== carrier) {
      valueRun = at;
      valueParts = 0;
    }
    carrier = next;
    valueParts += 1;
  };
  reader.open(start, end);
  while (reader.more) {
    const at = reader.at;
    const tag = reader.tag();
    switch (tag) {
      case TAG.name:
        metrics.nameEnd[i] = reader.sliceEnd();
        metrics.nameStart[i] = reader.at;
        reader.at = metrics.nameEnd[i]!;
        shape |= Shape.HasName;
        break;
      case TAG.alias:
        metrics.alias[i] = reader.number();
        shape |= Shape.HasAlias;
        break;
      case TAG.timestamp:
        reader.varint();
        metrics.timeMs[i] = wholeMilliseconds(reader.lo, reader.hi);
        metrics.timeNs[i] = nanoseconds;
        shape |= Shape.HasTime;
        break;
      case TAG.datatype:
        reader.varint();
        shape = (shape & ~Shape.Datatype) | (reader.hi === 0 && reader.lo < 0xff ? reader.lo : 0xff);
        break;
      case TAG.historical:
        shape = withFlag(shape, Shape.Historical);
        break;
      case TAG.transient:
        shape = withFlag(shape, Shape.Transient);
        break;
      case TAG.isNull:
        shape = withFlag(shape, Shape.Null);
        break;
      case TAG.metadata:
        metrics.metadataEnd[i] = reader.sliceEnd();
        metrics.metadataStart[i] = reader.at;
        reader.at = metrics.metadataEnd[i]!;
        metadataParts += 1;
        shape |= Shape.HasMetadata;
        break;
      case TAG.properties:
        metrics.propertiesEnd[i] = reader.sliceEnd();
        metrics.propertiesStart[i] = reader.at;
        reader.at = metrics.propertiesEnd[i]!;
        propertyParts += 1;
        shape |= Shape.HasProperties;
        break;
      case TAG.int:
        setCarrier(Carrier.Int, at);
        readWords(i);
        break;
      case TAG.long:
        setCarrier(Carrier.Long, at);
        readWords(i);
        break;
      case TAG.float:
        setCarrier(Carrier.Float, at);
        metrics.real[i] = reader.float();
        break;
      case TAG.double:
        setCarrier(Carrier.Double, at);
        metrics.real[i] = reader.double();
        break;
      case TAG.boolean:
        setCarrier(Carrier.Boolean, at);
        metrics.words[2 * i] = reader.bool() ? 1 : 0;
        metrics.words[2 * i + 1] = 0;
        break;
      case TAG.string:
        setCarrier(Carrier.String, at);
        readSlice(i);
        break;
      case TAG.bytes:
        setCarrier(Carrier.Bytes, at);
        readSlice(i);
        break;
      case TAG.dataset:
        setCarrier(Carrier.DataSet, at);
        readSlice(i);
        break;
      case TAG.template:
        setCarrier(Carrier.Template, at);
        readSlice(i);
        break;
      case TAG.extension:
        setCarrier(Carrier.Extension, at);
        readSlice(i);
        break;
      default:
        reader.skip(tag);
        shape |= Shape.HasUnknown;
    }
  }
  if (reader.fault !== "") {
    if (head.broken === 0) head.firstFault = reader.error();
    head.broken += 1;
    return Shape.Broken;
  }
  if (propertyParts > 1) {
    metrics.propertiesStart[i] = joinParts(start, end, TAG.properties);
    metrics.propertiesEnd[i] = head.joinedEnd;
  }
  if (metadataParts > 1) {
    metrics.metadataStart[i] = joinParts(start, end, TAG.metadata);
    metrics.metadataEnd[i] = head.joinedEnd;
  }
  if (valueParts > 1 && (carrier === Carrier.DataSet || carrier === Carrier.Template)) {
    metrics.words[2 * i] = joinParts(valueRun, end, carrier === Carrier.DataSet ? TAG.dataset : TAG.template);
    metrics.words[2 * i + 1] = head.joinedEnd;
  }
  return shape | (carrier << Shape.CarrierShift);
}

function withFlag(shape: number, flag: number): number {
  return reader.bool() ? shape | flag : shape & ~flag;
}

function readWords(i: number): void {
  reader.varint();
  metrics.words[2 * i] = reader.lo;
  metrics.words[2 * i + 1] = reader.hi;
}

function readSlice(i: number): void {
  const end = reader.sliceEnd();
  metrics.words[2 * i] = reader.at;
  metrics.words[2 * i + 1] = end;
  reader.at = end;
}
