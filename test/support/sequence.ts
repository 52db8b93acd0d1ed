import { type SampleBatch, signals } from "../../lib/sample/index.ts";

/** What a reader of counting tags received, tag by tag: every count is to come once, in order, none left out. */
export interface SequenceFault {
  readonly received: number;
  readonly missing: number;
  readonly duplicate: number;
  readonly outOfOrder: number;
}

/** Follows tags whose values count up by one (see counter-server.ts). */
export class SequenceCheck {
  readonly #seen = new Map<number, number[]>();
  received = 0;
  /** Samples whose StatusCode says that values before them were lost. */
  marked = 0;

  take(batch: SampleBatch): void {
    for (let i = 0; i < batch.length; i++) {
      const value = batch.f64[i]!;
      const list = this.#seen.get(batch.signal[i]!);
      if (list === undefined) this.#seen.set(batch.signal[i]!, [value]);
      else list.push(value);
      if ((batch.status[i]! & 0x0c80) === 0x0480) this.marked += 1;
    }
    this.received += batch.length;
  }

  /** Tags that have sent something. */
  get tags(): number {
    return this.#seen.size;
  }

  /** The latest count of the tag that is furthest behind. */
  get reached(): number {
    return Math.min(...Array.from(this.#seen.values(), (values) => values.at(-1)!));
  }

  fault(): SequenceFault {
    let missing = 0;
    let duplicate = 0;
    let outOfOrder = 0;
    for (const values of this.#seen.values()) {
      const distinct = new Set(values);
      duplicate += values.length - distinct.size;
      missing += Math.max(...values) - Math.min(...values) + 1 - distinct.size;
      for (let i = 1; i < values.length; i++) if (values[i]! < values[i - 1]!) outOfOrder += 1;
    }
    return { received: this.received, missing, duplicate, outOfOrder };
  }

  /** The first few counts that a tag lacks, for the message of a failed test. */
  holes(): string {
    for (const [signal, values] of this.#seen) {
      const present = new Set(values);
      const lacking: number[] = [];
      for (let n = Math.min(...values); n <= Math.max(...values); n++) if (!present.has(n)) lacking.push(n);
      if (lacking.length > 0) return `${signals.get(signal).path} lacks ${lacking.slice(0, 20).join(", ")}`;
    }
    return "";
  }
}
