import { Receipt, type SampleBatch } from "../sample/index.ts";
import { BatchOutlet } from "./batch-outlet.ts";
import { DeferredAcknowledgement } from "./deferred-acknowledgement.ts";
import type { ReadingCounters } from "./reading-counters.ts";

/**
 * When the server may forget a message: `stored` when the receipt of its batch is confirmed (or a few seconds later),
 * `handed` as soon as it is handed on.
 */
export type AcknowledgeWhen = "stored" | "handed";

/** A message that nobody stored within this time, or while so many others wait, is acknowledged. */
const STORED_WITHIN_MS = 5_000;
const MOST_UNSTORED = 50;

/** The way of a reader's batches to who listens, and of the word that they are safe back to the server. */
export class Delivery {
  readonly #outlet: BatchOutlet;
  readonly #deferred: DeferredAcknowledgement;
  #when: AcknowledgeWhen = "handed";

  constructor(counters: ReadingCounters) {
    this.#outlet = new BatchOutlet((samples) => void (counters.untaken += samples));
    this.#deferred = new DeferredAcknowledgement({
      withinMs: STORED_WITHIN_MS,
      most: MOST_UNSTORED,
      onUnstored: () => void (counters.unstored += 1),
    });
  }

  /** Hands on what waits, and everything from now on. */
  listen(onBatch: (batch: SampleBatch) => void, when: AcknowledgeWhen): void {
    this.#when = when;
    this.#outlet.listen((batch) => {
      onBatch(batch);
      if (when === "handed") batch.receipt?.confirm();
    });
  }

  /** Nobody listens for a while: batches wait, also those that were just handed on and may have been lost on the way. */
  mute(): void {
    this.#outlet.mute(this.#when === "stored" && this.#deferred.stores);
  }

  /** @param acknowledge tells the server that it may forget the message */
  put(batch: SampleBatch, acknowledge: () => void): void {
    if (batch.length === 0) return acknowledge();
    batch.receipt = this.#when === "stored" ? this.#deferred.receiptFor(acknowledge) : new Receipt(acknowledge);
    return this.#outlet.put(batch);
  }

  /** Acknowledges nothing more. */
  close(): void {
    this.#deferred.close();
  }
}
