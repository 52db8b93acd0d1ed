/**
 * The search port: indexes of devices, tags, alerts, documents; embedded or on a MeiliSearch server, with the same requests and answers.
 * @module
 */
export { copySearch, type CopiedIndex } from "./copy.ts";
export { Indexer, type IndexerOptions, type IndexerStats } from "./indexer.ts";
export { openSearch } from "./open.ts";
export type { EmbeddedSearchOptions, MeiliOptions, SearchOptions } from "./options.ts";
export { type SearchProblem, searchProblem } from "./problem.ts";
export { type DocumentSource, RowIndexer, type RowIndexerStats } from "./row-indexer.ts";
export { DEVICES, SIGNAL_INDEXES, SignalIndexer, TAGS } from "./signals.ts";
export { jsonOf } from "./request.ts";
export { SearchStore } from "./store.ts";
export type { IndexSettings, Json, SearchAnswer, SearchDocument, SearchHit, SearchRequest } from "./types.ts";
