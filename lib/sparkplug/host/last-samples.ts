import { SampleBatch, Status } from "../../sample/index.ts";

/** The last sample of every signal that a host heard of, to say of each when it is stale. */
export class LastSamples {
  readonly #samples = new SampleBatch(1024);
  /** Place in `#samples` by signal id, plus one; 0 for none. */
  #place = new Uint32Array(1024);

  /** Takes a batch; what is older than what is known is passed over. */
  update(batch: SampleBatch): void {
    const { signal, timeMs, timeNs, status, type, flags, words, ref, length } = batch;
    for (let i = 0; i < length; i++) {
      const id = signal[i]!;
      if (id >= this.#place.length) this.#grow(id);
      if (this.#place[id] !== 0) continue;
      this.#samples.addFrom(batch, i);
      this.#place[id] = this.#samples.length;
    }
    // copyFrom, lane by lane: this runs for every sample of the plant.
    const to = this.#samples;
    const { timeMs: toMs, timeNs: toNs, status: toStatus, type: toType, flags: toFlags, words: toWords } = to;
    const places = this.#place;
    for (let i = 0; i < length; i++) {
      const at = places[signal[i]!]! - 1;
      if (timeMs[i]! < toMs[at]!) continue;
      toMs[at] = timeMs[i]!;
      toNs[at] = timeNs[i]!;
      toStatus[at] = status[i]!;
      toType[at] = type[i]!;
      toFlags[at] = flags[i]!;
      toWords[2 * at] = words[2 * i]!;
      toWords[2 * at + 1] = words[2 * i + 1]!;
    }
    if (ref.length === 0 && to.ref.length === 0) return;
    for (let i = 0; i < length; i++) {
      const at = places[signal[i]!]! - 1;
      if (timeMs[i] === toMs[at]) to.ref[at] = ref[i];
    }
  }

  /** Time since which a signal is stale, in milliseconds; -1 where it is not. */
  staleSince(signal: number): number {
    const place = this.#place[signal] ?? 0;
    return place !== 0 && this.#samples.status[place - 1] === STALE ? this.#samples.timeMs[place - 1]! : -1;
  }

  /** Marks signals stale; returns what that makes of their last samples. Those without one, or stale already, are left out. */
  markStale(ids: Iterable<number>, at: number): SampleBatch {
    const samples = this.#samples;
    const marked = new SampleBatch();
    for (const id of ids) {
      const place = this.#place[id] ?? 0;
      if (place === 0 || samples.status[place - 1] === STALE) continue;
      samples.status[place - 1] = STALE;
      // A mark must not take the place of the value it is about.
      samples.timeMs[place - 1] = Math.max(at, samples.timeMs[place - 1]! + 1);
      samples.timeNs[place - 1] = 0;
      samples.flags[place - 1]! &= NULL;
      marked.addFrom(samples, place - 1);
    }
    return marked;
  }

  #grow(id: number): void {
    const larger = new Uint32Array(Math.max(id + 1, this.#place.length * 2));
    larger.set(this.#place);
    this.#place = larger;
  }
}

const STALE = Status.UncertainLastUsableValue;
const NULL = 1;
