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
export { type CommandMetric, commandsOf, encodeCommand, rebirthCommand } from "./commands.ts";
export { EdgeNode, type EdgeCommand, type EdgeNodeOptions } from "./edge/edge-node.ts";
export { HostApplication, type HostApplicationOptions, type LifecycleEvent } from "./host/host-application.ts";
export type { ViewState } from "./host/node-view.ts";
