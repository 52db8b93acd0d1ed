import { FplusError, toFplusError } from "../../lib/errors/index.ts";
import { emptyTexts, pointIdentity, type RejectedSample, type WriteReceipt } from "../../lib/historian/index.ts";
import { batchFromPlain, type LooseSample, SampleBatch, signalPath, signals } from "../../lib/sample/index.ts";
import type { Message } from "../frame/index.ts";

const REFUSED = "an empty text; Empty texts on the node can be set to store it";

/** A point as a flow may give it: what node-red-contrib-influxdb takes, in one object. */
interface LoosePoint {
  readonly measurement: string;
  readonly tags?: unknown;
  readonly fields: unknown;
  readonly timestamp?: number | string | Date;
}

/** The samples of a message: a batch of those that go to the store, and those that are refused here. */
export interface MessageSamples {
  readonly batch: SampleBatch;
  /** `origin[i]` is the index among the message's samples of sample i of the batch; left out where it is i. */
  readonly origin?: readonly number[];
  readonly rejected: readonly RejectedSample[];
}

/**
 * The samples of points: `payload` is `{ measurement, tags, fields, timestamp }` or a list of them, or `measurement` stands on the
 * message with `payload` as fields, or `[fields, tags]`. Undefined for messages that hold no points.
 * @throws FplusError `sample.invalid` naming the field
 */
export function pointsOf(msg: Message): MessageSamples | undefined {
  const { payload, measurement, timestamp } = msg as { payload: unknown; measurement?: unknown; timestamp?: number };
  if (payload instanceof SampleBatch) return undefined;
  if (typeof measurement === "string" && measurement !== "") {
    const [fields, tags] = Array.isArray(payload) ? (payload as unknown[]) : [payload, {}];
    const time = timestamp === undefined ? {} : { timestamp };
    return samplesOfPoints([{ measurement, fields: isRecord(fields) ? fields : { value: fields }, tags, ...time }]);
  }
  const list: unknown[] = Array.isArray(payload) ? payload : [payload];
  return list.length > 0 && list.every(isPoint) ? samplesOfPoints(list) : undefined;
}

/** The samples without those whose text is empty, which are refused. */
export function refuseEmptyTexts(samples: MessageSamples): MessageSamples {
  const { batch, origin = [], rejected } = samples;
  const empty = emptyTexts(batch);
  if (empty.length === 0) return samples;
  const isEmpty = new Set(empty);
  const kept = [...Array(batch.length).keys()].filter((i) => !isEmpty.has(i));
  const indexOf = (i: number): number => origin[i] ?? i;
  const refused = empty.map((i) => ({ index: indexOf(i), path: signals.get(batch.signal[i]!).path, reason: REFUSED }));
  return { batch: batch.pick(kept), origin: kept.map(indexOf), rejected: [...rejected, ...refused] };
}

/** A receipt of the batch as one of all the message's samples. */
export function receiptOf(receipt: WriteReceipt, { origin, rejected }: MessageSamples): WriteReceipt {
  const refused = receipt.rejected.map((sample) => ({ ...sample, index: origin?.[sample.index] ?? sample.index }));
  return { ...receipt, rejected: [...rejected, ...refused].sort((a, b) => a.index - b.index) };
}

function samplesOfPoints(points: readonly LoosePoint[]): MessageSamples {
  const now = Date.now();
  const samples: LooseSample[] = [];
  const origin: number[] = [];
  const rejected: RejectedSample[] = [];
  let index = 0;
  for (const { measurement, tags = {}, fields, timestamp = now } of points) {
    if (!isRecord(tags)) throw new FplusError("sample.invalid", "tags must be texts by name", { field: "tags" });
    if (!isRecord(fields)) throw new FplusError("sample.invalid", "fields must be values by name", { field: "fields" });
    for (const [field, value] of Object.entries(fields)) {
      try {
        samples.push({ name: nameOf(measurement, tags, field), value, timestamp });
        origin.push(index);
      } catch (error) {
        const { message } = toFplusError("sample.invalid", error);
        rejected.push({ index, path: `${measurement}/${field}`, reason: message });
      }
      index += 1;
    }
  }
  return { batch: batchFromPlain(samples), origin, rejected };
}

/** Name of the signal of one field. @throws FplusError `sample.invalid` where a part of it is empty, or a tag is no text */
function nameOf(measurement: string, tags: Record<string, unknown>, field: string): string {
  const named = Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, textOf(name, value)]));
  const identity = pointIdentity(measurement, named, field);
  signals.intern(identity);
  return signalPath(identity.source, identity.device, identity.metric);
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
