/**
 * Live values for screens: who looks at what, and what changed.
 * @module
 */
export { type FeedClient, type FeedOptions, LiveFeed } from "./feed.ts";
export { deviceKey, LastValueTable } from "./last-values.ts";
export {
  type Answer,
  ASK_EVENT,
  type DeviceState,
  type DirectoryDevice,
  type DirectorySignal,
  type HistoryLine,
  packHistory,
  type Points,
  type Question,
  tellEvent,
  unpackHistory,
} from "./protocol.ts";
