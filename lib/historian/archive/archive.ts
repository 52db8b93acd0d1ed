import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { PassThrough, Readable } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";
import { FplusError } from "../../errors/index.ts";
import { bufferOf, type ObjectStore } from "../../objects/index.ts";
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

const DAY_MS = 86_400_000;
/** More samples a day of one signal than this are beyond any sensor. */
const MAX_DAY_SAMPLES = 20_000_000;

/** First and last moment of a month (`2026-01`), UTC. @throws FplusError `config.invalid` */
export function monthRange(month: string): { from: number; to: number } {
  const [, year, index] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? [];
  if (year === undefined)
    throw new FplusError("config.invalid", `not a month: ${month}`, { field: "month", hint: "Write it like 2026-01." });
  return { from: Date.UTC(Number(year), Number(index) - 1), to: Date.UTC(Number(year), Number(index)) };
}

/** Months of history in an object store: a CSV.gz a signal, and an index that is written last, when all of it is safe. */
export class MonthArchive {
  readonly #place: ArchivePlace;
  readonly #prefix: string;
  #months: Map<string, ArchivedMonth> | undefined;

  constructor(place: ArchivePlace) {
    this.#place = place;
    this.#prefix = place.prefix ?? "history";
  }

  /** The months there are, oldest first. @throws FplusError as the object store does */
  async months(): Promise<ArchivedMonth[]> {
    this.#months ??= await this.#load();
    return [...this.#months.values()].sort((a, b) => a.from - b.from);
  }

  /**
   * Puts a month of a store into the archive, reads every object back, and then deletes it from the store. To do it again adds
   * what came late since.
   * @returns the month, or undefined where the store holds nothing of it
   */
  async put(store: HistorianStore, month: string): Promise<ArchivedMonth | undefined> {
    const range = monthRange(month);
    const known = new Map(
      (await this.months()).find((one) => one.month === month)?.signals.map((one) => [one.path, one]),
    );
    let added = 0;
    for (const signal of await store.describe()) {
      const { batch } = await store.samples(signal, { ...range, limit: 1 });
      if (batch.length === 0) continue;
      known.set(signal.path, await this.#putSignal(store, signal, month, range, known.get(signal.path)));
      added += 1;
    }
    if (added === 0) return undefined;
    const made: ArchivedMonth = {
      month,
      ...range,
      signals: [...known.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    };
    const { objects, bucket } = this.#place;
    await objects.put(bucket, `${this.#prefix}/${month}/index.json`, JSON.stringify(made), {
      contentType: "application/json",
    });
    this.#months?.set(month, made);
    await store.remove(range);
    return made;
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

  async #putSignal(
    store: HistorianStore,
    signal: StoredSignal,
    month: string,
    range: { readonly from: number; readonly to: number },
    before: ArchivedSignal | undefined,
  ): Promise<ArchivedSignal> {
    const name = createHash("sha256").update(signal.path).digest("hex").slice(0, 24);
    const turn = before === undefined ? "" : `-${before.keys.length + 1}`;
    const key = `${this.#prefix}/${month}/${name}${turn}.csv.gz`;
    const { objects, bucket } = this.#place;
    let samples = 0;
    async function* lines(): AsyncGenerator<string> {
      yield CSV_HEADER;
      for (let from = range.from; from < range.to; from += DAY_MS) {
        const { batch } = await store.samples(signal, { from, to: from + DAY_MS, limit: MAX_DAY_SAMPLES });
        samples += batch.length;
        if (batch.length > 0) yield csvLines(batch);
      }
    }
    const packed = Readable.from(lines()).compose(createGzip()) as AsyncIterable<Uint8Array>;
    const { size } = await objects.put(bucket, key, packed, { contentType: "application/gzip" });
    let found = 0;
    for await (const sample of this.#readObject(key, range.from, range.to)) if (sample.status >= 0) found++;
    if (found !== samples) {
      const what = `the archive of ${signal.path} holds ${found} samples instead of ${samples}`;
      throw new FplusError("historian.copy", what, { field: signal.path });
    }
    return {
      ...signal,
      keys: [...(before?.keys ?? []), key],
      samples: (before?.samples ?? 0) + samples,
      bytes: (before?.bytes ?? 0) + size,
    };
  }

  async #load(): Promise<Map<string, ArchivedMonth>> {
    const { objects, bucket } = this.#place;
    const months = new Map<string, ArchivedMonth>();
    if (!(await objects.buckets()).includes(bucket)) return months;
    let cursor: string | undefined;
    do {
      const page = await objects.list(bucket, {
        prefix: `${this.#prefix}/`,
        recursive: true,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const { key } of page.objects) {
        if (!key.endsWith("/index.json")) continue;
        const { stream } = await objects.get({ bucket, key });
        const month = JSON.parse((await bufferOf(stream)).toString("utf8")) as ArchivedMonth;
        months.set(month.month, month);
      }
      ({ cursor } = page);
    } while (cursor !== undefined);
    return months;
  }
}
