import { EmbeddedHistorian } from "./embedded/store.ts";
import { InfluxHistorian } from "./influx/store.ts";
import type { HistorianOptions } from "./options.ts";
import type { HistorianStore } from "./types.ts";

/** Makes the store of those options. Nothing is loaded, opened or connected before its first use. */
export function openHistorian(options: HistorianOptions): HistorianStore {
  return options.engine === "embedded" ? new EmbeddedHistorian(options) : new InfluxHistorian(options);
}
