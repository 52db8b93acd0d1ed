import type { SampleBatch } from "../sample/index.ts";

const MOST_HELD_SAMPLES = 200_000;

/** Where a reader's batches go. While nobody listens, as during a redeploy, they wait; too many push out the oldest. */
export class BatchOutlet {
  readonly #onDropped: (samples: number) => void;
  #held: SampleBatch[] = [];
  #heldSamples = 0;
  #listener: ((batch: SampleBatch) => void) | undefined;

  constructor(onDropped: (samples: number) => void) {
    this.#onDropped = onDropped;
  }

  /** Hands on what waits, and everything from now on; undefined makes it wait. */
  listen(listener: ((batch: SampleBatch) => void) | undefined): void {
    this.#listener = listener;
    if (listener === undefined) return;
    const held = this.#held;
    this.#held = [];
    this.#heldSamples = 0;
    for (const batch of held) listener(batch);
  }

  put(batch: SampleBatch): void {
    if (this.#listener !== undefined) return this.#listener(batch);
    this.#held.push(batch);
    this.#heldSamples += batch.length;
    while (this.#heldSamples > MOST_HELD_SAMPLES && this.#held.length > 1) {
      const dropped = this.#held.shift()!.length;
      this.#heldSamples -= dropped;
      this.#onDropped(dropped);
    }
    return undefined;
  }
}
