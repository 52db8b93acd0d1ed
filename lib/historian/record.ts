import { FplusError } from "../errors/index.ts";
import {
  isInt64,
  isNumeric,
  SampleBatch,
  SampleFlag,
  type SignalRegistry,
  signalPath,
  type ValueType,
} from "../sample/index.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { compress, decompress } from "./compress.ts";
import { NULL_BIT, type Points } from "./points.ts";

/**
 * Points with the names of their signals, as one record for a spool: signal ids are those of a process, names outlive it.
 * Layout: version, signals (names, type, unit, schema, hierarchy), then the lanes; compressed as a whole.
 */
const VERSION = 1;

/** The points as a record. */
export function encodeRecord(points: Points, registry: SignalRegistry): Uint8Array {
  const local = new Map<number, number>();
  const writer = new ByteWriter(points.length * 24 + 4096);
  const lane = new Uint32Array(points.length);
  for (let i = 0; i < points.length; i++) {
    const id = points.signal[i]!;
    let index = local.get(id);
    if (index === undefined) local.set(id, (index = local.size));
    lane[i] = index;
  }
  writer.byte(VERSION);
  writer.varint(local.size);
  for (const id of local.keys()) {
    const signal = registry.get(id);
    writer.text(signal.source);
    writer.text(signal.device);
    writer.text(signal.metric);
    writer.byte(signal.type);
    writer.text(signal.unit);
    writer.text(signal.schema);
    writer.varint(signal.hierarchy.length);
    for (const level of signal.hierarchy) writer.text(level);
  }
  const size = points.length;
  writer.varint(size);
  writer.lane(lane);
  writer.lane(points.ms.subarray(0, size));
  writer.lane(points.ns.subarray(0, size));
  writer.lane(points.status.subarray(0, size));
  writer.lane(points.type.subarray(0, size));
  writer.lane(points.bits.subarray(0, size * 2));
  const texts = Object.entries(points.text).filter((entry): entry is [string, string] => entry[1] !== undefined);
  writer.varint(texts.length);
  for (const [index, text] of texts) {
    writer.varint(Number(index));
    writer.text(text);
  }
  return compress(writer.take());
}

/**
 * The samples of a record, with ids of this process; what was bytes or a structure comes back as its text.
 * @throws FplusError `historian.io` when it is damaged or of another version
 */
export function decodeRecord(data: Uint8Array, registry: SignalRegistry): SampleBatch {
  const reader = new ByteReader(decompress(data));
  const version = reader.byte();
  if (version !== VERSION) throw new FplusError("historian.io", `a spooled record has the version ${version}`);
  const ids = Array.from({ length: reader.varint() }, () => {
    const identity = { source: reader.text(), device: reader.text(), metric: reader.text() };
    const type = reader.byte() as ValueType;
    const unit = reader.text();
    const schema = reader.text();
    const hierarchy = Array.from({ length: reader.varint() }, () => reader.text());
    // A signal born since knows more than the record does.
    const known = registry.find(signalPath(identity.source, identity.device, identity.metric));
    return (known ?? registry.intern({ ...identity, type, unit, schema, hierarchy })).id;
  });
  const size = reader.varint();
  const lane = reader.u32(size);
  const ms = reader.f64(size);
  const ns = reader.u32(size);
  const status = reader.u32(size);
  const type = reader.raw(size);
  const bits = reader.u32(size * 2);
  const batch = new SampleBatch(size);
  const { words } = batch;
  for (let i = 0; i < size; i++) {
    const id = ids[lane[i]!];
    if (id === undefined) throw new FplusError("historian.io", "a spooled record names no signal");
    const code = type[i]! & ~NULL_BIT;
    batch.add(id, code, ms[i]!, ns[i]!, status[i]!);
    batch.flags[i] = SampleFlag.Historical | ((type[i]! & NULL_BIT) === 0 ? 0 : SampleFlag.Null);
    if (isNumeric(code) || isInt64(code)) {
      words[i * 2] = bits[i * 2]!;
      words[i * 2 + 1] = bits[i * 2 + 1]!;
    }
  }
  for (let left = reader.varint(); left > 0; left--) batch.ref[reader.varint()] = reader.text();
  return batch;
}
