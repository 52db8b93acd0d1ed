/**
 * The historian port: one interface, an embedded engine and InfluxDB behind it, and a writer that outlives their absence.
 * @module
 */
export { type PlainRow, type PlainSeries, plainRows, plainSeries } from "./answer.ts";
export { EmbeddedHistorian } from "./embedded/store.ts";
export { openHistorian } from "./open.ts";
export type { EmbeddedOptions, HistorianOptions, InfluxOptions } from "./options.ts";
export type {
  Aggregate,
  HistorianQuery,
  HistorianSeries,
  HistorianStore,
  RejectedSample,
  WriteReceipt,
} from "./types.ts";
export { HistorianWriter, type WriterOptions, type WriterStats } from "./writer.ts";
