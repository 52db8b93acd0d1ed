/** The embedded engine: a folder of its own, no server. */
export interface EmbeddedSearchOptions {
  readonly engine: "embedded";
  /** Absolute folder; made when missing. One process a folder. */
  readonly directory: string;
  /** Name for the health page; default `search`. */
  readonly name?: string;
}

/** A MeiliSearch server. */
export interface MeiliOptions {
  readonly engine: "meilisearch";
  /** `http://host:7700` or `https://…`. */
  readonly url: string;
  /** API key; none where the server runs without. */
  readonly key?: string;
  /** Milliseconds until a request counts as failed; default 10,000. */
  readonly timeoutMs?: number;
  /** Name for the health page; default `search`. */
  readonly name?: string;
}

/** Where documents are searched. */
export type SearchOptions = EmbeddedSearchOptions | MeiliOptions;
