/** What a subscription is asked to be. */
export interface SubscriptionSettings {
  readonly publishingMs: number;
  /** How long the server keeps it, and what it holds, without hearing from us. */
  readonly lifetimeMs: number;
}

const KEEP_ALIVE_MS = 5_000;
const LEAST_KEEP_ALIVE_COUNT = 3;

/** What is asked of the server for it: to send everything it has, in as few messages as it can. */
export function subscriptionRequest({ publishingMs, lifetimeMs }: SubscriptionSettings) {
  const keepAliveCount = Math.max(LEAST_KEEP_ALIVE_COUNT, Math.ceil(KEEP_ALIVE_MS / publishingMs));
  return {
    requestedPublishingInterval: publishingMs,
    requestedMaxKeepAliveCount: keepAliveCount,
    requestedLifetimeCount: Math.max(3 * keepAliveCount, Math.ceil(lifetimeMs / publishingMs)),
    maxNotificationsPerPublish: 0,
    priority: 10,
  };
}
