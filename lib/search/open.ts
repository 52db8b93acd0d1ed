import { EmbeddedSearch } from "./embedded/engine.ts";
import { MeiliEngine } from "./meili/engine.ts";
import type { SearchOptions } from "./options.ts";
import { SearchStore } from "./store.ts";

/**
 * Makes the store of those options. Nothing is loaded, opened or connected before its first use.
 * @throws FplusError `config.invalid` naming the field
 */
export function openSearch(options: SearchOptions): SearchStore {
  const engine = options.engine === "embedded" ? new EmbeddedSearch(options) : new MeiliEngine(options);
  return new SearchStore(engine, options.name);
}
