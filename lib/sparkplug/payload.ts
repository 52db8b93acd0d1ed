import { FplusError } from "../errors/index.ts";
import { WireReader, wordsToNumber } from "./wire-reader.ts";

/** Which field of a metric carried its value. */
export const Carrier = {
  None: 0,
  Int: 1,
  Long: 2,
  Float: 3,
  Double: 4,
  Boolean: 5,
  String: 6,
  Bytes: 7,
  DataSet: 8,
  Template: 9,
  Extension: 10,
} as const;

/** Bits of `flags`, one byte a metric. */
export const MetricFlag = { Null: 1, Historical: 2, Transient: 4, HasAlias: 8, HasTime: 16 } as const;

const MAX_METRICS = 1_000_000;
const utf8 = new TextDecoder("utf-8");
const NANOSECONDS_FROM = 1e15;

/**
 * A Sparkplug B payload, decoded in one pass into lanes that are reused from message to message: lane[i] of every lane
 * belongs to metric i. Names, strings and nested parts stay in the bytes until somebody asks (as offsets), so they are
 * only valid until the next `decode`.
 */
export class DecodedPayload {
  bytes: Uint8Array = new Uint8Array(0);
  /** Number of metrics. */
  count = 0;
  /** -1 where the payload has none. */
  seq = -1;
  /** Payload timestamp; -1 where it has none. */
  timeMs = -1;
  timeNs = 0;
  nameStart = new Int32Array(64);
  nameEnd = new Int32Array(64);
  alias = new Float64Array(64);
  metricMs = new Float64Array(64);
  metricNs = new Uint32Array(64);
  datatype = new Uint8Array(64);
  flags = new Uint8Array(64);
  carrier = new Uint8Array(64);
  lo = new Uint32Array(64);
  hi = new Uint32Array(64);
  real = new Float64Array(64);
  valueStart = new Int32Array(64);
  valueEnd = new Int32Array(64);
  propertiesStart = new Int32Array(64);
  propertiesEnd = new Int32Array(64);
  readonly #reader = new WireReader();

  /**
   * Decodes a payload; what the lanes held before is gone, also when it throws.
   * @throws FplusError `sparkplug.malformed` with the byte offset, `sparkplug.limit`
   */
  decode(bytes: Uint8Array): this {
    const reader = this.#reader;
    this.bytes = bytes;
    this.count = 0;
    this.seq = -1;
    this.timeMs = -1;
    this.timeNs = 0;
    if (bytes.length === 0) throw new FplusError("sparkplug.malformed", "the payload is empty", { offset: 0 });
    reader.open(bytes, 0, bytes.length);
    while (reader.at < reader.end) {
      const tag = reader.varint();
      if (tag === TAG_METRIC) this.#metric(reader);
      else if (tag === TAG_TIMESTAMP) {
        reader.varint();
        this.timeMs = wholeMilliseconds(reader.lo, reader.hi);
        this.timeNs = nanosecondsWithin(reader.lo, reader.hi);
      } else if (tag === TAG_SEQ) this.seq = reader.varint() & 0xff;
      else if (tag >>> 3 === 0) throw reader.malformed("field number 0");
      else reader.skip(tag);
    }
    return this;
  }

  hasName(i: number): boolean {
    return this.nameStart[i]! >= 0;
  }

  /** The name of metric i; empty where only an alias was sent. */
  name(i: number): string {
    return this.hasName(i) ? utf8.decode(this.bytes.subarray(this.nameStart[i], this.nameEnd[i])) : "";
  }

  /** The text of a string carrier. */
  text(i: number): string {
    return utf8.decode(this.bytes.subarray(this.valueStart[i], this.valueEnd[i]));
  }

  /** The bytes of a bytes, data set, template or extension carrier; a view, not a copy. */
  slice(i: number): Uint8Array {
    return this.bytes.subarray(this.valueStart[i], this.valueEnd[i]);
  }

  #metric(reader: WireReader): void {
    const i = this.count;
    if (i === this.flags.length) this.#grow();
    this.nameStart[i] = -1;
    this.propertiesStart[i] = -1;
    this.datatype[i] = 0;
    this.carrier[i] = Carrier.None;
    let flags = 0;
    const outerEnd = reader.end;
    const end = reader.sliceEnd();
    reader.end = end;
    while (reader.at < end) {
      const tag = reader.varint();
      switch (tag) {
        case 0x0a:
          this.nameEnd[i] = reader.sliceEnd();
          this.nameStart[i] = reader.at;
          reader.at = this.nameEnd[i]!;
          break;
        case 0x10:
          reader.varint();
          this.alias[i] = wordsToNumber(reader.lo, reader.hi);
          flags |= MetricFlag.HasAlias;
          break;
        case 0x18:
          reader.varint();
          this.metricMs[i] = wholeMilliseconds(reader.lo, reader.hi);
          this.metricNs[i] = nanosecondsWithin(reader.lo, reader.hi);
          flags |= MetricFlag.HasTime;
          break;
        case 0x20:
          this.datatype[i] = Math.min(255, reader.varint());
          break;
        case 0x28:
          flags = flag(reader, flags, MetricFlag.Historical);
          break;
        case 0x30:
          flags = flag(reader, flags, MetricFlag.Transient);
          break;
        case 0x38:
          flags = flag(reader, flags, MetricFlag.Null);
          break;
        case 0x4a:
          this.propertiesEnd[i] = reader.sliceEnd();
          this.propertiesStart[i] = reader.at;
          reader.at = this.propertiesEnd[i]!;
          break;
        case 0x50:
          this.#words(i, Carrier.Int, reader);
          break;
        case 0x58:
          this.#words(i, Carrier.Long, reader);
          break;
        case 0x65:
          this.real[i] = reader.float();
          this.carrier[i] = Carrier.Float;
          break;
        case 0x69:
          this.real[i] = reader.double();
          this.carrier[i] = Carrier.Double;
          break;
        case 0x70:
          this.#words(i, Carrier.Boolean, reader);
          break;
        case 0x7a:
          this.#slice(i, Carrier.String, reader);
          break;
        case 0x82:
          this.#slice(i, Carrier.Bytes, reader);
          break;
        case 0x8a:
          this.#slice(i, Carrier.DataSet, reader);
          break;
        case 0x92:
          this.#slice(i, Carrier.Template, reader);
          break;
        case 0x9a:
          this.#slice(i, Carrier.Extension, reader);
          break;
        default:
          if (tag >>> 3 === 0) throw reader.malformed("field number 0");
          reader.skip(tag);
      }
    }
    reader.end = outerEnd;
    this.flags[i] = flags;
    this.count = i + 1;
  }

  #words(i: number, carrier: number, reader: WireReader): void {
    reader.varint();
    this.lo[i] = reader.lo;
    this.hi[i] = reader.hi;
    this.carrier[i] = carrier;
  }

  #slice(i: number, carrier: number, reader: WireReader): void {
    this.valueEnd[i] = reader.sliceEnd();
    this.valueStart[i] = reader.at;
    reader.at = this.valueEnd[i]!;
    this.carrier[i] = carrier;
  }

  #grow(): void {
    const size = this.flags.length * 4;
    if (size > MAX_METRICS)
      throw new FplusError("sparkplug.limit", `more than ${MAX_METRICS / 4} metrics in one payload`);
    const grown = <L extends Int32Array | Uint32Array | Float64Array | Uint8Array>(lane: L): L => {
      const bigger = new (lane.constructor as new (size: number) => L)(size);
      bigger.set(lane);
      return bigger;
    };
    this.nameStart = grown(this.nameStart);
    this.nameEnd = grown(this.nameEnd);
    this.alias = grown(this.alias);
    this.metricMs = grown(this.metricMs);
    this.metricNs = grown(this.metricNs);
    this.datatype = grown(this.datatype);
    this.flags = grown(this.flags);
    this.carrier = grown(this.carrier);
    this.lo = grown(this.lo);
    this.hi = grown(this.hi);
    this.real = grown(this.real);
    this.valueStart = grown(this.valueStart);
    this.valueEnd = grown(this.valueEnd);
    this.propertiesStart = grown(this.propertiesStart);
    this.propertiesEnd = grown(this.propertiesEnd);
  }
}

const TAG_TIMESTAMP = 0x08;
const TAG_METRIC = 0x12;
const TAG_SEQ = 0x18;

function flag(reader: WireReader, flags: number, bit: number): number {
  reader.varint();
  return reader.lo !== 0 || reader.hi !== 0 ? flags | bit : flags & ~bit;
}

/**
 * Sparkplug times are milliseconds; the AMRC stack sends nanoseconds. No millisecond time before the year 33658
 * reaches 1e15, so a larger number can only be nanoseconds.
 */
function wholeMilliseconds(lo: number, hi: number): number {
  const value = wordsToNumber(lo, hi);
  return value < NANOSECONDS_FROM ? value : Number(((BigInt(hi) << 32n) | BigInt(lo)) / 1_000_000n);
}

function nanosecondsWithin(lo: number, hi: number): number {
  if (wordsToNumber(lo, hi) < NANOSECONDS_FROM) return 0;
  return Number(((BigInt(hi) << 32n) | BigInt(lo)) % 1_000_000n);
}
