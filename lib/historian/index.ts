/**
 * The historian port: one interface, an embedded engine and InfluxDB behind it.
 * @module
 */
export type { Aggregate, HistorianQuery, HistorianSeries, HistorianStore, RejectedSample, WriteReceipt } from "./types.ts";
