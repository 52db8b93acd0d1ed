import { FplusError } from "../errors/index.ts";
import type { SampleValue } from "../sample/index.ts";

/** One value of a payload. */
export interface Reading {
  /** Path below the topic's metric, `/` between levels; empty for the payload itself. */
  readonly path: string;
  readonly value: SampleValue;
  /** Milliseconds since the epoch; undefined where the payload names no time. */
  readonly timestamp?: number;
  readonly quality?: string;
  readonly unit?: string;
}

/** Payloads up to this size are read. */
export const MAX_TOPIC_PAYLOAD = 256 * 1024;
const MAX_READINGS = 2000;
const MAX_DEPTH = 8;
const TIME_KEYS = ["timestamp", "time", "ts"] as const;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * The values of a payload. JSON: a value by itself, `{ "value": …, "timestamp": …, "quality": …, "unit": … }`, or an object of
 * values by name, also nested; anything else is text.
 * @throws FplusError `sample.invalid` with what is wrong
 */
export function readingsOf(payload: Uint8Array): Reading[] {
  if (payload.length === 0) throw new FplusError("sample.invalid", "the payload is empty");
  if (payload.length > MAX_TOPIC_PAYLOAD) {
    throw new FplusError("sample.invalid", `a payload of ${payload.length} bytes, more than ${MAX_TOPIC_PAYLOAD}`);
  }
  const text = decode(payload);
  const json = parse(text);
  if (json === undefined) return [{ path: "", value: text }];
  const readings: Reading[] = [];
  collect(json, "", undefined, 0, readings);
  return readings;
}

function decode(payload: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(payload).trim();
  } catch (error) {
    throw new FplusError("sample.invalid", "the payload is neither JSON nor text", { cause: error });
  }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    if (/^[[{]/.test(text)) throw new FplusError("sample.invalid", "the payload begins like JSON and is none");
    return undefined;
  }
}

function collect(json: Json, path: string, time: number | undefined, depth: number, readings: Reading[]): void {
  if (readings.length >= MAX_READINGS) throw new FplusError("sample.invalid", `more than ${MAX_READINGS} values`);
  if (json === null || typeof json !== "object" || Array.isArray(json)) {
    readings.push({ path, value: valueOf(json), ...(time === undefined ? {} : { timestamp: time }) });
    return;
  }
  if (depth >= MAX_DEPTH) throw new FplusError("sample.invalid", `objects nested deeper than ${MAX_DEPTH}`);
  const timeKey = TIME_KEYS.find((key) => Object.hasOwn(json, key) && timeOf(json[key]!) !== undefined);
  const stamp = timeKey === undefined ? time : timeOf(json[timeKey]!);
  if (Object.hasOwn(json, "value")) {
    const { value, quality, unit } = json;
    readings.push({
      path,
      value: valueOf(value!),
      ...(stamp === undefined ? {} : { timestamp: stamp }),
      ...(typeof quality === "string" ? { quality: quality.toLowerCase() } : {}),
      ...(typeof unit === "string" ? { unit } : {}),
    });
    return;
  }
  for (const [key, inner] of Object.entries(json)) {
    if (key === timeKey || key === "") continue;
    collect(inner, path === "" ? key : `${path}/${key}`, stamp, depth + 1, readings);
  }
}

/** Lists of numbers stay lists; other lists are JSON text. */
function valueOf(json: Json): SampleValue {
  if (!Array.isArray(json)) return typeof json === "object" && json !== null ? JSON.stringify(json) : json;
  return json.every((one) => typeof one === "number") ? Float64Array.from(json) : JSON.stringify(json);
}

/** ISO text; or a number of seconds, milliseconds, microseconds or nanoseconds, which its size tells. */
function timeOf(json: Json): number | undefined {
  if (typeof json === "string") {
    const time = Date.parse(json);
    return Number.isNaN(time) ? undefined : time;
  }
  if (typeof json !== "number" || !(json >= 1e8) || json >= 1e20) return undefined;
  return Math.floor(json < 1e11 ? json * 1000 : json < 1e14 ? json : json < 1e17 ? json / 1000 : json / 1e6);
}
