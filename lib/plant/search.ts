import path from "node:path";
import type { HealthBoard } from "../health/index.ts";
import { openSearch, type SearchOptions, type SearchStore } from "../search/index.ts";
import type { LeaseTable } from "./lease.ts";
import { storeSource, type StoreSource } from "./source.ts";

/** The engine of those options, shared by all who name the same folder or server. */
export function searchSource(leases: LeaseTable, board: HealthBoard, options: SearchOptions): StoreSource<SearchStore> {
  const place = options.engine === "embedded" ? options.directory : options.url;
  const fingerprint = options.engine === "embedded" ? "" : JSON.stringify(options);
  return storeSource(leases, board, `search ${place}`, () => openSearch(options), fingerprint);
}

/** Where a plant searches when nobody chose: in its folder, or on the MeiliSearch that the environment names. */
export function defaultSearch(stateDir: string, env: NodeJS.ProcessEnv): SearchOptions {
  const url = env["FPLUS_MEILI_URL"];
  if (!url) return { engine: "embedded", directory: path.join(stateDir, "search") };
  const key = env["FPLUS_MEILI_KEY"];
  return { engine: "meilisearch", url, ...(key ? { key } : {}) };
}
