import { isDeepStrictEqual } from "node:util";
import type { SampleBatch } from "../sample/index.ts";

const NOT_SEEN = Number.NaN;

/**
 * Drops values that a server sends again: the same time, StatusCode and value as the last one of that signal. Some send
 * the last value of every item when a session is activated on a new connection.
 */
export class RepeatFilter {
  #time = new Float64Array();
  #value = new Float64Array();
  #status = new Uint32Array();
  readonly #refs = new Map<number, string | object>();

  /** Takes the repeats out of a batch that its maker is still filling. @returns how many there were */
  apply(batch: SampleBatch): number {
    let kept = 0;
    const { length, ref: refs, f64, timeMs, timeNs } = batch;
    for (let i = 0; i < length; i++) {
      const signal = batch.signal[i]!;
      if (signal >= this.#time.length) this.#grow(signal);
      const time = timeMs[i]! + timeNs[i]! / 1e6;
      const value = f64[i]!;
      const status = batch.status[i]!;
      const ref = i < refs.length ? refs[i] : undefined;
      if (
        this.#time[signal] === time &&
        this.#status[signal] === status &&
        Object.is(this.#value[signal], value) &&
        (ref === undefined || isDeepStrictEqual(ref, this.#refs.get(signal)))
      )
        continue;
      this.#time[signal] = time;
      this.#value[signal] = value;
      this.#status[signal] = status;
      if (ref !== undefined) this.#refs.set(signal, ref);
      if (kept !== i) batch.copyFrom(batch, i, kept);
      kept += 1;
    }
    const repeats = length - kept;
    batch.length = kept;
    if (batch.ref.length > kept) batch.ref.length = kept;
    return repeats;
  }

  #grow(signal: number): void {
    const size = Math.max(1024, 2 * (signal + 1));
    const time = new Float64Array(size).fill(NOT_SEEN);
    const value = new Float64Array(size);
    const status = new Uint32Array(size);
    time.set(this.#time);
    value.set(this.#value);
    status.set(this.#status);
    this.#time = time;
    this.#value = value;
    this.#status = status;
  }
}
