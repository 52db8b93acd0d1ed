import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { PassThrough, Readable } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";
import { FplusError } from "../../errors/index.ts";
import { bufferOf, type ListedObject, type ObjectStore } from "../../objects/index.ts";
import type { HistorianStore, StoredSignal } from "../types.ts";
import { type ArchivedSample, CSV_HEADER, csvLines, readCsv } from "./csv.ts";

/** Where months go. */
export interface ArchivePlace {
  readonly objects: ObjectStore;
  readonly bucket: string;
  /** Folder within the bucket; default `history`. */
  readonly prefix?: string;
}

/** One signal of an archived month. */
export interface ArchivedSignal extends StoredSignal {
  /** Its objects; a later one holds what came late, and wins at the same time. */
  readonly keys: readonly string[];
  readonly samples: number;
  /** Bytes of the objects. */
  readonly bytes: number;
}

/** A month in the archive: `2026-01`, and what it holds. */
export interface ArchivedMonth {
  readonly month: string;
  /** Milliseconds since the epoch, UTC; to is exclusive. */
  readonly from: number;
  readonly to: number;
  readonly signals: readonly ArchivedSignal[];
}

/** Milliseconds since the epoch; to is exclusive. */
interface TimeRange {
  readonly from: number;
  readonly to: number;
}

const ALL: TimeRange = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;
const DAY_MS = 86_400_000;
/** More samples a day of one signal than this are beyond any sensor. */
const MAX_DAY_SAMPLES = 20_000_000;

/** First and last moment of a month (`2026-01`), UTC. @throws FplusError `config.invalid` */
export function monthRange(month: string): { from: number; to: number } {
  const [, year, index] = MONTH.exec(month) ?? [];
  if (year === undefined)
    throw new FplusError("config.invalid", `not a month: ${month}`, { field: "month", hint: "Write it like 2026-01." });
  return { from: Date.UTC(Number(year), Number(index) - 1), to: Date.UTC(Number(year), Number(index)) };
}

/** An index of a month, as its name says it: `index-0002-<digest>.json`, the second that was written; `index.json` is the first. */
const INDEX = /\/index(?:-(\d{4})-[0-9a-f]+)?\.json$/;

/**
 * Months of history in an object store: a CSV.gz a signal and turn, and an index a turn that is written last, when all of it is safe.
 *
 * Several processes may archive one month at once. Nothing that is there is ever written over: an object is named by its content, so who
 * reads the same writes the same, and who finds only a part of the month, for another has begun to delete it, adds an index of that part.
 * A month is what all its indexes hold together.
 */
export class MonthArchive {
  readonly #place: ArchivePlace;
  readonly #prefix: string;
  /** Indexes that were read; they never change. */
  readonly #read = new Map<string, ArchivedMonth>();
  #bucketIsThere = false;

  constructor(place: ArchivePlace) {
    this.#place = place;
    this.#prefix = place.prefix ?? "history";
  }

  /**
   * The names of the indexes that there are of a range of time, as they are now: by month, and oldest first.
   * @throws FplusError as the object store does
   */
  async indexes(range: TimeRange = ALL): Promise<string[]> {
    const found: string[] = [];
    for (const folder of (await this.#list(`${this.#prefix}/`)).prefixes.toSorted()) {
      const month = folder.slice(this.#prefix.length + 1, -1);
      if (!MONTH.test(month)) continue;
      const { from, to } = monthRange(month);
      if (from >= range.to || to <= range.from) continue;
      const { objects } = await this.#list(`${folder}index`);
      found.push(...objects.map(({ key }) => key).sort((a, b) => turnOf(a) - turnOf(b) || (a < b ? -1 : 1)));
    }
    return found;
  }

  /**
   * The months of some indexes, oldest first; without names those of all there are.
   * @throws FplusError as the object store does
   */
  async months(indexes?: readonly string[]): Promise<ArchivedMonth[]> {
    const months = new Map<string, ArchivedMonth>();
    for (const key of indexes ?? (await this.indexes())) {
      const part = await this.#index(key);
      const before = months.get(part.month);
      months.set(part.month, before === undefined ? part : joined(before, part));
    }
    return [...months.values()].sort((a, b) => a.from - b.from);
  }

  /**
   * Copies what a store holds of a month into the archive and reads every object back. To do it again adds what came late since.
   * @returns false where the store holds nothing of it
   * @throws FplusError `config.invalid` where the month has not ended, and as both stores do
   */
  async copy(store: HistorianStore, month: string): Promise<boolean> {
    const range = monthRange(month);
    if (range.to > Date.now()) {
      const hint = "Archive it when it is over.";
      throw new FplusError("config.invalid", `${month} has not ended`, { field: "month", hint });
    }
    const there = await this.indexes(range);
    const known = new Set((await this.months(there)).flatMap(({ signals }) => signals.flatMap(({ keys }) => keys)));
    const signals: ArchivedSignal[] = [];
    for (const signal of await store.describe()) {
      const { batch } = await store.samples(signal, { ...range, limit: 1 });
      if (batch.length > 0) signals.push(await this.#copySignal(store, signal, month, range, known));
    }
    if (signals.length === 0) return false;
    const text = JSON.stringify({ month, ...range, signals: signals.sort((a, b) => (a.path < b.path ? -1 : 1)) });
    const turn = String(turnOf(there.at(-1) ?? "") + 1).padStart(4, "0");
    const key = `${this.#prefix}/${month}/index-${turn}-${digest(text)}.json`;
    await this.#place.objects.put(this.#place.bucket, key, text, { contentType: "application/json" });
    return true;
  }

  /** The samples of an archived signal at from ≤ time < to, oldest first. */
  async *read(signal: ArchivedSignal, from: number, to: number): AsyncGenerator<ArchivedSample> {
    const [key = "", ...later] = signal.keys;
    if (later.length === 0) {
      yield* this.#readObject(key, from, to);
      return;
    }
    const byTime = new Map<number, ArchivedSample>();
    for (const one of signal.keys) {
      for await (const sample of this.#readObject(one, from, to)) byTime.set(sample.time, sample);
    }
    yield* [...byTime.values()].sort((a, b) => a.time - b.time);
  }

  async *#readObject(key: string, from: number, to: number): AsyncGenerator<ArchivedSample> {
    const { stream } = await this.#place.objects.get({ bucket: this.#place.bucket, key });
    const text = new PassThrough({ encoding: "utf8" });
    // A failure on the way destroys the last stream with its error, so it reaches the loop below.
    pipeline(stream, createGunzip(), text).catch(() => undefined);
    try {
      for await (const sample of readCsv(text)) if (sample.time >= from && sample.time < to) yield sample;
    } finally {
      stream.destroy();
      text.destroy();
    }
  }

  /** Writes the signal into a file first, for its content is its name. */
  async #copySignal(
    store: HistorianStore,
    signal: StoredSignal,
    month: string,
    range: TimeRange,
    known: ReadonlySet<string>,
  ): Promise<ArchivedSignal> {
    const { objects, bucket } = this.#place;
    const folder = await mkdtemp(path.join(tmpdir(), "fplus-archive-"));
    try {
      const file = path.join(folder, "signal.csv.gz");
      const content = createHash("sha256");
      let samples = 0;
      let size = 0;
      async function* lines(): AsyncGenerator<string> {
        yield CSV_HEADER;
        for (let from = range.from; from < range.to; from += DAY_MS) {
          const { batch } = await store.samples(signal, { from, to: from + DAY_MS, limit: MAX_DAY_SAMPLES });
          samples += batch.length;
          if (batch.length > 0) yield csvLines(batch);
        }
      }
      async function* measured(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
        for await (const piece of packed) {
          content.update(piece);
          size += piece.length;
          yield piece;
        }
      }
      await pipeline(Readable.from(lines()), createGzip(), measured, createWriteStream(file));
      const key = `${this.#prefix}/${month}/${digest(signal.path)}-${content.digest("hex").slice(0, 24)}.csv.gz`;
      if (!known.has(key)) {
        await objects.put(bucket, key, createReadStream(file), { size, contentType: "application/gzip" });
      }
      let found = 0;
      for await (const sample of this.#readObject(key, range.from, range.to)) if (sample.status >= 0) found++;
      if (found !== samples) {
        const what = `the archive of ${signal.path} holds ${found} samples instead of ${samples}`;
        throw new FplusError("historian.copy", what, { field: signal.path });
      }
      return { ...signal, keys: [key], samples, bytes: size };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #index(key: string): Promise<ArchivedMonth> {
    let month = this.#read.get(key);
    if (month === undefined) {
      const { stream } = await this.#place.objects.get({ bucket: this.#place.bucket, key });
      month = JSON.parse((await bufferOf(stream)).toString("utf8")) as ArchivedMonth;
      this.#read.set(key, month);
    }
    return month;
  }

  /** Objects and folders that begin so; nothing where the bucket is not there yet. */
  async #list(prefix: string): Promise<{ objects: ListedObject[]; prefixes: string[] }> {
    const objects: ListedObject[] = [];
    const prefixes: string[] = [];
    const { objects: store, bucket } = this.#place;
    this.#bucketIsThere ||= (await store.buckets()).includes(bucket);
    let cursor: string | undefined;
    while (this.#bucketIsThere) {
      const page = await store.list(bucket, { prefix, ...(cursor === undefined ? {} : { cursor }) });
      objects.push(...page.objects);
      prefixes.push(...page.prefixes);
      cursor = page.cursor;
      if (cursor === undefined) break;
    }
    return { objects, prefixes };
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 24);
}

function turnOf(index: string): number {
  return Number(INDEX.exec(index)?.[1] ?? 0);
}

/** A month with what a later index says of it: what it names again counts once, and wins at the same time. */
function joined(month: ArchivedMonth, later: ArchivedMonth): ArchivedMonth {
  const signals = new Map(month.signals.map((signal) => [signal.path, signal]));
  for (const signal of later.signals) {
    const before = signals.get(signal.path);
    const again = before?.keys.includes(signal.keys[0]!) === true;
    signals.set(signal.path, {
      ...signal,
      keys: [...(before?.keys ?? []).filter((key) => !signal.keys.includes(key)), ...signal.keys],
      samples: (before?.samples ?? 0) + (again ? 0 : signal.samples),
      bytes: (before?.bytes ?? 0) + (again ? 0 : signal.bytes),
    });
  }
  return { ...month, signals: [...signals.values()].sort((a, b) => (a.path < b.path ? -1 : 1)) };
}
