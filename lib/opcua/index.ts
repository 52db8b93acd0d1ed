/**
 * OPC UA: sessions that hold for years, readers, and a simulated plant.
 * @module
 */
export { formatStep, isBrowsePath, parseBrowsePath, type PathStep } from "./browse-path.ts";
export { type DiscoverOptions, discoverTags } from "./discover.ts";
export {
  Endpoint,
  type EndpointOptions,
  type EndpointState,
  type ReadingCounters,
  type SessionUser,
} from "./endpoint.ts";
export type { ServerLimits } from "./limits.ts";
export { Monitor, type MonitorOptions } from "./monitor.ts";
export type { NotificationMessage, PublishLoop } from "./publish-loop.ts";
export { Subscription, type SubscriptionHandlers, type SubscriptionSettings } from "./subscription.ts";
export { Poller, type PollerOptions } from "./poller.ts";
export { type PathFrom, resolveAddresses, resolvePaths } from "./resolve.ts";
export { Simulator, type SimulatorOptions } from "./simulator/simulator.ts";
export { addressMistake, checkTags, type DataChangeTrigger, type Tag, tableError, type TagMistake } from "./tag.ts";
export type { TagReader } from "./tag-reader.ts";
export { writeError, type WriteOutcome, Writer, type WriteRequest } from "./writer.ts";
export {
  type CallArguments,
  callMethod,
  type CallResult,
  type MethodArgument,
  methodArguments,
  type MethodTarget,
} from "./caller.ts";
