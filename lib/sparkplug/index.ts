/**
 * Sparkplug B: the codec, and the sessions of edge nodes and host applications.
 * @module
 */
export {
  addMetric,
  type ArrayValue,
  type DataSet,
  decodePayload,
  decodePlain,
  encodeCompressed,
  encodePlain,
  head,
  isArrayType,
  knownProperties,
  type MetricHead,
  type MetricInput,
  metricName,
  metrics,
  packArray,
  propertiesOf,
  PayloadEncoder,
  type PayloadInput,
  type PlainMetric,
  type PlainPayload,
  qualityCode,
  Shape,
  SparkplugQuality,
  type Template,
  typeOf,
  unpackArray,
  valueAt,
} from "./codec/index.ts";
export {
  checkId,
  legacyStateTopic,
  type MessageType,
  NAMESPACE,
  parseTopic,
  type SparkplugTopic,
  sparkplugTopic,
  stateTopic,
} from "./topic.ts";
export { type CommandMetric, commandsOf, encodeCommand, rebirthCommand } from "./commands.ts";
export { EdgeNode, type EdgeCommand, type EdgeNodeOptions } from "./edge/edge-node.ts";
export { type ExceptionRule, ReportByException } from "./edge/report-by-exception.ts";
export { HostApplication, type HostApplicationOptions } from "./host/host-application.ts";
export type { LifecycleEvent, NodeRow, WriteTarget } from "./host/types.ts";
export { BirthFolder, type BirthStore, inOrder, MAX_BIRTHS, type StoredBirth } from "./host/birth-store.ts";
export type { WriteResult } from "./host/pending-writes.ts";
export type { ViewState } from "./host/node-view.ts";
