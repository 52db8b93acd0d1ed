/**
 * Where payloads are taken apart. JavaScript decodes one payload at a time, and constant arrays are what the compiler
 * turns into plain memory access, so there is one workbench a process: what lies on it holds until the next decode.
 * The memory is only reserved here; pages come into being as payloads need them.
 */

/** Bytes of the largest payload that is taken apart. */
export const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;
/** Metrics in one payload at most. */
export const MAX_METRICS = 131_072;
/** Templates and property sets may be nested this deep. */
export const MAX_DEPTH = 16;
/** The decoder looks ahead by whole words; what it sees beyond the end is checked afterwards. */
const LOOK_AHEAD = 32;

/** The payload, and behind it room to join parts of a field that came in pieces. */
export const BYTES = new Uint8Array(2 * MAX_PAYLOAD_BYTES + LOOK_AHEAD);
/** The same bytes, for words. */
export const VIEW = new DataView(BYTES.buffer);

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

/** The `shape` of a metric: its datatype in bits 0-7, its carrier in bits 8-11, and these flags. */
export const Shape = {
  Datatype: 0xff,
  CarrierShift: 8,
  CarrierMask: 0xf00,
  Null: 0x1000,
  Historical: 0x2000,
  Transient: 0x4000,
  HasName: 0x8000,
  HasAlias: 0x1_0000,
  HasTime: 0x2_0000,
  HasProperties: 0x4_0000,
  HasMetadata: 0x8_0000,
  /** Fields that the schema does not know were passed over. */
  HasUnknown: 0x10_0000,
  /** Its bytes cannot be read; nothing else of it is valid. */
  Broken: 0x20_0000,
} as const;

/** Behind the metrics of the payload are places for those of nested templates, one a level. */
const LANE = MAX_METRICS + MAX_DEPTH;
const values = new Float64Array(LANE);

/** The metrics of the payload as lanes: lane[i] of every lane belongs to metric i. */
export const metrics = {
  shape: new Uint32Array(LANE),
  /** Valid with `HasAlias`; exact up to 2^53. */
  alias: new Float64Array(LANE),
  /** Whole milliseconds since the epoch; valid with `HasTime`. */
  timeMs: new Float64Array(LANE),
  /** Nanoseconds within that millisecond. */
  timeNs: new Uint32Array(LANE),
  /** The value of a float or double carrier. */
  real: values,
  /** The same eight bytes: low and high word of an int, long or boolean carrier; start and end of any other in `BYTES`. */
  words: new Uint32Array(values.buffer),
  /** Valid with `HasName`: where it lies in `BYTES`. */
  nameStart: new Uint32Array(LANE),
  nameEnd: new Uint32Array(LANE),
  /** Valid with `HasProperties`. */
  propertiesStart: new Uint32Array(LANE),
  propertiesEnd: new Uint32Array(LANE),
  /** Valid with `HasMetadata`. */
  metadataStart: new Uint32Array(LANE),
  metadataEnd: new Uint32Array(LANE),
} as const;

/** What a payload says beside its metrics. */
export interface PayloadHead {
  count: number;
  /** -1 where there is none. */
  seq: number;
  /** -1 where there is none. */
  timeMs: number;
  timeNs: number;
  /** Where `uuid` and `body` lie in `BYTES`; start -1 where there is none. */
  uuidStart: number;
  uuidEnd: number;
  bodyStart: number;
  bodyEnd: number;
  /** Metrics whose bytes cannot be read, and why the first of them cannot. */
  broken: number;
  firstFault: unknown;
  /** Where joined parts end in `BYTES`. */
  joinedEnd: number;
}

/** The payload on the workbench. */
export const head: PayloadHead = {
  count: 0,
  seq: -1,
  timeMs: -1,
  timeNs: 0,
  uuidStart: -1,
  uuidEnd: -1,
  bodyStart: -1,
  bodyEnd: -1,
  broken: 0,
  firstFault: undefined,
  joinedEnd: 0,
};

/** The carrier of a shape. */
export function carrierOf(shape: number): number {
  return (shape & Shape.CarrierMask) >>> Shape.CarrierShift;
}
