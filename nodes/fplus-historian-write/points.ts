import { FplusError } from "../../lib/errors/index.ts";
import { pointIdentity } from "../../lib/historian/index.ts";
import { batchFromPlain, SampleBatch, signalPath, signals } from "../../lib/sample/index.ts";
import type { Message } from "../frame/index.ts";

/** A point as a flow may give it: what node-red-contrib-influxdb takes, in one object. */
interface LoosePoint {
  readonly measurement: string;
  readonly tags?: unknown;
  readonly fields: unknown;
  readonly timestamp?: number | string | Date;
}

/**
 * The samples of points: `payload` is `{ measurement, tags, fields, timestamp }` or a list of them, or `measurement` stands on the
 * message with `payload` as fields, or `[fields, tags]`. Undefined for messages that hold no points.
 * @throws FplusError `sample.invalid` naming the field
 */
export function pointsOf(msg: Message): SampleBatch | undefined {
  const { payload, measurement, timestamp } = msg as { payload: unknown; measurement?: unknown; timestamp?: number };
  if (payload instanceof SampleBatch) return undefined;
  if (typeof measurement === "string" && measurement !== "") {
    const [fields, tags] = Array.isArray(payload) ? (payload as unknown[]) : [payload, {}];
    const time = timestamp === undefined ? {} : { timestamp };
    return batchOfPoints([{ measurement, fields: isRecord(fields) ? fields : { value: fields }, tags, ...time }]);
  }
  const list: unknown[] = Array.isArray(payload) ? payload : [payload];
  return list.length > 0 && list.every(isPoint) ? batchOfPoints(list) : undefined;
}

function batchOfPoints(points: readonly LoosePoint[]): SampleBatch {
  const now = Date.now();
  return batchFromPlain(
    points.flatMap(({ measurement, tags = {}, fields, timestamp = now }) => {
      if (!isRecord(tags)) throw new FplusError("sample.invalid", "tags must be texts by name", { field: "tags" });
      if (!isRecord(fields))
        throw new FplusError("sample.invalid", "fields must be values by name", { field: "fields" });
      const named = Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, textOf(name, value)]));
      return Object.entries(fields).map(([field, value]) => {
        const identity = pointIdentity(measurement, named, field);
        signals.intern(identity);
        return { name: signalPath(identity.source, identity.device, identity.metric), value, timestamp };
      });
    }),
  );
}

function textOf(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new FplusError("sample.invalid", `the tag ${name} is no text`, { field: "tags" });
}

function isPoint(value: unknown): value is LoosePoint {
  return isRecord(value) && typeof value["measurement"] === "string" && "fields" in value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
