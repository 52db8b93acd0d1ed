import { type InfluxLayout, type InfluxOptions, parseRollUps } from "../../lib/historian/index.ts";
import { numberOf } from "../frame/index.ts";

/** The properties of the dialog. */
export interface HistorianConfig {
  readonly name: string;
  readonly engine: "embedded" | "influx";
  readonly folder: string;
  readonly retention: string | number;
  readonly rollUps: string | undefined;
  /** Left out by nodes of former releases: an upgrade deletes nothing that is kept. */
  readonly bucketRetention: boolean | undefined;
  readonly url: string;
  readonly version: "auto" | "1" | "2";
  readonly org: string;
  readonly bucket: string;
  readonly layout: InfluxLayout;
  /** Whole months that stay beside the current one; blank = nothing is archived. */
  readonly archiveMonths: string | number | undefined;
  /** Id of an `fplus-object-store`; blank = the plant's. */
  readonly archive: string | undefined;
}

/**
 * The options of an InfluxDB server as the dialog has them.
 * @throws FplusError `config.invalid` naming the field
 */
export function influxOptions(config: HistorianConfig, token: string | undefined): InfluxOptions {
  return {
    engine: "influx",
    name: config.name,
    url: config.url,
    bucket: config.bucket,
    version: config.version || "auto",
    layout: config.layout || "signals",
    retentionDays: numberOf(config, "retention", { usual: 0, least: 0 }),
    rollUps: parseRollUps(config.rollUps ?? ""),
    ...(config.bucketRetention === undefined ? {} : { bucketRetention: config.bucketRetention }),
    ...(config.org ? { org: config.org } : {}),
    ...(token ? { token } : {}),
  };
}
