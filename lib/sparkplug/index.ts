/**
 * Sparkplug B: the codec, and the sessions of edge nodes and host applications.
 * @module
 */
export { addMetric } from "./metric-value.ts";
export { type ArrayValue, isArrayType, packArray, unpackArray } from "./packed-array.ts";
export { Carrier, DecodedPayload, MetricFlag } from "./payload.ts";
export { type MetricHead, PayloadEncoder } from "./payload-encoder.ts";
export { type KnownProperties, knownProperties, qualityCode, SparkplugQuality } from "./properties.ts";
export {
  checkId,
  type MessageType,
  NAMESPACE,
  parseTopic,
  type SparkplugTopic,
  sparkplugTopic,
  stateTopic,
} from "./topic.ts";
