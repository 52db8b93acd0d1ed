import { FplusError } from "../errors/index.ts";
import { Status } from "../sample/index.ts";
import { type DecodedPayload } from "./payload.ts";
import { WireReader } from "./wire-reader.ts";

/** The properties of a metric that the suite itself understands. */
export interface KnownProperties {
  /** OPC UA StatusCode for the `Quality` property; undefined where there is none. */
  readonly status: number | undefined;
  /** `engUnit`; undefined where there is none. */
  readonly unit: string | undefined;
}

/** Quality codes of Sparkplug (section 6.4.11). */
export const SparkplugQuality = { Bad: 0, Good: 192, Stale: 500 } as const;

const NONE: KnownProperties = { status: undefined, unit: undefined };
const MAX_PROPERTIES = 1000;
const utf8 = new TextDecoder();

/**
 * Reads the known properties of metric i.
 * @throws FplusError `sparkplug.malformed`, `sparkplug.limit`
 */
export function knownProperties(payload: DecodedPayload, i: number): KnownProperties {
  const start = payload.propertiesStart[i]!;
  if (start < 0) return NONE;
  const reader = new WireReader();
  reader.open(payload.bytes, start, payload.propertiesEnd[i]!);
  const keys: string[] = [];
  const values: { at: number; end: number }[] = [];
  while (reader.at < reader.end) {
    const tag = reader.varint();
    if (tag === 0x0a || tag === 0x12) {
      const end = reader.sliceEnd();
      if (tag === 0x0a) keys.push(utf8.decode(payload.bytes.subarray(reader.at, end)));
      else values.push({ at: reader.at, end });
      reader.at = end;
      if (keys.length > MAX_PROPERTIES || values.length > MAX_PROPERTIES) {
        throw new FplusError("sparkplug.limit", `more than ${MAX_PROPERTIES} properties`, { field: payload.name(i) });
      }
    } else reader.skip(tag);
  }
  const quality = values[keys.indexOf("Quality")];
  const unit = values[keys.indexOf("engUnit")];
  return {
    status: quality === undefined ? undefined : statusOfQuality(readValue(reader, payload.bytes, quality)),
    unit: unit === undefined ? undefined : String(readValue(reader, payload.bytes, unit) ?? ""),
  };
}

/** The first scalar of a PropertyValue: a number or a text. */
function readValue(
  reader: WireReader,
  bytes: Uint8Array,
  slice: { at: number; end: number },
): number | string | undefined {
  reader.open(bytes, slice.at, slice.end);
  while (reader.at < reader.end) {
    const tag = reader.varint();
    if (tag === 0x18 || tag === 0x20) return reader.varint();
    if (tag === 0x42) {
      const end = reader.sliceEnd();
      return utf8.decode(bytes.subarray(reader.at, end));
    }
    reader.skip(tag);
  }
  return undefined;
}

function statusOfQuality(quality: number | string | undefined): number | undefined {
  if (quality === SparkplugQuality.Good) return Status.Good;
  if (quality === SparkplugQuality.Stale) return Status.UncertainLastUsableValue;
  return quality === SparkplugQuality.Bad ? Status.Bad : undefined;
}

/** The Sparkplug quality of a StatusCode. */
export function qualityCode(status: number): number {
  const severity = status >>> 30;
  return severity === 0 ? SparkplugQuality.Good : severity === 1 ? SparkplugQuality.Stale : SparkplugQuality.Bad;
}
