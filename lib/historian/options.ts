import type { SignalRegistry } from "../sample/index.ts";
import type { RollUp } from "./rollup.ts";
import type { InfluxLayout } from "./influx/layout.ts";

/** The embedded engine: a folder of its own, no server. */
export interface EmbeddedOptions {
  readonly engine: "embedded";
  /** Absolute folder; made when missing. */
  readonly directory: string;
  /** Days that samples are kept; 0 or left out = for ever. */
  readonly retentionDays?: number;
  /** What outlives the samples, and makes long ranges quick. */
  readonly rollUps?: readonly RollUp[];
  /** Name for the health page; default `historian`. */
  readonly name?: string;
  /** Where signal ids of batches are looked up; default the registry of the process. */
  readonly registry?: SignalRegistry;
}

/** An InfluxDB server. */
export interface InfluxOptions {
  readonly engine: "influx";
  /** `http://host:8086` or `https://…`. */
  readonly url: string;
  /** Bucket (2.x) or database (1.x, `database` or `database/retention policy`). */
  readonly bucket: string;
  /** Organisation, 2.x only. */
  readonly org?: string;
  /** API token; for a 1.x server `user:password`. */
  readonly token?: string;
  /** API of the server; `auto` (default) asks it. */
  readonly version?: "auto" | "1" | "2";
  /** Measurement that holds all samples; default `sensors`. */
  readonly measurement?: string;
  /** How signals lie in it; default `signals`. */
  readonly layout?: InfluxLayout;
  /**
   * Days that samples are kept; 0 or left out = as the server has it. 1.x: in the layout of signals; 2.x: of the whole bucket.
   * Set where `bucketRetention` says so, and on a bucket that is made here.
   */
  readonly retentionDays?: number;
  /**
   * Whether the retention of a bucket or policy that is there is set to those days, which deletes what is older. Left out: on 1.x beside
   * roll-ups, on 2.x not.
   */
  readonly bucketRetention?: boolean;
  /** What outlives the samples; in the layout of signals. 2.x: the token must be allowed to make buckets, or they are there. */
  readonly rollUps?: readonly RollUp[];
  /** Milliseconds until a request counts as failed; default 10,000. */
  readonly timeoutMs?: number;
  /** Name for the health page; default `historian`. */
  readonly name?: string;
  /** Where signal ids of batches are looked up; default the registry of the process. */
  readonly registry?: SignalRegistry;
}

/** Where history is kept. */
export type HistorianOptions = EmbeddedOptions | InfluxOptions;
