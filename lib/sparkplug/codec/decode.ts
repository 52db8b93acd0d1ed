import { FplusError } from "../../errors/index.ts";
import { decompressedBody, isCompressed } from "./compression.ts";
import { readMetric } from "./metric-fields.ts";
import { nanoseconds, wholeMilliseconds } from "./timestamp.ts";
import { BYTES, Carrier, head, MAX_METRICS, MAX_PAYLOAD_BYTES, metrics, Shape, VIEW } from "./workbench.ts";
import { WireReader } from "./wire-reader.ts";

const TAG_TIMESTAMP = 0x08;
const TAG_METRIC = 0x12;
const TAG_SEQ = 0x18;
const TAG_UUID = 0x22;
const TAG_BODY = 0x2a;

/** Where the quick loop goes when it cannot read a metric: zeros, far from the metric's end. */
const MISSED = 2 * MAX_PAYLOAD_BYTES;
const CONTINUED = 0x8080_8080 | 0;

// Constants of this module, which is what the compiler turns into plain memory access.
const bytes = BYTES;
const view = VIEW;
const top = head;
const { shape: shapes, alias: aliases, timeMs, timeNs, real, words, nameStart, nameEnd } = metrics;
const { propertiesStart, propertiesEnd } = metrics;
const reader = new WireReader();

/**
 * Takes a Sparkplug B payload apart: its head and its metrics are on the workbench until the next call, strings and
 * nested parts still as bytes. A metric that cannot be read is marked `Broken`, its neighbours stay. Returns the number of metrics.
 *
 * One loop reads a metric whose fields come in the order of their numbers, as every encoder writes them, without
 * checking each step: it looks at the end whether it arrived exactly there, and if not, `readMetric` reads it anew by the letter.
 * @throws FplusError `sparkplug.malformed` with the byte offset, `sparkplug.limit`
 */
export function decodePayload(source: Uint8Array): number {
  const count = decodePlainly(source);
  return top.uuidStart >= 0 && isCompressed() ? decodeWithin() : count;
}

/** The payload in the body; a seq outside holds where there is none inside. */
function decodeWithin(): number {
  const { seq } = head;
  const count = decodePlainly(decompressedBody());
  if (head.uuidStart >= 0 && isCompressed()) throw new FplusError("sparkplug.limit", "a payload compressed twice");
  if (head.seq < 0) head.seq = seq;
  return count;
}

function decodePlainly(source: Uint8Array): number {
  const end = source.length;
  load(source, end);
  top.seq = -1;
  top.timeMs = -1;
  top.timeNs = 0;
  top.uuidStart = -1;
  top.bodyStart = -1;
  top.broken = 0;
  top.firstFault = undefined;
  top.joinedEnd = end;
  top.count = 0;

  let count = 0;
  let p = 0;
  // The bytes of the last timestamp and what they came to: metrics of one payload mostly share it.
  let lastTime0 = 0;
  let lastTime1 = 0;
  let lastTime2 = 0;
  let lastMs = 0;
  let lastNs = 0;
  while (p < end) {
    const field = bytes[p]!;
    if (field !== TAG_METRIC) {
      const next = bytes[p + 1]!;
      if (field === TAG_SEQ && next < 0x80 && p + 2 <= end) {
        top.seq = next;
        p += 2;
      } else if (
        field === TAG_TIMESTAMP &&
        p + 7 <= end &&
        isSixBytes(view.getInt32(p + 1, true), view.getInt32(p + 5, true))
      ) {
        top.timeMs = sixBytes(view.getInt32(p + 1, true), view.getInt32(p + 5, true));
        top.timeNs = 0;
        p += 7;
      } else p = readHeadField(p, end);
      continue;
    }
    let length = bytes[p + 1]!;
    p += 2;
    if (length >= 0x80) {
      const high = bytes[p]!;
      if (high < 0x80) {
        length = (length & 0x7f) | (high << 7);
        p += 1;
      } else {
        length = readLength(p - 1, end);
        p = reader.at;
      }
    }
    const metricEnd = p + length;
    if (metricEnd > end) throw malformed("a metric is longer than its payload", p);
    if (count === MAX_METRICS)
      throw new FplusError("sparkplug.limit", `more than ${MAX_METRICS} metrics in one payload`);

    let q = p;
    let shape = 0;
    let tag = bytes[q]!;
    if (tag === 0x0a) {
      const size = bytes[q + 1]!;
      nameStart[count] = q + 2;
      // A long name needs two bytes for its length; it is sent to the letter's reader by missing the end.
      q = size < 0x80 ? q + 2 + size : MISSED;
      nameEnd[count] = q;
      shape = Shape.HasName;
      tag = bytes[q]!;
    }
    if (tag === 0x10) {
      let alias = bytes[q + 1]!;
      q += 2;
      if (alias >= 0x80) {
        const second = bytes[q]!;
        alias = (alias & 0x7f) | ((second & 0x7f) << 7);
        q += 1;
        if (second >= 0x80) {
          const third = bytes[q]!;
          alias |= third << 14;
          q = third < 0x80 ? q + 1 : MISSED;
        }
      }
      aliases[count] = alias;
      shape |= Shape.HasAlias;
      tag = bytes[q]!;
    }
    if (tag === 0x18 && q < metricEnd) {
      const time0 = view.getInt32(q + 1, true);
      const time1 = view.getInt32(q + 5, true);
      if (isSixBytes(time0, time1)) {
        const high = time1 & 0xffff;
        if (time0 !== lastTime0 || high !== lastTime1 || lastTime2 !== -1) {
          lastTime0 = time0;
          lastTime1 = high;
          lastTime2 = -1;
          lastMs = sixBytes(time0, time1);
          lastNs = 0;
        }
        q += 7;
      } else if ((time1 & CONTINUED) === CONTINUED && (time0 & CONTINUED) === CONTINUED && bytes[q + 9]! < 0x80) {
        // Nine bytes: nanoseconds.
        const high = bytes[q + 9]!;
        if (time0 !== lastTime0 || time1 !== lastTime1 || high !== lastTime2) {
          lastTime0 = time0;
          lastTime1 = time1;
          lastTime2 = high;
          const middle = compact(time1);
          lastMs = wholeMilliseconds((compact(time0) | (middle << 28)) >>> 0, (middle >>> 4) | (high << 24));
          lastNs = nanoseconds;
        }
        q += 10;
      } else q = MISSED;
      timeMs[count] = lastMs;
      timeNs[count] = lastNs;
      shape |= Shape.HasTime;
      tag = bytes[q]!;
    }
    if (tag === 0x20 && q < metricEnd) {
      const datatype = bytes[q + 1]!;
      shape |= datatype;
      q = datatype < 0x80 ? q + 2 : MISSED;
      tag = bytes[q]!;
    }
    if (tag === 0x28 && bytes[q + 1] === 1) {
      shape |= Shape.Historical;
      q += 2;
      tag = bytes[q]!;
    }
    if (tag === 0x38 && bytes[q + 1] === 1) {
      shape |= Shape.Null;
      q += 2;
      tag = bytes[q]!;
    }
    if (tag === 0x4a) {
      const size = bytes[q + 1]!;
      propertiesStart[count] = q + 2;
      q = size < 0x80 ? q + 2 + size : MISSED;
      propertiesEnd[count] = q;
      shape |= Shape.HasProperties;
      tag = bytes[q]!;
    }
    if (q < metricEnd) {
      if (tag === 0x69) {
        real[count] = view.getFloat64(q + 1, true);
        q += 9;
        shape |= Carrier.Double << Shape.CarrierShift;
      } else if (tag === 0x65) {
        real[count] = view.getFloat32(q + 1, true);
        q += 5;
        shape |= Carrier.Float << Shape.CarrierShift;
      } else if (tag === 0x50 || tag === 0x58) {
        const low = view.getInt32(q + 1, true);
        const stops = ~low & CONTINUED;
        shape |= (tag === 0x50 ? Carrier.Int : Carrier.Long) << Shape.CarrierShift;
        if (stops !== 0) {
          const stop = stops & -stops;
          words[2 * count] = compact(low & (stop - 1));
          words[2 * count + 1] = 0;
          q += 1 + ((32 - Math.clz32(stop)) >>> 3);
        } else {
          const high = view.getInt32(q + 5, true);
          const highStops = ~high & CONTINUED;
          let middle: number;
          let top = 0;
          if (highStops !== 0) {
            const stop = highStops & -highStops;
            middle = compact(high & (stop - 1));
            q += 5 + ((32 - Math.clz32(stop)) >>> 3);
          } else {
            middle = compact(high);
            const ninth = bytes[q + 9]!;
            const tenth = bytes[q + 10]!;
            top = (ninth & 0x7f) | (tenth << 7);
            q = ninth < 0x80 ? q + 10 : tenth < 0x80 ? q + 11 : MISSED;
            if (ninth < 0x80) top = ninth;
          }
          words[2 * count] = compact(low) | (middle << 28);
          words[2 * count + 1] = (middle >>> 4) | (top << 24);
        }
      } else if (tag === 0x70) {
        const value = bytes[q + 1]!;
        words[2 * count] = value;
        words[2 * count + 1] = 0;
        q = value < 2 ? q + 2 : MISSED;
        shape |= Carrier.Boolean << Shape.CarrierShift;
      } else if (tag === 0x7a) {
        const size = bytes[q + 1]!;
        words[2 * count] = q + 2;
        q = size < 0x80 ? q + 2 + size : MISSED;
        words[2 * count + 1] = q;
        shape |= Carrier.String << Shape.CarrierShift;
      }
    }
    shapes[count] = q === metricEnd ? shape : readMetric(count, p, metricEnd);
    count += 1;
    p = metricEnd;
  }
  top.count = count;
  return count;
}

/** Four groups of seven bits of a varint as one number of 28 bits. */
function compact(word: number): number {
  return (word & 0x7f) | ((word & 0x7f00) >>> 1) | ((word & 0x7f_0000) >>> 2) | ((word & 0x7f00_0000) >>> 3);
}

/** Whether a varint that begins with these words ends with its sixth byte, as milliseconds of our days do. */
function isSixBytes(low: number, high: number): boolean {
  return (high & 0x8080) === 0x0080 && (low & CONTINUED) === CONTINUED;
}

function sixBytes(low: number, high: number): number {
  return ((high & 0x7f) | ((high & 0x7f00) >>> 1)) * 0x1000_0000 + compact(low);
}

function load(source: Uint8Array, length: number): void {
  if (length === 0) throw malformed("the payload is empty", 0);
  if (length > MAX_PAYLOAD_BYTES) {
    throw new FplusError("sparkplug.limit", `a payload of ${length} bytes`, {
      hint: `The limit is ${MAX_PAYLOAD_BYTES} bytes.`,
    });
  }
  BYTES.set(source);
}

/** A field of the payload itself that is no metric; returns where the next one is. */
function readHeadField(at: number, end: number): number {
  reader.open(at, end);
  const tag = reader.tag();
  if (tag === TAG_TIMESTAMP) {
    reader.varint();
    head.timeMs = wholeMilliseconds(reader.lo, reader.hi);
    head.timeNs = nanoseconds;
  } else if (tag === TAG_SEQ) head.seq = reader.varint() & 0xff;
  else if (tag === TAG_UUID) {
    head.uuidEnd = reader.sliceEnd();
    head.uuidStart = reader.at;
    reader.at = head.uuidEnd;
  } else if (tag === TAG_BODY) {
    head.bodyEnd = reader.sliceEnd();
    head.bodyStart = reader.at;
    reader.at = head.bodyEnd;
  } else reader.skip(tag);
  reader.check();
  return reader.at;
}

function readLength(at: number, end: number): number {
  reader.open(at, end);
  const length = reader.varint();
  reader.check();
  if (reader.hi !== 0) throw malformed("a metric is longer than its payload", at);
  return length;
}

function malformed(what: string, offset: number): FplusError {
  return new FplusError("sparkplug.malformed", what, { offset });
}
