import type { SampleValue } from "../../sample/index.ts";
import type { MetaData } from "./metadata.ts";
import type { PropertySet } from "./properties.ts";

/** A metric as a plain object; the names are those of sparkplug-payload. */
export interface PlainMetric {
  name?: string;
  alias?: number;
  /** Milliseconds since the epoch, with a fraction where the sender's clock is finer. */
  timestamp?: number;
  /** `Unknown` where neither the metric nor its carrier tells. */
  type: string;
  isHistorical?: boolean;
  isTransient?: boolean;
  metadata?: MetaData;
  properties?: PropertySet;
  value: SampleValue;
}
