import { FplusError } from "../../errors/index.ts";
import { type SampleBatch, type SampleValue, ValueType } from "../../sample/index.ts";

/** How a write ended well: the metric came back with the value. */
export interface WriteResult {
  /** The value as it came back. */
  readonly value: SampleValue;
  /** Its time, milliseconds since the epoch. */
  readonly timestamp: number;
  /** Milliseconds from the command to its confirmation. */
  readonly elapsed: number;
}

interface PendingWrite {
  readonly signal: number;
  readonly value: SampleValue;
  readonly sentAt: number;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: FplusError) => void;
  /** What the metric showed instead. */
  other?: SampleValue;
}

const MAX_PENDING = 1000;

/** Writes that wait until DATA shows their value. */
export class PendingWrites {
  #pending: PendingWrite[] = [];

  get size(): number {
    return this.#pending.length;
  }

  /**
   * Waits until the signal has that value.
   * @throws FplusError `sparkplug.command` when the time is over, or when too many wait already
   */
  wait(signal: number, path: string, value: SampleValue, timeoutMs: number): Promise<WriteResult> {
    if (this.#pending.length >= MAX_PENDING) {
      return Promise.reject(
        new FplusError("sparkplug.command", `more than ${MAX_PENDING} writes wait`, { field: path }),
      );
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#remove(write);
        const seen = write.other === undefined ? "no value came back" : `the metric shows ${shown(write.other)}`;
        reject(
          new FplusError("sparkplug.command", `not confirmed within ${timeoutMs} ms: ${seen}`, {
            field: path,
            hint: "The device may refuse the value, clamp it, or take longer.",
          }),
        );
      }, timeoutMs);
      const write: PendingWrite = { signal, value, sentAt: Date.now(), timer, resolve, reject };
      this.#pending.push(write);
    });
  }

  /** Looks for confirmations among the samples of a DATA message. */
  seen(batch: SampleBatch): void {
    for (const write of this.#pending) {
      const i = batch.signal.subarray(0, batch.length).lastIndexOf(write.signal);
      if (i < 0) continue;
      const value = batch.value(i);
      if (same(value, write.value, batch.type[i]!)) {
        this.#remove(write);
        write.resolve({ value, timestamp: batch.timeMs[i]!, elapsed: Date.now() - write.sentAt });
      } else write.other = value;
    }
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const write of this.#pending) {
      clearTimeout(write.timer);
      write.reject(
        new FplusError("sparkplug.command", "the host application was closed before the write was confirmed"),
      );
    }
    this.#pending = [];
  }

  #remove(write: PendingWrite): void {
    clearTimeout(write.timer);
    this.#pending = this.#pending.filter((one) => one !== write);
  }
}

function same(seen: SampleValue, written: SampleValue, type: number): boolean {
  if (seen === null || written === null) return seen === written;
  if (typeof seen === "object" || typeof written === "object") return canonical(seen) === canonical(written);
  if (type === ValueType.Float) return Math.fround(Number(seen)) === Math.fround(Number(written));
  // 64-bit integers come as number or bigint, whichever is exact.
  if (typeof seen === "bigint" || typeof written === "bigint") return BigInt(seen) === BigInt(written);
  return Object.is(seen, written) || seen === written;
}

function canonical(value: SampleValue): string {
  const plain = ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<unknown>) : value;
  return JSON.stringify(plain, (_key, part: unknown) => (typeof part === "bigint" ? Number(part) : part));
}

function shown(value: SampleValue): string {
  return (typeof value === "object" ? canonical(value) : String(value)).slice(0, 60);
}
