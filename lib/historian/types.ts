import type { PartHealth } from "../health/index.ts";
import type { SampleBatch, ValueType } from "../sample/index.ts";
import type { InfluxQlAnswer } from "./influxql/answer.ts";

/** A sample that the store will never take, and why (NaN, a type conflict, an unnamed signal …). */
export interface RejectedSample {
  /** Index in the batch. */
  readonly index: number;
  /** Signal path. */
  readonly path: string;
  readonly reason: string;
}

/** What became of a batch: everything not rejected is durable when the promise resolves. */
export interface WriteReceipt {
  readonly written: number;
  readonly rejected: readonly RejectedSample[];
  /** How many of those written wait on disk, because the store is away; left out when none does. */
  readonly spooled?: number;
}

/** How a window's samples become one value; `raw` leaves them as they are. */
export type Aggregate = "raw" | "mean" | "min" | "max" | "first" | "last" | "count" | "sum";

/** What stands in a window without a number: nothing, null, the value before, a value between the neighbours, or this number. */
export type Fill = "none" | "null" | "previous" | "linear" | number;

/** By what signals are told apart beside their path; the names are those of the tags in InfluxDB. */
export type SignalTag = "source" | "device" | "metric" | "unit" | "schema" | "enterprise" | "site" | "area" | "line";

/** A question that every engine answers alike. */
export interface HistorianQuery {
  /** Signal paths, or patterns with `*` for any run of characters within a level and `**` for any levels. */
  readonly signals: readonly string[];
  /** Only signals with these tags, as exact texts or patterns; a point's own tags count too. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, inclusive. */
  readonly from: number;
  /** Milliseconds since the epoch, exclusive. */
  readonly to: number;
  /** Default `raw`. */
  readonly aggregate?: Aggregate;
  /** Width of an aggregate's window in milliseconds, aligned to the epoch; required unless raw. */
  readonly windowMs?: number;
  /** What stands in windows without a number, between `from` and `to`; default `none`. Not for raw. */
  readonly fill?: Fill;
  /** Samples a signal at most (the newest ones), raw only. */
  readonly limit?: number;
  /** For display: reduce to about so many points a signal, keeping each bucket's minimum and maximum. Raw only. */
  readonly maxPoints?: number;
}

/** The answer for one signal, oldest first. */
export interface HistorianSeries {
  readonly path: string;
  readonly unit: string;
  /** Milliseconds since the epoch; with sub-millisecond fraction where there is one. */
  readonly time: Float64Array;
  /** Numbers (booleans as 0 and 1); NaN where the value is text or null. */
  readonly value: Float64Array;
  /** Only for signals that hold text. */
  readonly text?: readonly (string | null)[];
  /** OPC UA StatusCode; left out where all are Good or the engine aggregated. */
  readonly status?: Uint32Array;
}

/** A signal as a store knows it: enough to name it anew elsewhere. */
export interface StoredSignal {
  readonly path: string;
  readonly source: string;
  readonly device: string;
  readonly metric: string;
  /** ValueType; Unknown where the store does not tell. */
  readonly type: ValueType;
  readonly unit: string;
  readonly schema: string;
  readonly hierarchy: readonly string[];
}

/** The newest samples of a range, oldest first, as they can be written elsewhere. */
export interface SamplesPart {
  readonly batch: SampleBatch;
  /** All samples from here to the end of the range are in the part; older ones lie before it. */
  readonly from: number;
}

/** A time-series store. Writes are idempotent by (signal path, timestamp): the later write wins. */
export interface HistorianStore {
  readonly kind: "embedded" | "influx";
  open(): Promise<void>;
  /**
   * @throws FplusError `historian.unreachable` when the server cannot be reached (write again later),
   *   `historian.io` when the disk fails, `historian.rejected` when it refuses everything
   */
  write(batch: SampleBatch): Promise<WriteReceipt>;
  /** @throws FplusError `historian.query` naming the field at fault, `historian.unreachable` */
  query(query: HistorianQuery): Promise<HistorianSeries[]>;
  /** Paths held, ordered; `pattern` as in a query. */
  signals(pattern?: string): Promise<string[]>;
  /** The signals behind those paths, in the same order. */
  describe(pattern?: string): Promise<StoredSignal[]>;
  /** Deletes all samples at from ≤ time < to, in whole milliseconds; roll-ups stay. @throws FplusError as `write` does */
  remove(range: { readonly from: number; readonly to: number }): Promise<void>;
  /**
   * Samples of one signal with their types, for another store: the newest of a range, at most about `limit`.
   * @throws FplusError `historian.unreachable`, `historian.io`
   */
  samples(signal: StoredSignal, range: { from: number; to: number; limit: number }): Promise<SamplesPart>;
  /**
   * Answers InfluxQL as InfluxDB 1.x does, times in RFC 3339; a statement's own error stands in its result.
   * @throws FplusError `historian.query` when the store speaks no InfluxQL
   */
  influxQl(text: string): Promise<InfluxQlAnswer>;
  /**
   * Hands a Flux script to the server.
   * @returns one object a row
   * @throws FplusError `historian.query` when the store speaks no Flux, or with the server's sentence
   */
  flux(script: string): Promise<Record<string, unknown>[]>;
  health(): PartHealth;
  close(): Promise<void>;
}
