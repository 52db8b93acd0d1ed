/**
 * The historian port: one interface, an embedded engine and InfluxDB behind it, and a writer that outlives their absence.
 * @module
 */
export { type PlainRow, type PlainSeries, plainRows, plainSeries } from "./answer.ts";
export {
  type ArchivedMonth,
  type ArchivedSignal,
  type ArchivePlace,
  MonthArchive,
  monthRange,
} from "./archive/archive.ts";
export { ArchivedHistorian, type ArchivedOptions } from "./archive/store.ts";
export { type CopyOptions, type CopyProgress, type CopyReport, copyHistorian } from "./copy.ts";
export { EmbeddedHistorian } from "./embedded/store.ts";
export { emptyTexts } from "./empty-text.ts";
export type { InfluxLayout } from "./influx/layout.ts";
export type { InfluxQlAnswer, InfluxQlResult, InfluxQlSeries, InfluxQlValue } from "./influxql/answer.ts";
export { openHistorian } from "./open.ts";
export type { EmbeddedOptions, HistorianOptions, InfluxOptions } from "./options.ts";
export { type PointKey, pointIdentity, pointOf } from "./point.ts";
export { packSamples, unpackSamples } from "./packed.ts";
export { parseRollUps, type RollUp, windowText } from "./rollup.ts";
export type {
  Aggregate,
  Fill,
  HistorianQuery,
  HistorianSeries,
  HistorianStore,
  RejectedSample,
  SamplesPart,
  StoredSignal,
  WriteReceipt,
} from "./types.ts";
export { HistorianWriter, type WriterOptions, type WriterStats } from "./writer.ts";
