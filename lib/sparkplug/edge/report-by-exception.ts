import { SampleBatch } from "../../sample/index.ts";

/** When a value is worth a message. */
export interface ExceptionRule {
  /** Smallest change of a number that counts, in its own unit; 0 for any change. */
  readonly deadband: number;
  /** The deadband is in percent of the value last reported. */
  readonly percent: boolean;
  /** A value is reported at least this often although it stands still; 0 for never. */
  readonly maxSilenceMs: number;
}

/** Lets through what changed (Sparkplug 3.0 section 5.9): value beyond the deadband, quality, type, or a long silence. */
export class ReportByException {
  readonly #rule: ExceptionRule;
  /** The last reported sample by signal id. */
  readonly #reported: (SampleBatch | undefined)[] = [];
  suppressed = 0;

  constructor(rule: ExceptionRule) {
    this.#rule = rule;
  }

  /** The samples to report: the batch itself where all are, else a new one. */
  changed(batch: SampleBatch): SampleBatch {
    const indexes: number[] = [];
    for (let i = 0; i < batch.length; i++) if (this.#isChanged(batch, i)) indexes.push(i);
    if (indexes.length === batch.length) return batch;
    this.suppressed += batch.length - indexes.length;
    return batch.pick(indexes);
  }

  #isChanged(batch: SampleBatch, i: number): boolean {
    const signal = batch.signal[i]!;
    const last = this.#reported[signal];
    if (last !== undefined && !this.#differs(last, batch, i)) return false;
    const kept = last ?? (this.#reported[signal] = new SampleBatch(1));
    kept.length = 0;
    kept.ref.length = 0;
    kept.addFrom(batch, i);
    return true;
  }

  #differs(last: SampleBatch, batch: SampleBatch, i: number): boolean {
    const { deadband, percent, maxSilenceMs } = this.#rule;
    if (last.type[0] !== batch.type[i] || last.status[0] !== batch.status[i] || last.flags[0] !== batch.flags[i])
      return true;
    if (maxSilenceMs > 0 && batch.timeMs[i]! - last.timeMs[0]! >= maxSilenceMs) return true;
    const before = last.number(0);
    const now = batch.number(i);
    if (deadband > 0 && Number.isFinite(before) && Number.isFinite(now)) {
      return Math.abs(now - before) > (percent ? (Math.abs(before) * deadband) / 100 : deadband);
    }
    if (last.words[0] !== batch.words[2 * i] || last.words[1] !== batch.words[2 * i + 1]) return true;
    // What is no number is compared by identity where it is no text: a structure may have changed within.
    return last.ref[0] !== batch.ref[i];
  }
}
