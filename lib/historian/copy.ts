import { createHash } from "node:crypto";
import { FplusError } from "../errors/index.ts";
import type { HistorianSeries, HistorianStore, RejectedSample, StoredSignal } from "./types.ts";

/** What a copy is to do, and what it has done already. Both stores look signals up in one registry. */
export interface CopyOptions {
  readonly from: HistorianStore;
  readonly to: HistorianStore;
  /** Signals to copy; default all. */
  readonly pattern?: string;
  /** Milliseconds since the epoch, exclusive: what comes later is not copied. */
  readonly until: number;
  /** Signals that a former run has copied and verified, with their samples. */
  readonly done?: ReadonlyMap<string, number>;
  /** Called after each part; a signal is finished when `verified` is said of it. */
  readonly onProgress?: (progress: CopyProgress) => void | Promise<void>;
  /** Samples a part; default 50,000. */
  readonly partSamples?: number;
}

/** How far a copy is. */
export interface CopyProgress {
  readonly path: string;
  /** Signals finished, of how many. */
  readonly signal: number;
  readonly signals: number;
  /** Samples of this signal so far. */
  readonly samples: number;
  readonly verified: boolean;
}

/** What was copied; both sides had the same count and the same checksum of values for every part. */
export interface CopyReport {
  readonly signals: number;
  readonly samples: number;
  /** Signals that a former run had finished. */
  readonly skipped: number;
  /** Samples that the target can never hold, by its own words; they are not in `samples`. */
  readonly rejected: readonly RejectedSample[];
}

const PART_SAMPLES = 50_000;
/** Times are doubles of milliseconds: a nanosecond may differ. */
const TIME_TOLERANCE_MS = 0.001;
const MAX_REJECTED = 1000;

/**
 * Copies a historian into another, signal by signal from the newest part to the oldest, and reads every part back from the target.
 * To copy again what was there changes nothing, so an interrupted copy can go on.
 * @throws FplusError `historian.copy` naming the signal where the two sides differ, and all that the stores throw
 */
export async function copyHistorian(options: CopyOptions): Promise<CopyReport> {
  const { from, to, done = new Map<string, number>(), onProgress } = options;
  const all = await from.describe(options.pattern);
  const rejected: RejectedSample[] = [];
  let samples = 0;
  let skipped = 0;
  for (const [i, signal] of all.entries()) {
    const known = done.get(signal.path);
    if (known !== undefined) {
      skipped += 1;
      samples += known;
      continue;
    }
    const say = (count: number, verified: boolean): void | Promise<void> =>
      onProgress?.({ path: signal.path, signal: i + 1, signals: all.length, samples: count, verified });
    let copied = 0;
    let until = options.until;
    for (;;) {
      const part = await from.samples(signal, {
        from: FIRST_MS,
        to: until,
        limit: options.partSamples ?? PART_SAMPLES,
      });
      if (part.batch.length === 0) break;
      const receipt = await to.write(part.batch);
      if (rejected.length < MAX_REJECTED) rejected.push(...receipt.rejected);
      await verify(signal, from, to, { from: part.from, to: until }, receipt.rejected.length);
      copied += receipt.written;
      until = part.from;
      await say(copied, false);
    }
    samples += copied;
    await say(copied, true);
  }
  return { signals: all.length, samples, skipped, rejected };
}

/** Before the years that a store takes. */
const FIRST_MS = -9_223_372_036_854;

async function verify(
  { path }: StoredSignal,
  from: HistorianStore,
  to: HistorianStore,
  range: { from: number; to: number },
  rejected: number,
): Promise<void> {
  const ask = async (store: HistorianStore): Promise<HistorianSeries | undefined> =>
    (await store.query({ signals: [path], ...range }))[0];
  const [source, target] = await Promise.all([ask(from), ask(to)]);
  const expected = (source?.time.length ?? 0) - rejected;
  const found = target?.time.length ?? 0;
  if (found !== expected) throw different(path, `${found} samples instead of ${expected}`);
  // With rejected samples the two sides cannot be laid beside each other; the counts agree, and the report names them.
  if (rejected > 0 || source === undefined || target === undefined) return;
  const at = source.time.findIndex((time, i) => Math.abs(time - target.time[i]!) > TIME_TOLERANCE_MS);
  if (at >= 0) throw different(path, `another time at ${new Date(source.time[at]!).toISOString()}`);
  if (checksum(source) !== checksum(target)) throw different(path, "other values");
}

/** SHA-256 of values, texts and statuses. */
function checksum({ value, text, status }: HistorianSeries): string {
  const hash = createHash("sha256");
  hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  hash.update(JSON.stringify(text ?? Array.from(value, () => null)));
  hash.update(JSON.stringify(Array.from(value, (_, i) => status?.[i] ?? 0)));
  return hash.digest("hex");
}

function different(path: string, what: string): FplusError {
  const hint = "Stop what writes there, delete what is wrong, and start the copy again: it goes on with this signal.";
  return new FplusError("historian.copy", `the copy of ${path} holds ${what}`, { field: path, hint });
}
