import { isInt64, type Signal, type SignalRegistry, ValueType } from "../../sample/index.ts";
import { doublesOf, NULL_BIT, numberAt, type Points } from "../points.ts";

/**
 * The layout in InfluxDB, one measurement for all signals:
 * tags `path` (the identity), `source`, `device`, `metric`, `unit`, `schema` and the ISA-95 levels `enterprise`, `site`, `area`, `line`;
 * field `value` (float) for every number and boolean, so that no type can ever conflict and every function applies;
 * field `text` (string) for text, bytes as base64 and structures as JSON; field `exact` (string) beside `value` for
 * 64-bit integers that a float cannot hold; field `status` (integer, OPC UA StatusCode) where it is not Good.
 * A sample without a value has only `status`.
 */
const LEVELS = ["enterprise", "site", "area", "line"] as const;

interface Prefix {
  readonly text: string;
  readonly fault: string | undefined;
  readonly unit: string;
  readonly schema: string;
  readonly hierarchy: readonly string[];
  /** A status other than Good was written: a later Good one must be said, or a corrected sample would keep the old one. */
  spoken: boolean;
}

/** Renders points as line protocol; all that is constant for a signal is escaped and joined once. */
export class LineRenderer {
  readonly #measurement: string;
  readonly #registry: SignalRegistry;
  readonly #prefixes: (Prefix | undefined)[] = [];
  #lastMs = Number.NaN;
  #lastText = "";

  constructor(measurement: string, registry: SignalRegistry) {
    this.#measurement = measurement.replaceAll(/[, ]/g, String.raw`\$&`);
    this.#registry = registry;
  }

  /** Why the signal can have no series in InfluxDB; undefined when it can. */
  faultOf(signal: number): string | undefined {
    return this.#prefix(signal).fault;
  }

  /** Point i as one line with a time in nanoseconds. `late` says that it may correct an older one. */
  line(points: Points, doubles: Float64Array, i: number, late: boolean): string {
    const prefix = this.#prefix(points.signal[i]!);
    const status = points.status[i]!;
    const type = points.type[i]!;
    let fields: string;
    if ((type & NULL_BIT) !== 0) {
      return `${prefix.text}status=${status}i ${this.#time(points, i)}`;
    }
    const text = points.text[i];
    if (text === undefined) {
      const value = numberAt(type, points.bits, doubles, i);
      fields = `value=${value}`;
      if (isInt64(type) && !Number.isSafeInteger(value)) fields += `,exact="${wideAt(type, points.bits, i)}"`;
    } else {
      fields = `text="${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
    }
    if (status !== 0) prefix.spoken = true;
    if (prefix.spoken || late) fields += `,status=${status}i`;
    return `${prefix.text}${fields} ${this.#time(points, i)}`;
  }

  #time(points: Points, i: number): string {
    const ms = points.ms[i]!;
    const ns = points.ns[i]!;
    if (ms < 0) return (BigInt(ms) * 1_000_000n + BigInt(ns)).toString();
    if (ms !== this.#lastMs) {
      this.#lastMs = ms;
      this.#lastText = ms.toString();
    }
    return ns === 0 ? `${this.#lastText}000000` : this.#lastText + ns.toString().padStart(6, "0");
  }

  #prefix(id: number): Prefix {
    const known = this.#prefixes[id];
    const signal = this.#registry.get(id);
    if (
      known !== undefined &&
      known.unit === signal.unit &&
      known.schema === signal.schema &&
      known.hierarchy === signal.hierarchy
    ) {
      return known;
    }
    const { unit, schema, hierarchy } = signal;
    const text = `${this.#measurement}${tagsOf(signal)} `;
    const made: Prefix = { text, fault: faultOf(signal.path), unit, schema, hierarchy, spoken: known?.spoken ?? false };
    this.#prefixes[id] = made;
    return made;
  }
}

function tagsOf(signal: Signal): string {
  const { path, source, device, metric, unit, schema, hierarchy } = signal;
  const tags: Record<string, string> = { path, source, device, metric, unit, schema };
  LEVELS.forEach((level, i) => (tags[level] = hierarchy[i] ?? ""));
  return Object.keys(tags)
    .sort()
    .map((key) => [key, tagValue(tags[key]!)] as const)
    .filter(([, value]) => value !== "")
    .map(([key, value]) => `,${key}=${value}`)
    .join("");
}

/** Line protocol cannot hold a line break in a tag, nor a backslash at its end. */
function tagValue(value: string): string {
  const plain = value.replaceAll(/\p{Cc}/gu, " ").replace(/\\+$/, "");
  return plain.replaceAll(/[,= ]/g, String.raw`\$&`);
}

/** The path is the identity and must come back as it went in. */
function faultOf(path: string): string | undefined {
  if (/\p{Cc}/u.test(path)) return "InfluxDB takes no control character in a signal's name";
  if (/\\(?=[,= ]|$)/.test(path))
    return "InfluxDB takes no backslash before a comma, an equals sign, a space or the end";
  return undefined;
}

/** A 64-bit integer in full, as decimal text. */
function wideAt(type: number, bits: Uint32Array, i: number): string {
  const raw = (BigInt(bits[i * 2 + 1]!) << 32n) | BigInt(bits[i * 2]!);
  return (type === ValueType.Int64 ? BigInt.asIntN(64, raw) : raw).toString();
}

/** All points as lines; those of signals that InfluxDB cannot name are listed apart, by index. */
export function renderLines(
  renderer: LineRenderer,
  points: Points,
  late: (i: number) => boolean,
): { lines: string[]; index: number[]; faults: { index: number; reason: string }[] } {
  const doubles = doublesOf(points.bits);
  const lines: string[] = [];
  const index: number[] = [];
  const faults: { index: number; reason: string }[] = [];
  for (let i = 0; i < points.length; i++) {
    const reason = renderer.faultOf(points.signal[i]!);
    if (reason === undefined) {
      lines.push(renderer.line(points, doubles, i, late(i)));
      index.push(i);
    } else faults.push({ index: i, reason });
  }
  return { lines, index, faults };
}
