import type { DataValue } from "node-opcua";
import { SampleBatch } from "../sample/index.ts";
import { DataChangeDecoder, type HandleTable } from "./data-change.ts";
import { addDataValue } from "./data-value.ts";
import type { Opcua } from "./load.ts";
import { OVERFLOW, overflowsIn } from "./overflow.ts";
import type { NotificationMessage } from "./publish-loop.ts";
import type { ReadingCounters } from "./reading-counters.ts";
import { RepeatFilter } from "./repeat-filter.ts";

/** Makes batches of notification messages: repeats dropped, losses marked and counted. */
export class NotificationReader {
  readonly #decoder: DataChangeDecoder;
  readonly #counters: ReadingCounters;
  readonly #onError: (error: unknown) => void;
  readonly #repeats = new RepeatFilter();
  /** Signals whose next value is marked: values before it were lost. */
  readonly #afterLoss = new Set<number>();

  constructor(opcua: Opcua, counters: ReadingCounters, onError: (error: unknown) => void) {
    this.#decoder = new DataChangeDecoder(opcua);
    this.#counters = counters;
    this.#onError = onError;
  }

  /** Values of these signals were lost, nobody knows which: the next one of each gets the Overflow bit. */
  lost(signals: Iterable<number>): void {
    for (const signal of signals) this.#afterLoss.add(signal);
  }

  /** The values of a message; those of handles that nobody reads, and repeats, are left out. */
  read(message: NotificationMessage, table: HandleTable): SampleBatch {
    const now = Date.now();
    const { dataChanges, others } = message;
    const batch = new SampleBatch(dataChanges.reduce((sum, bytes) => sum + DataChangeDecoder.count(bytes), 0));
    for (const bytes of dataChanges) this.#decode(bytes, table, batch, now);
    for (const part of others) addDecoded(part, table, batch, now);
    this.#counters.repeatedValues += this.#repeats.apply(batch);
    this.#counters.changes += batch.length;
    this.#counters.overflows += overflowsIn(batch);
    if (this.#afterLoss.size > 0) this.#mark(batch);
    return batch;
  }

  #decode(bytes: Uint8Array, table: HandleTable, batch: SampleBatch, now: number): void {
    try {
      this.#decoder.decode(bytes, table, batch, now);
    } catch (error) {
      this.#counters.malformed += 1;
      this.#onError(error);
    }
  }

  #mark(batch: SampleBatch): void {
    for (let i = 0; i < batch.length; i++) {
      if (this.#afterLoss.delete(batch.signal[i]!)) batch.status[i] = (batch.status[i]! | OVERFLOW) >>> 0;
    }
  }
}

/** Data changes that came as node-opcua's objects, as those sent again do. */
function addDecoded(part: object, { signals, texts, structures }: HandleTable, batch: SampleBatch, now: number): void {
  const { monitoredItems } = part as { monitoredItems?: readonly { clientHandle: number; value: DataValue }[] };
  for (const { clientHandle, value } of monitoredItems ?? []) {
    const signal = signals[clientHandle] ?? -1;
    if (signal >= 0) addDataValue(batch, signal, value, now, texts[clientHandle], structures);
  }
}
