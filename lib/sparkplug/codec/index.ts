/**
 * The Sparkplug B payload codec: bytes to lanes, lanes and plain objects to bytes.
 * @module
 */
export { addMetric } from "./add-metric.ts";
export { type Algorithm } from "./compression.ts";
export { type DataSet } from "./dataset.ts";
export { decodePayload } from "./decode.ts";
export { encodeCompressed, encodePlain, type MetricInput, type PayloadInput } from "./encode-plain.ts";
export { type MetricHead, PayloadEncoder } from "./encoder.ts";
export { type ArrayValue, isArrayType, packArray, unpackArray } from "./packed-array.ts";
export { decodePlain, type PlainPayload } from "./plain.ts";
export { type PlainMetric } from "./plain-metric.ts";
export {
  type KnownProperties,
  knownProperties,
  propertiesOf,
  type PropertySet,
  qualityCode,
  SparkplugQuality,
} from "./properties.ts";
export { type Template } from "./template.ts";
export { metricName } from "./text.ts";
export { typeOf, valueAt } from "./value.ts";
export { Carrier, carrierOf, head, MAX_DEPTH, MAX_METRICS, MAX_PAYLOAD_BYTES, metrics, Shape } from "./workbench.ts";
