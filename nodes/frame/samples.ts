import { FplusError } from "../../lib/errors/index.ts";
import {
  batchFromPlain,
  type LooseSample,
  plainSample,
  plainSamples,
  SampleBatch,
  signals,
} from "../../lib/sample/index.ts";
import type { Message } from "./define.ts";

/** How a source puts samples on its wire; every consumer reads all four. */
export type OutputShape = "value" | "array" | "object" | "batch";

/** A batch as messages of the chosen shape. `topic` names the source where a message holds several signals. */
export function messagesOf(batch: SampleBatch, shape: OutputShape, topic: string): Message[] {
  if (batch.length === 0) return [];
  switch (shape) {
    case "batch":
      return [{ topic, payload: batch } as unknown as Message];
    case "array":
      return [{ topic, payload: plainSamples(batch) } as unknown as Message];
    case "object": {
      const payload: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
      for (let i = 0; i < batch.length; i++) payload[signals.get(batch.signal[i]!).path] = batch.value(i);
      return [{ topic, payload, timestamp: batch.timeMs[batch.length - 1] } as unknown as Message];
    }
    case "value":
      return Array.from({ length: batch.length }, (_, i) => {
        const { name, value, ...rest } = plainSample(batch, i);
        return { topic: name, payload: value, ...rest } as unknown as Message;
      });
  }
}

/** A Sparkplug payload as JSON: what sparkplug-payload takes and gives. */
interface SparkplugJson {
  readonly timestamp?: number;
  readonly metrics: readonly { name: string; type: string; value: unknown; timestamp?: number }[];
}

/**
 * The samples of a message: a batch, an array of plain samples, one value with its topic, an object by name, or a
 * Sparkplug payload as JSON.
 * @throws FplusError `sample.invalid` naming the field
 */
export function batchOf(msg: Message): SampleBatch {
  const { payload, topic } = msg as { payload: unknown; topic?: unknown };
  if (payload instanceof SampleBatch) return payload;
  if (Array.isArray(payload) && payload.every(isNamed)) return batchFromPlain(payload);
  const name = typeof topic === "string" ? topic : "";
  if (isSparkplugJson(payload)) return batchOfSparkplugJson(payload, name);
  if (isObjectByName(msg, payload)) {
    const prefix = name === "" ? "" : `${name}/`;
    const stamp = msg as { timestamp?: number };
    return batchFromPlain(
      Object.entries(payload).map(([key, value]) => ({
        name: key.includes("/") ? key : prefix + key,
        value,
        ...(stamp.timestamp === undefined ? {} : { timestamp: stamp.timestamp }),
      })),
    );
  }
  if (payload === undefined) {
    throw new FplusError("sample.invalid", "the message has no payload", { field: "payload" });
  }
  if (name === "") {
    throw new FplusError("sample.invalid", "the message names no signal", {
      field: "topic",
      hint: "Set msg.topic to the signal, for example Line1/Press/Temperature.",
    });
  }
  return batchFromPlain([{ ...(msg as Omit<LooseSample, "name" | "value">), name, value: payload }]);
}

function isNamed(entry: unknown): entry is LooseSample {
  return (
    typeof entry === "object" &&
    entry !== null &&
    typeof (entry as { name?: unknown }).name === "string" &&
    "value" in entry
  );
}

/** An object is read by name unless the message says by `type` that it is one structured value. */
function isObjectByName(msg: Message, payload: unknown): payload is Record<string, unknown> {
  if (typeof payload !== "object" || payload === null || "type" in msg) return false;
  // Function nodes run in a realm of their own, whose Object.prototype is another.
  const prototype: unknown = Object.getPrototypeOf(payload);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isSparkplugJson(payload: unknown): payload is SparkplugJson {
  const { metrics } = (payload ?? {}) as { metrics?: unknown };
  return Array.isArray(metrics) && metrics.every((metric) => isNamed(metric) && "type" in metric);
}

/** Names of metrics are relative to the message's topic; a metric without a time has that of the payload. */
function batchOfSparkplugJson({ timestamp, metrics }: SparkplugJson, topic: string): SampleBatch {
  return batchFromPlain(
    metrics.map((metric) => {
      const time = metric.timestamp ?? timestamp;
      return {
        name: topic === "" ? metric.name : `${topic}/${metric.name}`,
        value: metric.value,
        type: metric.type,
        ...(time === undefined ? {} : { timestamp: time }),
      };
    }),
  );
}
