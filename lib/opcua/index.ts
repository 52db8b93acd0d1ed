/**
 * OPC UA: sessions that hold for years, readers, and a simulated plant.
 * @module
 */
export { type BrowseAnswer, type BrowsedNode, browseNodes, type BrowseQuery, type NodeKind } from "./browse.ts";
export { formatStep, isBrowsePath, parseBrowsePath, type PathStep } from "./browse-path.ts";
export { AddressSpace, type Pick, type PickOptions, type TreeNode, type TreePage } from "./address-space.ts";
export type { ShownValue } from "./current-value.ts";
export type { SearchAnswer, SearchHit } from "./node-index.ts";
export { type ExpandedTags, expandTemplates } from "./template.ts";
export { type DiscoverOptions, discoverTags } from "./discover.ts";
export { findServers, type FoundServer, type OfferedEndpoint, readStandIns } from "./discovery.ts";
export { type Application, openApplication, renewApplication } from "./application.ts";
export { type CertificateInfo, describeCertificate, expiryText, parseCertificate } from "./certificate.ts";
export type { CertificateUser, PasswordUser, UserToken } from "./identity.ts";
export {
  modeOf,
  policyOf,
  SECURITY_POLICIES,
  type SecurityMode,
  type SecurityPolicy,
  securityWarning,
} from "./security.ts";
export { isServerUrl } from "./server-address.ts";
export { type ListedCertificate, type TrustMode, trustListOf } from "./trust-list.ts";
export { Endpoint, type EndpointState } from "./endpoint.ts";
export type { Listener } from "./listeners.ts";
export type { EndpointOptions } from "./endpoint-options.ts";
export type { SessionUser } from "./session-users.ts";
export type { ServerLimits } from "./limits.ts";
export { Monitor, type MonitorOptions } from "./monitor.ts";
export type { NotificationMessage, PublishLoop } from "./publish-loop.ts";
export { Subscription, type SubscriptionHandlers } from "./subscription.ts";
export type { SubscriptionSettings } from "./subscription-settings.ts";
export { Poller, type PollerOptions } from "./poller.ts";
export type { ReadingCounters } from "./reading-counters.ts";
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
export { historyAggregates } from "./aggregates.ts";
export { historyError, readHistory } from "./history.ts";
export type { HistoryFault, HistoryOptions, HistoryPage, HistoryQuestion } from "./history-question.ts";
export {
  commandCondition,
  CONDITION_ACTIONS,
  type ConditionAction,
  type ConditionCommand,
} from "./condition-command.ts";
export { ConditionList } from "./conditions.ts";
export type { PlainEvent } from "./event.ts";
export { type EventField, type EventSelection, STANDARD_FIELDS } from "./event-filter.ts";
export { EventMonitor, type EventMonitorOptions } from "./event-monitor.ts";
export { eventNotifiers, type Notifier } from "./notifiers.ts";
export { type EventType, eventTypeFields, eventTypes, type TypeField } from "./event-types.ts";
