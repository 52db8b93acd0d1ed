import { createFileRegistry, type DescMessage, fromBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";

/** The wire format of Sparkplug B (specification 3.0, section 6.4): field names and numbers. */
const PROTO = `
syntax = "proto2";
package sparkplug;
message Payload {
  message Template {
    message Parameter {
      optional string name = 1; optional uint32 type = 2;
      oneof value { uint32 int_value = 3; uint64 long_value = 4; float float_value = 5; double double_value = 6;
        bool boolean_value = 7; string string_value = 8; }
    }
    optional string version = 1; repeated Metric metrics = 2; repeated Parameter parameters = 3;
    optional string template_ref = 4; optional bool is_definition = 5;
  }
  message DataSet {
    message DataSetValue {
      oneof value { uint32 int_value = 1; uint64 long_value = 2; float float_value = 3; double double_value = 4;
        bool boolean_value = 5; string string_value = 6; }
    }
    message Row { repeated DataSetValue elements = 1; }
    optional uint64 num_of_columns = 1; repeated string columns = 2; repeated uint32 types = 3; repeated Row rows = 4;
  }
  message PropertyValue {
    optional uint32 type = 1; optional bool is_null = 2;
    oneof value { uint32 int_value = 3; uint64 long_value = 4; float float_value = 5; double double_value = 6;
      bool boolean_value = 7; string string_value = 8; PropertySet propertyset_value = 9;
      PropertySetList propertysets_value = 10; }
  }
  message PropertySet { repeated string keys = 1; repeated PropertyValue values = 2; }
  message PropertySetList { repeated PropertySet propertyset = 1; }
  message MetaData {
    optional bool is_multi_part = 1; optional string content_type = 2; optional uint64 size = 3; optional uint64 seq = 4;
    optional string file_name = 5; optional string file_type = 6; optional string md5 = 7; optional string description = 8;
  }
  message Metric {
    optional string name = 1; optional uint64 alias = 2; optional uint64 timestamp = 3; optional uint32 datatype = 4;
    optional bool is_historical = 5; optional bool is_transient = 6; optional bool is_null = 7;
    optional MetaData metadata = 8; optional PropertySet properties = 9;
    oneof value { uint32 int_value = 10; uint64 long_value = 11; float float_value = 12; double double_value = 13;
      bool boolean_value = 14; string string_value = 15; bytes bytes_value = 16; DataSet dataset_value = 17;
      Template template_value = 18; bytes extension_value = 19; }
  }
  optional uint64 timestamp = 1; repeated Metric metrics = 2; optional uint64 seq = 3; optional string uuid = 4;
  optional bytes body = 5;
}`;

const root = protobuf.parse(PROTO, { keepCase: true }).root;
root.resolveAll();
const jsType = root.lookupType("sparkplug.Payload");
const esType = describe();

/** A payload as JSON of Protocol Buffers: proto field names, 64-bit integers as text, bytes in base64. */
export type RawPayload = Readonly<Record<string, unknown>>;

/** Decoded by protobufjs. @throws what it throws */
export function decodeWithProtobufJs(bytes: Uint8Array): RawPayload {
  return jsType.toObject(jsType.decode(bytes), { json: true, longs: String, bytes: String }) as RawPayload;
}

/** Decoded by protobuf-es. @throws what it throws */
export function decodeWithProtobufEs(bytes: Uint8Array): RawPayload {
  return toJson(esType, fromBinary(esType, bytes), { useProtoFieldName: true }) as RawPayload;
}

/**
 * Whether bytes are Protocol Buffers of this schema by the letter, down to the last sub-message. The two libraries are
 * laxer in places (lengths that reach into a neighbour) and stricter in others (a known field with another wire type,
 * which counts as unknown).
 */
export function isWellFormed(bytes: Uint8Array): boolean {
  return bytes.length > 0 && walks(bytes, 0, bytes.length, jsType);
}

function walks(bytes: Uint8Array, start: number, end: number, type: protobuf.Type | undefined): boolean {
  let at = start;
  const varint = (): bigint | undefined => {
    for (let value = 0n, k = 0n; k < 10n; k++) {
      if (at >= end) return undefined;
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << (7n * k);
      if (byte < 0x80) return value & (2n ** 64n - 1n);
    }
    return undefined;
  };
  const groups: bigint[] = [];
  // Sub-messages of a oneof count only if no other member comes after them, and not at all beside is_null.
  let member = 0;
  let isNull = false;
  let pending: { start: number; end: number; type: protobuf.Type }[] = [];
  while (at < end) {
    const tag = varint();
    if (tag === undefined || tag < 8n || tag >> 3n >= 2n ** 29n) return false;
    const wire = Number(tag & 7n);
    const known = groups.length > 0 ? undefined : type?.fieldsById[Number(tag >> 3n)]?.resolve();
    const field = known !== undefined && wireType(known) === wire ? known : undefined;
    if (field?.partOf && field.id !== member) {
      member = field.id;
      pending = [];
    }
    if (wire === 0) {
      const value = varint();
      if (value === undefined) return false;
      if (field?.name === "is_null") isNull = value !== 0n;
    } else if (wire === 1 || wire === 5) at += wire === 1 ? 8 : 4;
    else if (wire === 2) {
      const length = varint();
      if (length === undefined || BigInt(at) + length > BigInt(end)) return false;
      const next = at + Number(length);
      const inner = field?.resolvedType;
      if (inner instanceof protobuf.Type) {
        if (field?.partOf) pending.push({ start: at, end: next, type: inner });
        else if (!walks(bytes, at, next, inner)) return false;
      }
      at = next;
    } else if (wire === 3) groups.push(tag >> 3n);
    else if (wire === 4) {
      if (groups.pop() !== tag >> 3n) return false;
    } else return false;
    if (at > end) return false;
  }
  if (groups.length > 0) return false;
  return isNull || pending.every((part) => walks(bytes, part.start, part.end, part.type));
}

function wireType(field: protobuf.Field): number {
  if (field.type === "double") return 1;
  if (field.type === "float") return 5;
  return field.type === "string" || field.type === "bytes" || field.resolvedType !== null ? 2 : 0;
}

/** protobuf-es wants compiled descriptors: those that protobufjs makes of its types, with full names. */
function describe(): DescMessage {
  const set = (root as unknown as { toDescriptor(edition: string): DescriptorMessage }).toDescriptor("proto2");
  const file = (set["file"] as DescriptorMessage[])[0]!;
  qualify(file["messageType"] as DescriptorMessage[], "sparkplug");
  const bytes = descriptor.FileDescriptorSet.encode(descriptor.FileDescriptorSet.fromObject(set)).finish();
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes)).getMessage("sparkplug.Payload")!;
}

type DescriptorMessage = Record<string, unknown>;

function qualify(types: readonly DescriptorMessage[], scope: string): void {
  for (const type of types) {
    const path = `${scope}.${String(type["name"])}`;
    for (const field of (type["field"] ?? []) as DescriptorMessage[]) {
      if (!field["typeName"]) continue;
      const { resolvedType } = root.lookupType(path).fields[String(field["name"])]!.resolve();
      field["typeName"] = resolvedType!.fullName;
    }
    qualify((type["nestedType"] ?? []) as DescriptorMessage[], path);
  }
}
