import { FplusError } from "../../../errors/index.ts";
import { type HistorianStore, packSamples, unpackSamples } from "../../../historian/index.ts";
import type { NewEntry, ReadEntry } from "../archive/archive.ts";

const PART_SAMPLES = 50_000;
/** Before the years that a store takes. */
const FIRST_MS = -9_223_372_036_854;
const PREFIX = 4;
const MAX_PART_BYTES = 256 * 1024 * 1024;

/** Which part of the history. */
export interface HistoryRange {
  /** Milliseconds since the epoch; left out = from the first sample. */
  readonly from?: number;
  /** Exclusive. */
  readonly to: number;
}

/** The history of every signal as an entry: records with their length before them, the newest first. */
export async function* historianEntries(
  store: HistorianStore,
  range: HistoryRange,
  onSamples: (samples: number) => void,
): AsyncGenerator<NewEntry, void> {
  await store.open();
  for (const signal of await store.describe()) {
    const parts = async function* (): AsyncGenerator<Buffer, void> {
      const from = range.from ?? FIRST_MS;
      for (let to = range.to; to > from;) {
        const part = await store.samples(signal, { from, to, limit: PART_SAMPLES });
        if (part.batch.length === 0) return;
        const record = packSamples(part.batch);
        const prefix = Buffer.alloc(PREFIX);
        prefix.writeUInt32BE(record.length);
        yield prefix;
        yield Buffer.from(record.buffer, record.byteOffset, record.byteLength);
        onSamples(part.batch.length);
        to = part.from;
      }
    };
    yield { name: `historian/${signal.path}`, kind: "samples", meta: {}, content: parts() };
  }
}

/** Writes the samples of an entry; what is there already at the same time is overwritten. */
export async function restoreSamples(
  store: HistorianStore,
  { content, name }: ReadEntry,
): Promise<{ samples: number; rejected: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let [samples, rejected] = [0, 0];
  for await (const chunk of content) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= PREFIX) {
      const length = rest.readUInt32BE(0);
      if (length > MAX_PART_BYTES) throw new FplusError("backup.damaged", `${name} has a record of ${length} bytes`);
      if (rest.length < PREFIX + length) break;
      const batch = unpackSamples(rest.subarray(PREFIX, PREFIX + length));
      const receipt = await store.write(batch);
      samples += receipt.written;
      rejected += receipt.rejected.length;
      rest = rest.subarray(PREFIX + length);
    }
  }
  if (rest.length > 0) throw new FplusError("backup.damaged", `${name} ends within a record`);
  return { samples, rejected };
}
