import { isInt64, isNumeric, type SignalRegistry, ValueType } from "../../sample/index.ts";
import { doublesOf, NULL_BIT, numberAt, type Points } from "../points.ts";
import { fieldText, headText, keyFault, keyText } from "./escape.ts";
import { type InfluxLayout, isInteger, placementOf, STATUS_SUFFIX, type ValueStyle } from "./layout.ts";
import { DeviceObjects } from "./objects.ts";
import { putAscii, putDigits, putInteger, putNumber } from "./number.ts";

/** Points as lines of the line protocol. Line k ends before `ends[k]` and holds the points that `lineOf` says. */
export interface RenderedLines {
  /** All lines, each with a line break behind it. */
  readonly bytes: Buffer;
  readonly ends: number[];
  /** Index of the line of every point; -1 for one that is among the faults. */
  readonly lineOf: Int32Array;
  readonly faults: { index: number; reason: string }[];
}

/** All that is constant for a signal and type, rendered once. */
interface Prefix {
  /** Measurement, tags and the space behind them; the same text is the same object. */
  readonly head: Constant;
  /** Head and `name=` of the value's field: how most lines begin. */
  readonly start: Constant;
  /** `name=` of the value's field. */
  readonly field: Uint8Array;
  /** `name=` of the status's field; empty where the layout has none. */
  readonly status: Uint8Array;
  readonly style: ValueStyle;
  readonly fault: string | undefined;
  readonly type: number;
  readonly unit: string;
  readonly schema: string;
  readonly hierarchy: readonly string[];
  /** A status other than Good was written: a later Good one must be said, or a corrected sample would keep the old one. */
  spoken: boolean;
}

/**
 * Bytes that are written again and again: eight at a time as doubles, which copy faster; the last one may reach beyond.
 * UTF-8 without control characters never has the bits of a NaN, which a copy might change.
 */
interface Constant {
  readonly length: number;
  readonly words: Float64Array;
}

/** Longest number, time and punctuation around a value. */
const SLACK = 192;
const COMMA = 44;
const SPACE = 32;
const LINE_BREAK = 10;
const ASCII_I = 105;
const ASCII_U = 117;
const MAX_INT64 = 2n ** 63n - 1n;
/** Times with 13 digits of milliseconds, the years 2001 to 2286, are written digit by digit. */
const PLAIN_FROM = 1e12;
const PLAIN_TO = 1e13;
const TIME_DIGITS = 19;

const latin = (text: string): Uint8Array => Buffer.from(text, "utf8");
const VALUE = latin("value=");
const TEXT = latin("text=");
const EXACT = latin(",exact=");
const STATUS = latin("status=");
const NOTHING = new Uint8Array(0);

/** Renders points as line protocol, in one buffer and without a string a point. Follows a signal's new unit or schema. */
export class LineRenderer {
  readonly #measurement: string;
  readonly #layout: InfluxLayout;
  readonly #registry: SignalRegistry;
  readonly #prefixes: (Prefix | undefined)[] = [];
  readonly #objects = new DeviceObjects();
  readonly #heads = new Map<string, Constant>();
  /** The time of the line before with its line break: samples of one moment come together. */
  readonly #time = new Uint8Array(TIME_DIGITS + 1).fill(LINE_BREAK);
  readonly #timeWords = new Uint32Array(this.#time.buffer);
  #timeMs = Number.NaN;
  #timeNs = Number.NaN;
  #bytesAPoint = 160;
  #made = 0;

  constructor(measurement: string, registry: SignalRegistry, layout: InfluxLayout = "signals") {
    this.#measurement = measurement;
    this.#registry = registry;
    this.#layout = layout;
  }

  /** Rises whenever a series was named for the first time, or anew. */
  get generation(): number {
    return this.#made;
  }

  /**
   * All points as lines; those that InfluxDB cannot name or hold are listed apart. Neighbours of one series and time share a line.
   * @param late says of a point that it may correct an older one
   */
  render(points: Points, late: (i: number) => boolean): RenderedLines {
    const { length, ms, ns, status: statuses, type: types, bits, text: texts } = points;
    if (this.#layout === "amrc") this.#learn(points);
    const doubles = doublesOf(bits);
    const ends: number[] = [];
    const lineOf = new Int32Array(length);
    const faults: { index: number; reason: string }[] = [];
    let out = Buffer.allocUnsafe(Math.ceil(length * this.#bytesAPoint * 1.1) + 4096);
    let view = new DataView(out.buffer, out.byteOffset, out.length);
    let at = 0;
    let head: Constant | undefined;
    let last = -1;
    const hasText = texts.length > 0;
    /** Signals on the last line; one that comes again there would be a field given twice. */
    const onLine: number[] = [];
    for (let i = 0; i < length; i++) {
      const type = types[i]!;
      const prefix = this.#prefix(points.signal[i]!, type & ~NULL_BIT);
      const status = statuses[i]!;
      const empty = (type & NULL_BIT) !== 0;
      const fault = prefix.fault ?? (prefix.style === "float" ? undefined : valueFault(prefix, points, i));
      if (fault !== undefined) {
        lineOf[i] = -1;
        faults.push({ index: i, reason: fault });
        continue;
      }
      const text = hasText ? texts[i] : undefined;
      const room = prefix.start.length + prefix.status.length + SLACK;
      const needed = at + room + (text === undefined ? 0 : text.length * 6);
      if (needed > out.length) {
        const bigger = Buffer.allocUnsafe(needed * 2);
        bigger.set(out.subarray(0, at));
        out = bigger;
        view = new DataView(out.buffer, out.byteOffset, out.length);
      }
      // Another field of the point before goes on its line.
      const id = points.signal[i]!;
      const joins = prefix.style === "typed" && head === prefix.head && ms[i] === ms[last] && ns[i] === ns[last];
      if (joins && !onLine.includes(id)) {
        at = ends.pop()! - this.#timeLength(points, last) - 2;
        out[at++] = COMMA;
        onLine.push(id);
        if (!empty) at = put(out, at, prefix.field);
      } else {
        head = prefix.head;
        onLine.length = 1;
        onLine[0] = id;
        if (empty || (text !== undefined && prefix.style === "float")) {
          at = putWords(view, at, head);
          if (!empty) at = put(out, at, TEXT);
        } else at = putWords(view, at, prefix.start);
      }
      if (status !== 0) prefix.spoken = true;
      const says = prefix.status !== NOTHING && (empty || prefix.spoken || late(i));
      if (!empty) {
        at = this.#value(out, at, prefix.style, points, doubles, i, text);
        if (says) out[at++] = COMMA;
      }
      if (says) {
        at = put(out, at, prefix.status);
        at = status < 2 ** 31 ? putInteger(out, at, status) : putAscii(out, at, String(status));
        out[at++] = ASCII_I;
      }
      out[at++] = SPACE;
      at = this.#putTime(out, view, at, ms[i]!, ns[i]!);
      lineOf[i] = ends.length;
      ends.push(at);
      last = i;
    }
    if (length > 0) this.#bytesAPoint = Math.max(64, at / length);
    return { bytes: out.subarray(0, at), ends, lineOf, faults };
  }

  /** What births say of objects goes before the lines that name them; series that are named anew get a new prefix. */
  #learn(points: Points): void {
    let isNew = false;
    for (let i = 0; i < points.text.length; i++) {
      const text = points.text[i];
      if (text !== undefined && this.#objects.learn(this.#registry.get(points.signal[i]!), text)) isNew = true;
    }
    if (!isNew) return;
    this.#prefixes.forEach((prefix, id) => {
      if (prefix?.style === "amrc") this.#prefixes[id] = undefined;
    });
  }

  #value(
    out: Buffer,
    at: number,
    style: ValueStyle,
    points: Points,
    doubles: Float64Array,
    i: number,
    text: string | undefined,
  ): number {
    const type = points.type[i]!;
    if (text !== undefined) return at + out.write(fieldText(text), at, "utf8");
    if (style === "float") {
      const value = numberAt(type, points.bits, doubles, i);
      const next = putNumber(out, at, value);
      if (!isInt64(type) || Number.isSafeInteger(value)) return next;
      return putAscii(out, put(out, next, EXACT), `"${wideAt(type, points.bits, i)}"`);
    }
    if (isInt64(type)) {
      const next = putAscii(out, at, wideAt(type, points.bits, i).toString());
      out[next] = style === "amrc" && type === ValueType.UInt64 ? ASCII_U : ASCII_I;
      return next + 1;
    }
    const value = doubles[i]!;
    if (type === ValueType.Boolean)
      return putAscii(out, at, style === "amrc" ? (value === 0 ? "F" : "T") : value === 0 ? "false" : "true");
    if (style === "amrc" && type === ValueType.DateTime) return putAscii(out, at, `"${value}"`);
    const next = putNumber(out, at, value);
    if (!isInteger(type) || !Number.isInteger(value)) return next;
    out[next] = style === "amrc" && type >= ValueType.UInt8 && type <= ValueType.UInt32 ? ASCII_U : ASCII_I;
    return next + 1;
  }

  /** Writes a time and the line break behind it. */
  #putTime(out: Uint8Array, view: DataView, at: number, ms: number, ns: number): number {
    if (!(ms >= PLAIN_FROM && ms < PLAIN_TO)) return putAscii(out, at, `${timeText(ms, ns)}\n`);
    const digits = this.#time;
    if (ms !== this.#timeMs) {
      this.#timeMs = ms;
      const high = Math.floor(ms / 1e6);
      putDigits(digits, 0, high, 7);
      putDigits(digits, 7, ms - high * 1e6, 6);
    }
    if (ns !== this.#timeNs) {
      this.#timeNs = ns;
      putDigits(digits, 13, ns, 6);
    }
    const words = this.#timeWords;
    for (let i = 0; i < 5; i++) view.setUint32(at + i * 4, words[i]!, true);
    return at + TIME_DIGITS + 1;
  }

  #timeLength(points: Points, i: number): number {
    const ms = points.ms[i]!;
    return ms >= PLAIN_FROM && ms < PLAIN_TO ? TIME_DIGITS : timeText(ms, points.ns[i]!).length;
  }

  #prefix(id: number, type: number): Prefix {
    const known = this.#prefixes[id];
    const signal = this.#registry.get(id);
    if (
      known !== undefined &&
      known.unit === signal.unit &&
      known.schema === signal.schema &&
      known.hierarchy === signal.hierarchy &&
      (known.type === type || known.style !== "amrc")
    ) {
      return known;
    }
    const { path, source, device, metric, unit, schema, hierarchy } = signal;
    const objects = this.#layout === "amrc" ? this.#objects.tagsOf(signal) : {};
    const placement = placementOf(signal, type, this.#layout, this.#measurement, objects);
    const { field, style } = placement;
    const head = `${headText(placement)} `;
    const made: Prefix = {
      head: this.#head(head),
      start: constant(`${head}${style === "float" ? "value" : keyText(field)}=`),
      field: style === "float" ? VALUE : latin(`${keyText(field)}=`),
      status:
        style === "float" ? STATUS : style === "typed" ? latin(`${keyText(`${field}${STATUS_SUFFIX}`)}=`) : NOTHING,
      style,
      fault: keyFault(placement, style === "float" ? [path] : [source, device, metric, ...placement.tags.flat()]),
      type,
      unit,
      schema,
      hierarchy,
      spoken: known?.spoken ?? false,
    };
    this.#prefixes[id] = made;
    this.#made += 1;
    return made;
  }

  /** Signals of one series share its bytes, so that a glance tells whether a point may go on the line before. */
  #head(text: string): Constant {
    let head = this.#heads.get(text);
    if (head === undefined) this.#heads.set(text, (head = constant(text)));
    return head;
  }
}

/** Why a typed field cannot hold the point; the layout of signals holds every one. */
function valueFault(prefix: Prefix, points: Points, i: number): string | undefined {
  const type = points.type[i]!;
  if ((type & NULL_BIT) !== 0) {
    return prefix.style === "amrc" ? "the AMRC layout has no place for a sample without a value" : undefined;
  }
  if (prefix.style !== "typed") return undefined;
  if (type === ValueType.UInt64 && BigInt(wideAt(type, points.bits, i)) > MAX_INT64)
    return "an unsigned integer beyond 2^63-1, which InfluxDB's integer cannot hold";
  if (points.text[i] === undefined && !isNumeric(type) && !isInt64(type)) return "the sample has no value";
  return undefined;
}

function put(out: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i]!;
  return at + bytes.length;
}

function constant(text: string): Constant {
  const bytes = Buffer.from(text, "utf8");
  const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  const words = Float64Array.from({ length: padded.length / 8 }, (_, i) => view.getFloat64(i * 8, true));
  return { length: bytes.length, words };
}

function putWords(view: DataView, at: number, { words, length }: Constant): number {
  for (let i = 0; i < words.length; i++) view.setFloat64(at + i * 8, words[i]!, true);
  return at + length;
}

function timeText(ms: number, ns: number): string {
  return (BigInt(ms) * 1_000_000n + BigInt(ns)).toString();
}

/** A 64-bit integer in full, as decimal text. */
function wideAt(type: number, bits: Uint32Array, i: number): string {
  const raw = (BigInt(bits[i * 2 + 1]!) << 32n) | BigInt(bits[i * 2]!);
  return (type === ValueType.Int64 ? BigInt.asIntN(64, raw) : raw).toString();
}
