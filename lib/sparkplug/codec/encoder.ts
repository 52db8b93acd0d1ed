import { isNumeric, type SampleBatch, ValueType } from "../../sample/index.ts";
import { writeValue } from "./encode-plain.ts";
import { METRIC_FIELDS, writeScalar } from "./encode-value.ts";
import { writeNumbers } from "./plain-number.ts";
import {
  at,
  closeField,
  finished,
  openField,
  reserve,
  seek,
  writeByte,
  writeText,
  writeTime,
  writeVarint,
  writeWords,
} from "./writer.ts";

/** What a metric carries beside its value. */
export interface MetricHead {
  /** Left out where only the alias is sent. */
  readonly name?: string;
  /** Left out for metrics without one (bdSeq, the control metrics). */
  readonly alias?: number;
  readonly historical?: boolean;
  readonly transient?: boolean;
  /** Sparkplug quality (192 good, 0 bad, 500 stale); left out when good goes without saying. */
  readonly quality?: number;
  readonly unit?: string;
}

/** Whether the metrics of the payload carry their datatype. */
let isTyped = true;

/**
 * Puts a Sparkplug B payload together from samples, fields in the order of their numbers. There is one buffer a process:
 * a payload is begun, filled and finished before the next one.
 */
export class PayloadEncoder {
  #seq = -1;

  /**
   * Begins a payload; `seq` -1 leaves it out (NDEATH, commands). Strictly, DATA needs no datatypes; readers built on
   * sparkplug-payload lose the values without, so leaving them out is a choice.
   */
  begin(timeMs: number, seq: number, typed = true): this {
    seek(0);
    writeTime(0x08, timeMs);
    this.#seq = seq;
    isTyped = typed;
    return this;
  }

  /**
   * Adds samples of a batch as metrics that have nothing but an alias.
   * @param indexes which samples
   * @param aliases the alias of every sample of the batch
   * @param onFault hears of samples that cannot be encoded; they are left out
   */
  values(
    batch: SampleBatch,
    indexes: readonly number[],
    aliases: Uint32Array,
    onFault: (fault: unknown) => void,
  ): this {
    const count = indexes.length;
    for (let k = 0; k < count;) {
      if (isTyped) k = writeNumbers(batch, indexes, aliases, k, count);
      if (k < count) {
        const i = indexes[k++]!;
        try {
          this.sample({ alias: aliases[i]! }, batch, i);
        } catch (error) {
          onFault(error);
        }
      }
    }
    return this;
  }

  /**
   * Adds sample i of a batch as a metric.
   * @throws FplusError `sparkplug.encode` where the value does not fit its type, `sparkplug.limit`
   */
  sample(head: MetricHead, batch: SampleBatch, i: number): this {
    const before = at;
    try {
      writeSample(head, batch, i);
    } catch (error) {
      // Half a metric would spoil the others.
      seek(before);
      throw error;
    }
    return this;
  }

  /** Adds a metric of the session itself (bdSeq, controls, descriptive texts). */
  metric(head: MetricHead, type: number, value: number | bigint | boolean | string | null, timeMs: number): this {
    const start = openMetric(head, timeMs, type);
    if (value === null) writeNull(head);
    else {
      writeProperties(head);
      writeScalar(METRIC_FIELDS, type, value);
    }
    closeField(start);
    return this;
  }

  /**
   * Adds a metric with a value that is an object: data set, template, array, bytes.
   * @throws FplusError as `sample`
   */
  object(head: MetricHead, type: number, value: object, timeMs: number): this {
    const before = at;
    try {
      const start = openMetric(head, timeMs, type);
      writeProperties(head);
      writeValue(type, value, 0);
      closeField(start);
    } catch (error) {
      seek(before);
      throw error;
    }
    return this;
  }

  /** The finished payload, as a copy that its receiver may keep. */
  finish(): Uint8Array {
    if (this.#seq >= 0) {
      reserve(16);
      writeByte(0x18);
      writeVarint(this.#seq);
    }
    return finished();
  }
}

function writeSample(head: MetricHead, batch: SampleBatch, i: number): void {
  const type = batch.type[i]!;
  const start = openMetric(head, batch.timeMs[i]!, type);
  if (batch.isNull(i)) writeNull(head);
  else {
    writeProperties(head);
    if (type === ValueType.Int64 || type === ValueType.UInt64) {
      writeByte(METRIC_FIELDS.long);
      writeWords(batch.words[2 * i]!, batch.words[2 * i + 1]!);
    } else if (type === ValueType.Boolean) writeScalar(METRIC_FIELDS, type, batch.f64[i] !== 0);
    else if (isNumeric(type)) writeScalar(METRIC_FIELDS, type, batch.f64[i]);
    else writeObject(type, batch.ref[i]);
  }
  closeField(start);
}

function openMetric(head: MetricHead, timeMs: number, type: number): number {
  reserve(64);
  writeByte(0x12);
  const start = openField();
  if (head.name !== undefined) writeText(0x0a, head.name);
  if (head.alias !== undefined) {
    writeByte(0x10);
    writeVarint(head.alias);
  }
  writeTime(0x18, timeMs);
  if (isTyped) {
    writeByte(0x20);
    writeVarint(type === ValueType.Unknown ? ValueType.String : type);
  }
  if (head.historical === true) writeFlag(0x28);
  if (head.transient === true) writeFlag(0x30);
  return start;
}

function writeNull(head: MetricHead): void {
  writeFlag(0x38);
  writeProperties(head);
}

function writeObject(type: number, ref: string | object | undefined): void {
  const known = typeof ref === "string" || type > ValueType.UUID;
  if (known) writeValue(type, ref, 0);
  // A structure travels as JSON text.
  else writeText(METRIC_FIELDS.string, JSON.stringify(ref ?? null));
}

function writeFlag(tag: number): void {
  writeByte(tag);
  writeByte(1);
}

/** `Quality` and `engUnit`. */
function writeProperties({ quality, unit }: MetricHead): void {
  if (quality === undefined && unit === undefined) return;
  reserve(64);
  writeByte(0x4a);
  const set = openField();
  if (quality !== undefined) writeText(0x0a, "Quality");
  if (unit !== undefined) writeText(0x0a, "engUnit");
  if (quality !== undefined) {
    writeByte(0x12);
    const value = openField();
    writeByte(0x08);
    writeByte(ValueType.Int32);
    writeByte(0x18);
    writeVarint(quality);
    closeField(value);
  }
  if (unit !== undefined) {
    reserve(16);
    writeByte(0x12);
    const value = openField();
    writeByte(0x08);
    writeByte(ValueType.String);
    writeText(0x42, unit);
    closeField(value);
  }
  closeField(set);
}
