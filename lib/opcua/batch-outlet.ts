import type { SampleBatch } from "../sample/index.ts";

const MOST_HELD_SAMPLES = 200_000;
/** A message on its way between two nodes that close is lost; older ones have arrived, or never will. */
const ON_THE_WAY_MS = 5_000;

interface Sent {
  readonly batch: SampleBatch;
  readonly at: number;
}

/** Where a reader's batches go. While nobody listens, as during a redeploy, they wait; too many push out the oldest. */
export class BatchOutlet {
  readonly #onDropped: (samples: number) => void;
  #held: SampleBatch[] = [];
  #heldSamples = 0;
  #sent: Sent[] = [];
  #listener: ((batch: SampleBatch) => void) | undefined;

  constructor(onDropped: (samples: number) => void) {
    this.#onDropped = onDropped;
  }

  /** Hands on what waits, and everything from now on. */
  listen(listener: (batch: SampleBatch) => void): void {
    this.#listener = listener;
    const held = this.#held;
    this.#held = [];
    this.#heldSamples = 0;
    // One that was confirmed meanwhile had arrived after all.
    for (const batch of held) if (batch.receipt?.confirmed !== true) this.#send(listener, batch);
  }

  /** @param again whether what was just handed on and not confirmed is handed on again to the next listener */
  mute(again: boolean): void {
    this.#listener = undefined;
    const since = Date.now() - ON_THE_WAY_MS;
    const sent = this.#sent;
    this.#sent = [];
    if (!again) return;
    for (const { batch, at } of sent) if (at >= since && batch.receipt?.confirmed === false) this.#hold(batch);
  }

  put(batch: SampleBatch): void {
    if (this.#listener === undefined) this.#hold(batch);
    else this.#send(this.#listener, batch);
  }

  #send(listener: (batch: SampleBatch) => void, batch: SampleBatch): void {
    const now = Date.now();
    listener(batch);
    while (this.#sent.length > 0 && this.#sent[0]!.at < now - ON_THE_WAY_MS) this.#sent.shift();
    if (batch.receipt?.confirmed === false) this.#sent.push({ batch, at: now });
  }

  #hold(batch: SampleBatch): void {
    this.#held.push(batch);
    this.#heldSamples += batch.length;
    while (this.#heldSamples > MOST_HELD_SAMPLES && this.#held.length > 1) {
      const dropped = this.#held.shift()!.length;
      this.#heldSamples -= dropped;
      this.#onDropped(dropped);
    }
  }
}
