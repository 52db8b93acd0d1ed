/** What can be in a document: JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Something to be found: an id and any attributes. Attributes within objects are named with dots (`location.line`). */
export interface SearchDocument {
  readonly id: string;
  readonly [attribute: string]: Json;
}

/** Which attributes an index uses for what. Only declared ones can filter and sort. */
export interface IndexSettings {
  /** In the order of their weight; `*` = all. Default `*`. */
  readonly searchable?: readonly string[];
  readonly filterable?: readonly string[];
  readonly sortable?: readonly string[];
}

/** A question, with the names of MeiliSearch. */
export interface SearchRequest {
  /** Words, a phrase in double quotes; empty = every document. */
  readonly q: string;
  /** `device_type = 'sensor' AND (line = 1 OR NOT status EXISTS)`; empty = no filter. */
  readonly filter: string;
  /** Attributes whose values are counted over everything found. */
  readonly facets: readonly string[];
  /** Hits on this page, 0 to 1000; default 20. */
  readonly limit: number;
  readonly offset: number;
  /** `attribute:asc` or `attribute:desc`. */
  readonly sort: readonly string[];
  /** `last` (default) leaves out words from the end where not all are found; `all` wants every word. */
  readonly matchingStrategy: "last" | "all";
  /** `*` = all. */
  readonly attributesToRetrieve: readonly string[];
  readonly attributesToHighlight: readonly string[];
  readonly highlightPreTag: string;
  readonly highlightPostTag: string;
  readonly attributesToCrop: readonly string[];
  /** Words that are left of a cropped attribute. */
  readonly cropLength: number;
  readonly cropMarker: string;
  /** Adds `_rankingScore` to each hit: 1 is perfect. */
  readonly showRankingScore: boolean;
}

/**
 * A document that was found; where asked for with `_formatted` (its attributes highlighted and cropped) and `_rankingScore`
 * (0 to 1).
 */
export type SearchHit = SearchDocument;

/** An answer, as MeiliSearch gives it. */
export interface SearchAnswer {
  readonly hits: readonly SearchHit[];
  readonly query: string;
  readonly processingTimeMs: number;
  readonly limit: number;
  readonly offset: number;
  readonly estimatedTotalHits: number;
  /** Attribute, value, number of documents found that have it. */
  readonly facetDistribution?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Smallest and largest number of each facet that has numbers. */
  readonly facetStats?: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
}

/** A kind of search engine behind `SearchStore`, which checks before it calls. Every error leaves as an `FplusError` of the room. */
export interface SearchEngine {
  readonly kind: "embedded" | "meilisearch";
  /** The folder or the address, for the health page. */
  readonly place: string;
  /** What was found damaged last, as a sentence; empty where nothing was. */
  readonly damage?: string;
  open(): Promise<void>;
  indexes(): Promise<string[]>;
  /** Makes the index where it is missing, and applies its settings; documents are re-indexed where needed. */
  configure(index: string, settings: Required<IndexSettings>): Promise<void>;
  /** Adds documents, or replaces those of the same id; they are found when it resolves. `texts` are the documents as JSON. */
  upsert(index: string, documents: readonly SearchDocument[], texts: readonly string[]): Promise<void>;
  /** Deletes by id; what is not there is deleted already. */
  delete(index: string, ids: readonly string[]): Promise<void>;
  /** Deletes the index with everything in it. */
  drop(index: string): Promise<void>;
  get(index: string, id: string): Promise<SearchDocument | undefined>;
  count(index: string): Promise<number>;
  settings(index: string): Promise<Required<IndexSettings>>;
  /** Documents in the engine's own order, for those who want all of them; an empty page is the last. */
  page(index: string, offset: number, limit: number): Promise<readonly SearchDocument[]>;
  search(index: string, request: SearchRequest): Promise<SearchAnswer>;
  close(): Promise<void>;
}
