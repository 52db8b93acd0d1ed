import type { StoreSource } from "../../lib/plant/index.ts";
import type { SearchStore } from "../../lib/search/index.ts";

/** What an `fplus-search-engine` config node offers. */
export type SearchService = StoreSource<SearchStore>;
