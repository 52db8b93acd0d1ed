import { FplusError, messageOf, toFplusError } from "../errors/index.ts";
import type { PartHealth } from "../health/index.ts";
import { SampleBatch, type SignalRegistry, signals } from "../sample/index.ts";
import type { Spool } from "../spool/index.ts";
import { takeIn } from "./points.ts";
import { decodeRecord, encodeRecord } from "./record.ts";
import type { HistorianStore, RejectedSample, WriteReceipt } from "./types.ts";

/** Limits of a writer. */
export interface WriterOptions {
  /** Where samples wait on disk while the store is away; without one they wait in the queue until it is full. Closed with the writer. */
  readonly spool?: Spool;
  /** Samples in memory at most; default 200,000. */
  readonly maxQueued?: number;
  /** Samples joined into one write at most; default 5,000. */
  readonly batchSamples?: number;
  /** First and longest pause between attempts at a store that is away, in milliseconds; default 250 and 5,000. */
  readonly retryMs?: number;
  readonly maxRetryMs?: number;
  readonly registry?: SignalRegistry;
}

/** Totals since it was made, and depths of now; in samples. */
export interface WriterStats {
  readonly queued: number;
  /** Samples on disk that this process put there and has not delivered; records of a former process show in `spoolDepth`. */
  readonly spooled: number;
  /** Records in the spool. */
  readonly spoolDepth: number;
  /** Samples that reached the store. */
  readonly written: number;
  readonly rejected: number;
  /** The first distinct reasons. */
  readonly reasons: readonly string[];
  /** Samples lost: the queue or the spool was full, or the writer closed while the store was away. */
  readonly dropped: number;
  readonly retries: number;
  /** Why the store is away; empty when it is not. */
  readonly fault: string;
}

interface Waiting {
  readonly batch: SampleBatch;
  readonly resolve: (receipt: WriteReceipt) => void;
  readonly reject: (error: FplusError) => void;
}

/** Batches whose samples lie in the spool, and are safe there after its next flush. */
interface Appended {
  readonly group: readonly Waiting[];
  readonly points: number;
  readonly rejected: readonly RejectedSample[];
}

const MAX_REASONS = 5;
/** Records of the spool in one write: a store that comes back takes large writes two to three times as fast as small ones. */
const SPOOL_READ = 8;
/** A store that asks for a longer pause is asked again after this one. */
const MAX_TOLD_MS = 60_000;

/**
 * Stands in front of a store and keeps samples while it is away: joins small batches, tries again with growing pauses,
 * spills to disk, and delivers in the order of arrival when the store is back. One write is under way at a time.
 */
export class HistorianWriter {
  readonly #store: HistorianStore;
  readonly #spool: Spool | undefined;
  readonly #options: Required<Omit<WriterOptions, "spool">>;
  #queue: Waiting[] = [];
  #queued = 0;
  #spooled = 0;
  #written = 0;
  #rejected = 0;
  /** Those of the rejected that the store has never seen, and so does not count. */
  #unseen = 0;
  #dropped = 0;
  #retries = 0;
  #reasons: string[] = [];
  #fault = "";
  #running: Promise<void> | undefined;
  #closing = false;
  #wake: (() => void) | undefined;

  constructor(store: HistorianStore, options: WriterOptions = {}) {
    this.#store = store;
    this.#spool = options.spool;
    this.#options = {
      maxQueued: options.maxQueued ?? 200_000,
      batchSamples: options.batchSamples ?? 5000,
      retryMs: options.retryMs ?? 250,
      maxRetryMs: options.maxRetryMs ?? 5000,
      registry: options.registry ?? signals,
    };
    // What a former process left in the spool goes out without waiting for a new sample.
    if (this.#backlog > 0) this.#start();
  }

  /**
   * Hands a batch on. Resolves when its samples are durable: in the store, or in the spool while the store is away.
   * @throws FplusError `historian.queue-full` when nothing can take it, `historian.rejected` after close
   */
  write(batch: SampleBatch): Promise<WriteReceipt> {
    if (this.#closing) return Promise.reject(new FplusError("historian.rejected", "the historian's writer is closed"));
    if (this.#queued + batch.length > this.#options.maxQueued) {
      this.#dropped += batch.length;
      return Promise.reject(
        new FplusError("historian.queue-full", `${this.#queued} samples already wait for the historian`, {
          hint: this.#fault || "It takes fewer samples than arrive.",
        }),
      );
    }
    this.#queued += batch.length;
    return new Promise((resolve, reject) => {
      this.#queue.push({ batch, resolve, reject });
      this.#start();
    });
  }

  /** Counts samples that were refused before the store saw them: one without a name is in no batch. */
  noteRejected(rejected: readonly RejectedSample[]): void {
    this.#unseen += rejected.length;
    this.#count({ written: 0, rejected });
  }

  stats(): WriterStats {
    return {
      queued: this.#queued,
      spooled: this.#spooled,
      spoolDepth: this.#backlog,
      written: this.#written,
      rejected: this.#rejected,
      reasons: this.#reasons,
      dropped: this.#dropped,
      retries: this.#retries,
      fault: this.#fault,
    };
  }

  /** The store's health with the writer's figures in it. */
  health(): PartHealth {
    const store = this.#store.health();
    const away = this.#fault !== "";
    const { queued, spooled, spoolDepth, dropped, retries } = this.stats();
    return {
      ...store,
      status: away ? (this.#spool === undefined ? "down" : "degraded") : store.status,
      detail: this.#fault || store.detail,
      counters: { ...store.counters, rejected: (store.counters["rejected"] ?? 0) + this.#unseen, dropped, retries },
      gauges: { ...store.gauges, queued, spooled, spoolDepth },
    };
  }

  /**
   * Delivers what waits, or puts it on disk; what can go nowhere is counted as dropped and its writes are refused.
   * The store stays open.
   */
  async close(): Promise<void> {
    this.#closing = true;
    this.#wake?.();
    await this.#running;
    this.#refuseQueue(new FplusError("historian.unreachable", "closed while the historian was away"));
    await this.#spool?.close();
  }

  get #backlog(): number {
    return this.#spool === undefined ? 0 : this.#spool.next - this.#spool.first;
  }

  #start(): void {
    this.#running ??= this.#run()
      .catch((error: unknown) => this.#refuseQueue(toFplusError("historian.io", error)))
      .finally(() => {
        this.#running = undefined;
        if (this.#queue.length > 0 && !this.#closing) this.#start();
      });
  }

  async #run(): Promise<void> {
    // One turn of the event loop, so that batches of the same moment join.
    await new Promise((resolve) => setImmediate(resolve));
    let pause = this.#options.retryMs;
    while (this.#queue.length > 0 || this.#backlog > 0) {
      try {
        if (this.#backlog > 0) {
          // Behind a backlog everything new queues up on disk, so that order is kept.
          await this.#spill();
          if (this.#closing) return;
          await this.#drain();
        } else await this.#deliver();
        this.#fault = "";
        pause = this.#options.retryMs;
      } catch (error) {
        this.#fault = messageOf(error);
        this.#retries += 1;
        await this.#spill();
        if (this.#closing) return;
        const told = error instanceof FplusError ? Math.min(error.retryAfterMs ?? 0, MAX_TOLD_MS) : 0;
        await this.#rest(told + pause * (0.75 + Math.random() / 2));
        pause = Math.min(pause * 2, this.#options.maxRetryMs);
      }
    }
  }

  /** Writes the front of the queue to the store as one batch. */
  async #deliver(): Promise<void> {
    const group = this.#front();
    let receipt: WriteReceipt;
    try {
      receipt = await this.#store.write(joined(group));
    } catch (error) {
      const fault = toFplusError("historian.unreachable", error);
      if (isAway(fault)) throw fault;
      this.#remove(group);
      for (const one of group) this.#refuse(one, fault);
      return;
    }
    this.#remove(group);
    this.#count(receipt);
    settle(group, receipt.rejected);
  }

  /** Writes the oldest records of the spool as one batch and forgets them. */
  async #drain(): Promise<void> {
    const spool = this.#spool!;
    const records = spool.read(spool.first, SPOOL_READ);
    const batches = records.flatMap(({ data }) => this.#decoded(data));
    if (batches.length > 0) await this.#writeAll(batches);
    for (const { length } of batches) this.#spooled = Math.max(0, this.#spooled - length);
    // Where nothing can be read back, all that is left is damaged; the spool has counted it.
    spool.release((records.at(-1)?.position ?? spool.next - 1) + 1);
    if (this.#backlog === 0) this.#spooled = 0;
  }

  #decoded(data: Uint8Array): SampleBatch[] {
    try {
      return [decodeRecord(data, this.#options.registry)];
    } catch (error) {
      this.#noteReason(messageOf(error));
      return [];
    }
  }

  /** A store that is away keeps the records; one that it refuses for good is given up alone, and must not hold up the others. */
  async #writeAll(batches: readonly SampleBatch[]): Promise<void> {
    try {
      this.#count(await this.#store.write(join(batches)));
    } catch (error) {
      const fault = toFplusError("historian.unreachable", error);
      if (isAway(fault)) throw fault;
      if (batches.length > 1) {
        for (const batch of batches) await this.#writeAll([batch]);
        return;
      }
      this.#dropped += batches[0]!.length;
      this.#noteReason(fault.message);
    }
  }

  /** Moves the queue to disk, where there is a spool. Its writes resolve when it is safe there. */
  async #spill(): Promise<void> {
    const spool = this.#spool;
    if (spool === undefined) return;
    while (this.#queue.length > 0) {
      const appended: Appended[] = [];
      while (this.#queue.length > 0) appended.push(...this.#append(spool, this.#front()));
      // One flush for all that was waiting.
      try {
        await spool.flush();
      } catch (error) {
        for (const { group } of appended) this.#refuseAll(group, error);
        continue;
      }
      for (const { group, points, rejected } of appended) {
        this.#spooled += points;
        this.noteRejected(rejected);
        settle(group, rejected, true);
      }
    }
  }

  /** Takes batches from the queue into the spool; none where it cannot take them. */
  #append(spool: Spool, group: readonly Waiting[]): [] | [Appended] {
    const { points, rejected } = takeIn(joined(group), this.#options.registry);
    this.#remove(group);
    try {
      if (points.length > 0) spool.append(encodeRecord(points, this.#options.registry));
      return [{ group, points: points.length, rejected }];
    } catch (error) {
      this.#refuseAll(group, error);
      return [];
    }
  }

  #refuseAll(group: readonly Waiting[], error: unknown): void {
    const fault = toFplusError("spool.io", error);
    for (const one of group) this.#refuse(one, fault);
  }

  /** Batches from the front of the queue that make one write. */
  #front(): Waiting[] {
    let size = 0;
    let count = 0;
    for (const { batch } of this.#queue) {
      if (count > 0 && size + batch.length > this.#options.batchSamples) break;
      size += batch.length;
      count += 1;
    }
    return this.#queue.slice(0, count);
  }

  #remove(group: readonly Waiting[]): void {
    this.#queue.splice(0, group.length);
    for (const { batch } of group) this.#queued -= batch.length;
  }

  #refuse(one: Waiting, fault: FplusError): void {
    this.#dropped += one.batch.length;
    one.reject(fault);
  }

  #refuseQueue(fault: FplusError): void {
    const all = this.#queue;
    this.#queue = [];
    this.#queued = 0;
    for (const one of all) this.#refuse(one, fault);
  }

  #count(receipt: WriteReceipt): void {
    this.#written += receipt.written;
    this.#rejected += receipt.rejected.length;
    for (const { reason } of receipt.rejected) this.#noteReason(reason);
  }

  #noteReason(reason: string): void {
    if (this.#reasons.length < MAX_REASONS && !this.#reasons.includes(reason))
      this.#reasons = [...this.#reasons, reason];
  }

  async #rest(ms: number): Promise<void> {
    const deadline = performance.now() + ms;
    while (!this.#closing && performance.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(250, Math.max(1, deadline - performance.now())));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      // New samples must not wait for the end of a long pause.
      if (this.#queue.length > 0) await this.#spill();
    }
  }
}

/** Errors after which the same write may succeed later. */
function isAway(fault: FplusError): boolean {
  return (
    fault.code === "historian.unreachable" || fault.code === "historian.io" || fault.code === "historian.queue-full"
  );
}

function joined(group: readonly Waiting[]): SampleBatch {
  return join(group.map(({ batch }) => batch));
}

function join(batches: readonly SampleBatch[]): SampleBatch {
  if (batches.length === 1) return batches[0]!;
  const whole = new SampleBatch(batches.reduce((sum, { length }) => sum + length, 0));
  for (const batch of batches) for (let i = 0; i < batch.length; i++) whole.addFrom(batch, i);
  return whole;
}

/** Gives every batch its own part of the receipt of all. */
function settle(group: readonly Waiting[], rejected: readonly RejectedSample[], spooled = false): void {
  let start = 0;
  for (const { batch, resolve } of group) {
    const end = start + batch.length;
    const own = rejected
      .filter(({ index }) => index >= start && index < end)
      .map((sample) => ({ ...sample, index: sample.index - start }));
    const written = batch.length - own.length;
    resolve({ written, rejected: own, ...(spooled ? { spooled: written } : {}) });
    batch.receipt?.confirm();
    start = end;
  }
}
