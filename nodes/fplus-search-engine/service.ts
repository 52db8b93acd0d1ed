import type { Lease } from "../../lib/plant/index.ts";
import type { SearchStore } from "../../lib/search/index.ts";

/** What an `fplus-search-engine` config node offers. */
export interface SearchService {
  /** It opens itself at its first use; release when done. */
  lease(): Lease<SearchStore>;
}
