import { LazyStore, type PartHealth } from "../health/index.ts";
import { checkDocument, checkIndex, jsonOf, requestOf, settingsOf } from "./request.ts";
import type { IndexSettings, SearchAnswer, SearchDocument, SearchEngine } from "./types.ts";

const SLOTS = 512;
const PAGE = 1000;

/**
 * Indexes of documents: the same face and the same checks over every engine. Nothing is opened before the first use.
 * Errors are `FplusError`: `search.request`, `search.filter`, `search.sort`, `search.facets`, `search.document`, `search.missing`,
 * `search.refused`, `search.unreachable` (try again later) and `search.io`; `searchProblem` has MeiliSearch's names for them.
 */
export class SearchStore extends LazyStore {
  readonly #engine: SearchEngine;
  readonly #counters = { searches: 0, upserted: 0, deleted: 0 };
  /** The last searches' times, for their 95th percentile. */
  readonly #times: number[] = [];

  constructor(engine: SearchEngine, name = "search") {
    const mode = engine.kind === "embedded" ? "embedded" : "external";
    const faults = ["search.unreachable", "search.refused"] as const;
    super(engine, { kind: "search", name, mode, detail: engine.place, code: "search.io", faults });
    this.#engine = engine;
  }

  get kind(): SearchEngine["kind"] {
    return this.#engine.kind;
  }

  async indexes(): Promise<string[]> {
    return await this.run(() => this.#engine.indexes());
  }

  /** Makes the index where it is missing and sets what it uses its attributes for. */
  async configure(index: string, settings: IndexSettings): Promise<void> {
    await this.run(() => {
      checkIndex(index);
      return this.#engine.configure(index, settingsOf(settings));
    });
  }

  /** Adds documents, or replaces those of the same id; they are found when it resolves. Of one id the last wins. */
  async upsert(index: string, documents: readonly SearchDocument[]): Promise<void> {
    await this.run(async () => {
      checkIndex(index);
      for (const document of documents) checkDocument(document);
      if (documents.length === 0) return;
      await this.#engine.upsert(index, documents, documents.map(jsonOf));
      this.#counters.upserted += documents.length;
    });
  }

  /** Deletes by id; what is not there is deleted already. */
  async delete(index: string, ids: readonly string[]): Promise<void> {
    await this.run(async () => {
      checkIndex(index);
      for (const id of ids) checkDocument({ id });
      if (ids.length === 0) return;
      await this.#engine.delete(index, ids);
      this.#counters.deleted += ids.length;
    });
  }

  /** Deletes an index with everything in it. */
  async drop(index: string): Promise<void> {
    await this.run(() => {
      checkIndex(index);
      return this.#engine.drop(index);
    });
  }

  async get(index: string, id: string): Promise<SearchDocument | undefined> {
    return await this.run(() => {
      checkIndex(index);
      checkDocument({ id });
      return this.#engine.get(index, id);
    });
  }

  /** How many documents an index holds. */
  async count(index: string): Promise<number> {
    return await this.run(() => {
      checkIndex(index);
      return this.#engine.count(index);
    });
  }

  /** What an index uses its attributes for. */
  async settings(index: string): Promise<Required<IndexSettings>> {
    return await this.run(() => {
      checkIndex(index);
      return this.#engine.settings(index);
    });
  }

  /** All documents of an index, a thousand at a time, in no certain order; what is added meanwhile may be left out. */
  async *documents(index: string): AsyncGenerator<readonly SearchDocument[]> {
    for (let offset = 0; ; offset += PAGE) {
      const page = await this.run(() => {
        checkIndex(index);
        return this.#engine.page(index, offset, PAGE);
      });
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
    }
  }

  /** Answers a search: words, or a body as MeiliSearch takes it; `query` and `filters` are taken for `q` and `filter`. */
  async search(index: string, body: unknown): Promise<SearchAnswer> {
    return await this.run(async () => {
      checkIndex(index);
      const request = requestOf(body);
      const start = performance.now();
      const answer = await this.#engine.search(index, request);
      this.#times[this.#counters.searches++ % SLOTS] = performance.now() - start;
      return answer;
    });
  }

  health(): PartHealth {
    const report = this.report(this.#counters, { p95Ms: percentile95(this.#times) });
    const { damage = "" } = this.#engine;
    return damage === "" || report.status !== "up" ? report : { ...report, status: "degraded", detail: damage };
  }
}

function percentile95(times: readonly number[]): number {
  if (times.length === 0) return 0;
  const sorted = times.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length * 0.95)]! * 10) / 10;
}
