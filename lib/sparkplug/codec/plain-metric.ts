import { type SampleValue, valueTypeName } from "../../sample/index.ts";
import { type MetaData, readMetaData } from "./metadata.ts";
import { propertiesOf, type PropertySet } from "./properties.ts";
import { metricName } from "./text.ts";
import { typeOf, valueAt } from "./value.ts";
import { metrics, Shape } from "./workbench.ts";

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

/**
 * Metric i of the workbench as a plain object.
 * @throws FplusError `sparkplug.malformed`, `sparkplug.limit`
 */
export function plainMetric(i: number): PlainMetric {
  const shape = metrics.shape[i]!;
  const type = typeOf(i, 0);
  const metric: PlainMetric = { value: valueAt(i, type), type: valueTypeName(type) };
  if ((shape & Shape.HasName) !== 0) metric.name = metricName(i);
  if ((shape & Shape.HasAlias) !== 0) metric.alias = metrics.alias[i]!;
  if ((shape & Shape.HasTime) !== 0) metric.timestamp = metrics.timeMs[i]! + metrics.timeNs[i]! / 1e6;
  if ((shape & Shape.Historical) !== 0) metric.isHistorical = true;
  if ((shape & Shape.Transient) !== 0) metric.isTransient = true;
  if ((shape & Shape.HasMetadata) !== 0) {
    metric.metadata = readMetaData(metrics.metadataStart[i]!, metrics.metadataEnd[i]!);
  }
  const properties = propertiesOf(i);
  if (properties !== undefined) metric.properties = properties;
  return metric;
}
