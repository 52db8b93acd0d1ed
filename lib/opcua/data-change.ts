import type { DataValue } from "node-opcua";
import { FplusError } from "../errors/index.ts";
import { type SampleBatch, SampleFlag, ValueType } from "../sample/index.ts";
import { addDataValue, SCALARS } from "./data-value.ts";
import type { EnumTexts } from "./enumeration.ts";
import type { Opcua } from "./load.ts";
import type { StructureTypes } from "./structure.ts";

/** What a client handle stands for: its signal, and the texts of its numbers where it is an enumeration. */
export interface HandleTable {
  /** Signal id by client handle; -1 where nobody reads that item any more. */
  readonly signals: ArrayLike<number>;
  readonly texts: readonly (EnumTexts | undefined)[];
  /** The server's own structures, where they are known. */
  readonly structures?: StructureTypes | undefined;
}

/** Bits of a DataValue's first byte (OPC 10000-6 5.2.2.17). */
const HAS = {
  Value: 1,
  Status: 2,
  SourceTime: 4,
  ServerTime: 8,
  SourcePicoseconds: 16,
  ServerPicoseconds: 32,
} as const;
const NULL_VARIANT = 0;
const LAST_PLAIN_TYPE = 15;
/** Milliseconds from 1601 to 1970. */
const EPOCH_MS = 11_644_473_600_000;
/** 2^32 ticks of 100 ns are so many milliseconds and so many ticks. */
const HIGH_MS = 429_496;
const HIGH_TICKS = 7_296;
const TICKS_PER_MS = 10_000;
const LEAST_ITEM_BYTES = 5;
/** Built-in types by number: how many bytes a scalar has; 0 where it says so itself. */
const WIDTHS: readonly number[] = [0, 1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 0, 8, 16, 0];
const TYPE = {
  Boolean: 1,
  SByte: 2,
  Byte: 3,
  Int16: 4,
  UInt16: 5,
  Int32: 6,
  UInt32: 7,
  Float: 10,
  Double: 11,
} as const;
const WIDE = { Int64: 8, UInt64: 9, String: 12, DateTime: 13, Guid: 14 } as const;

/**
 * Decodes DataChangeNotifications straight from their bytes into batches, without an object per value: 64-bit integers with
 * all bits, times to 100 ns. What is no scalar of types 1 to 15 (arrays, structures, variants) goes through node-opcua.
 */
export class DataChangeDecoder {
  readonly #opcua: Opcua;
  #bytes: Uint8Array = new Uint8Array();
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  #copy: Buffer | undefined;
  /** The time decoded last, and the words it came from: values of one message mostly share it. */
  #timeHigh = -1;
  #timeLow = -1;
  #timeMs = 0;
  #timeNs = 0;

  constructor(opcua: Opcua) {
    this.#opcua = opcua;
  }

  /** How many items a notification says it has, as far as its length allows. */
  static count(bytes: Uint8Array): number {
    if (bytes.length < 4) return 0;
    const count = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
    return Math.max(0, Math.min(count, Math.floor((bytes.length - 4) / LEAST_ITEM_BYTES)));
  }

  /**
   * Adds the items of one notification to a batch; items of handles that nobody reads are left out.
   * @param now milliseconds, for values without any time
   * @throws FplusError `opcua.malformed`; the items before the damage are in the batch
   */
  decode(bytes: Uint8Array, table: HandleTable, batch: SampleBatch, now: number): void {
    this.#bytes = bytes;
    this.#copy = undefined;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 4;
    const length = batch.length;
    let good = length;
    try {
      const count = this.#view.getInt32(0, true);
      for (let i = 0; i < count; i++) {
        this.#item(table, batch, now);
        good = batch.length;
      }
    } catch (error) {
      truncate(batch, good);
      throw new FplusError("opcua.malformed", "a data change notification cannot be read", { cause: error });
    }
  }

  #item(table: HandleTable, batch: SampleBatch, now: number): void {
    const view = this.#view;
    const handle = view.getUint32(this.#at, true);
    const signal = table.signals[handle] ?? -1;
    const texts = table.texts[handle];
    const start = this.#at + 4;
    const mask = view.getUint8(start);
    const variant = (mask & HAS.Value) === 0 ? NULL_VARIANT : view.getUint8(start + 1);
    if (variant > LAST_PLAIN_TYPE || (texts !== undefined && variant !== NULL_VARIANT)) {
      this.#other(start, signal, table, handle, batch, now);
      return;
    }
    this.#at = start + ((mask & HAS.Value) === 0 ? 1 : 2);
    const type = variant === NULL_VARIANT ? ValueType.String : SCALARS[variant]!;
    const i = batch.add(Math.max(0, signal), type, now, 0, 0);
    if (variant === NULL_VARIANT) batch.flags[i] = SampleFlag.Null;
    else this.#scalar(variant, batch, i);
    if ((mask & HAS.Status) !== 0) {
      batch.status[i] = view.getUint32(this.#at, true);
      this.#at += 4;
    }
    this.#times(mask, batch, i);
    if (signal < 0) truncate(batch, i);
  }

  #scalar(type: number, batch: SampleBatch, i: number): void {
    const view = this.#view;
    const at = this.#at;
    this.#at = at + WIDTHS[type]!;
    switch (type) {
      case TYPE.Double:
        batch.f64[i] = view.getFloat64(at, true);
        return;
      case TYPE.Float:
        batch.f64[i] = view.getFloat32(at, true);
        return;
      case TYPE.Int32:
        batch.f64[i] = view.getInt32(at, true);
        return;
      case TYPE.UInt32:
        batch.f64[i] = view.getUint32(at, true);
        return;
      case TYPE.Int16:
        batch.f64[i] = view.getInt16(at, true);
        return;
      case TYPE.UInt16:
        batch.f64[i] = view.getUint16(at, true);
        return;
      case TYPE.Boolean:
        batch.f64[i] = view.getUint8(at) === 0 ? 0 : 1;
        return;
      case TYPE.SByte:
        batch.f64[i] = view.getInt8(at);
        return;
      case TYPE.Byte:
        batch.f64[i] = view.getUint8(at);
        return;
      case WIDE.Int64:
      case WIDE.UInt64:
        batch.words[2 * i] = view.getUint32(at, true);
        batch.words[2 * i + 1] = view.getUint32(at + 4, true);
        return;
      case WIDE.DateTime:
        this.#time(at);
        batch.f64[i] = this.#timeMs;
        return;
      case WIDE.Guid:
        batch.ref[i] = guid(this.#slice(at, 16));
        return;
      default:
        this.#text(type, batch, i);
    }
  }

  /** A String or ByteString. */
  #text(type: number, batch: SampleBatch, i: number): void {
    const length = this.#view.getInt32(this.#at, true);
    const start = this.#at + 4;
    this.#at = start + Math.max(0, length);
    if (length < 0) batch.flags[i] = SampleFlag.Null;
    else {
      const bytes = this.#slice(start, length);
      batch.ref[i] =
        type === WIDE.String ? Buffer.from(bytes.buffer, bytes.byteOffset, length).toString() : new Uint8Array(bytes);
    }
  }

  /** Source time, or server time where there is none; picoseconds are stated in tens (OPC 10000-6 5.2.2.17). */
  #times(mask: number, batch: SampleBatch, i: number): void {
    let at = this.#at;
    let known = false;
    let fraction = 0;
    if ((mask & HAS.SourceTime) !== 0) {
      known = this.#time(at);
      at += 8;
    }
    if ((mask & HAS.SourcePicoseconds) !== 0) {
      if (known) fraction = this.#view.getUint16(at, true);
      at += 2;
    }
    if ((mask & HAS.ServerTime) !== 0) {
      const isWanted = !known && this.#time(at);
      at += 8;
      if ((mask & HAS.ServerPicoseconds) !== 0 && isWanted) fraction = this.#view.getUint16(at, true);
      known ||= isWanted;
    }
    if ((mask & HAS.ServerPicoseconds) !== 0) at += 2;
    if (at > this.#bytes.length) throw new RangeError("beyond the end of the notification");
    this.#at = at;
    if (!known) return;
    batch.timeMs[i] = this.#timeMs;
    batch.timeNs[i] = fraction === 0 ? this.#timeNs : this.#timeNs + Math.floor(fraction / 100);
  }

  /** Decodes the time at a place; false where it is none (1601 or before). */
  #time(at: number): boolean {
    const low = this.#view.getUint32(at, true);
    const high = this.#view.getInt32(at + 4, true);
    if (low !== this.#timeLow || high !== this.#timeHigh) {
      this.#timeLow = low;
      this.#timeHigh = high;
      // All exact in a double: the high word times its remainder stays below 2^53.
      const ticks = high * HIGH_TICKS + low;
      const ms = Math.floor(ticks / TICKS_PER_MS);
      this.#timeMs = high * HIGH_MS + ms - EPOCH_MS;
      this.#timeNs = (ticks - ms * TICKS_PER_MS) * 100;
    }
    return high > 0 || (high === 0 && low > 0);
  }

  /** The whole DataValue by node-opcua, whose values may be views of what they are read from: a copy, therefore. */
  #other(start: number, signal: number, table: HandleTable, handle: number, batch: SampleBatch, now: number): void {
    const stream = new this.#opcua.BinaryStream(this.#buffer());
    stream.length = start;
    const value: DataValue = this.#opcua.decodeDataValue(stream);
    this.#at = stream.length;
    if (signal >= 0) addDataValue(batch, signal, value, now, table.texts[handle], table.structures);
  }

  #buffer(): Buffer {
    this.#copy ??= Buffer.from(this.#bytes);
    return this.#copy;
  }

  #slice(start: number, length: number): Uint8Array {
    if (start + length > this.#bytes.length) throw new RangeError("beyond the end of the notification");
    return this.#bytes.subarray(start, start + length);
  }
}

function truncate(batch: SampleBatch, length: number): void {
  batch.length = length;
  if (batch.ref.length > length) batch.ref.length = length;
}

/** `AABBCCDD-EEFF-…`; the first three groups are little-endian. */
function guid(bytes: Uint8Array): string {
  const hex = Buffer.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map((i) => bytes[i]!)).toString("hex");
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return groups.join("-").toUpperCase();
}
