import type { SampleBatch } from "../sample/index.ts";

/** What is asked of a server's history (OPC 10000-11 6.5). Times are milliseconds since the epoch. */
export type HistoryQuestion =
  | {
      /** Values as they were recorded, newest first where `to` lies before `from`. Two of `from`, `to`, `limit` at least. */
      readonly kind: "raw";
      readonly from?: number;
      readonly to?: number;
      /** Values a variable at most; all where left out. */
      readonly limit?: number;
      /** The value just outside of each end, too. */
      readonly bounds?: boolean;
    }
  | {
      /** One aggregate an interval. */
      readonly kind: "processed";
      readonly from: number;
      readonly to: number;
      /** `Average`, `Minimum`, … as the server lists them. */
      readonly aggregate: string;
      /** Milliseconds; 0 for one interval over the whole range. */
      readonly everyMs: number;
    }
  | { /** Values at given times, interpolated. */ readonly kind: "at"; readonly times: readonly number[] };

/** A variable whose history could not be read. */
export interface HistoryFault {
  readonly target: string;
  /** StatusCode by name, or our own sentence. */
  readonly reason: string;
}

/** A part of an answer. */
export interface HistoryPage {
  readonly batch: SampleBatch;
  /** Variables that failed in this part. */
  readonly failed: readonly HistoryFault[];
  /** Whether it is the last one. */
  readonly complete: boolean;
}

/** How an answer is cut. */
export interface HistoryOptions {
  /** Values in a page, about; 10,000 where left out. */
  readonly pageSize?: number;
  /** Values of an enumeration as their text, as readers give them; true where left out. */
  readonly enumTexts?: boolean;
}
