import type {
  ClientSession,
  ClientSubscription,
  CreateMonitoredItemsRequest,
  CreateMonitoredItemsResponse,
  DataValue,
  NodeId,
} from "node-opcua";
import { messageOf } from "../errors/index.ts";
import { SampleBatch, type Signal } from "../sample/index.ts";
import { addDataValue } from "./data-value.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ServerLimits } from "./limits.ts";
import { type EnumTexts, readEnumerations } from "./enumeration.ts";
import type { Opcua } from "./load.ts";
import type { Tag } from "./tag.ts";
import { resolveAddresses } from "./resolve.ts";
import { StructureTypes } from "./structure.ts";
import { internTags, refusedTag, type TagReader, type TagReaderOptions } from "./tag-reader.ts";

/** Rates of a subscription. */
export interface MonitorOptions extends TagReaderOptions {
  /** Milliseconds between two publish responses. */
  readonly publishingMs: number;
  /** Sampling interval of tags that name none. */
  readonly samplingMs: number;
  /** Values the server keeps for us between two publish responses. */
  readonly queueSize: number;
}

/** The part of node-opcua's notification messages that is read here. */
interface NotificationMessage {
  readonly sequenceNumber: number;
  readonly notificationData?:
    | readonly ({ readonly monitoredItems?: readonly { clientHandle: number; value: DataValue }[] | null } | null)[]
    | null;
}

interface NotificationSink {
  lastSequenceNumber: number;
  onNotificationMessage(message: NotificationMessage): void;
}

/** A service of the session that node-opcua implements but does not declare. */
interface MonitoredItemService {
  createMonitoredItems(request: CreateMonitoredItemsRequest): Promise<CreateMonitoredItemsResponse>;
}

const KEEP_ALIVE_COUNT = 20;
const KEEP_ALIVE_MS = 5_000;
const WATCH_MS = 1_000;
const RETRY_REFUSED_MS = 60_000;

/**
 * Subscribes to a table of tags and hands on one batch a publish response. All items share one subscription;
 * notifications are taken as they come off the wire and find their signal by the index that is their client handle.
 */
export class Monitor implements TagReader {
  readonly #endpoint: Endpoint;
  readonly #options: MonitorOptions;
  readonly #tags: readonly Tag[];
  readonly #signals: readonly Signal[];
  #subscription: ClientSubscription | undefined;
  #watch: NodeJS.Timeout | undefined;
  #heardAt = 0;
  #refused = new Set<number>();
  #texts: readonly (EnumTexts | undefined)[] = [];
  #structures: StructureTypes | undefined;
  #retryRefused: NodeJS.Timeout | undefined;
  #active = 0;

  constructor(endpoint: Endpoint, tags: readonly Tag[], options: MonitorOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#tags = tags;
    this.#signals = internTags(endpoint, tags);
  }

  get active(): number {
    return this.#active;
  }

  get refused(): number {
    return this.#refused.size;
  }

  get silence(): number {
    return this.#heardAt === 0 ? 0 : Date.now() - this.#heardAt;
  }

  async connected(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<void> {
    this.disconnected();
    const { publishingMs } = this.#options;
    const keepAliveCount = Math.max(KEEP_ALIVE_COUNT, Math.ceil(KEEP_ALIVE_MS / publishingMs));
    const subscription = await session.createSubscription2({
      requestedPublishingInterval: publishingMs,
      requestedMaxKeepAliveCount: keepAliveCount,
      requestedLifetimeCount: keepAliveCount * 6,
      // No limit: the server sends everything it has, in as few messages as it can.
      maxNotificationsPerPublish: 0,
      publishingEnabled: true,
      priority: 10,
    });
    this.#subscription = subscription;
    this.#heardAt = Date.now();
    this.#listen(subscription);
    subscription.on("terminated", () => this.#lost(subscription, "subscription ended by the server"));
    const silenceMs = subscription.publishingInterval * subscription.maxKeepAliveCount * 3 + KEEP_ALIVE_MS;
    this.#watch = setInterval(() => {
      if (this.silence > silenceMs)
        this.#lost(subscription, `no publish response for ${Math.round(this.silence / 1000)} s`);
    }, WATCH_MS);
    this.#refused.clear();
    await this.#readTypes(session, limits, opcua);
    await this.#create(
      subscription,
      session,
      limits,
      opcua,
      this.#tags.map((_, i) => i),
    );
    this.#tryRefusedLater(subscription, session, limits, opcua);
  }

  disconnected(): void {
    clearInterval(this.#watch);
    clearTimeout(this.#retryRefused);
    this.#watch = undefined;
    this.#retryRefused = undefined;
    this.#endpoint.items -= this.#active;
    this.#active = 0;
    const subscription = this.#subscription;
    this.#subscription = undefined;
    subscription?.removeAllListeners();
  }

  /** Ends the subscription on the server too. */
  async close(): Promise<void> {
    const subscription = this.#subscription;
    this.disconnected();
    if (subscription === undefined) return;
    await Promise.race([
      subscription.terminate().catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, 2000).unref()),
    ]);
  }

  #listen(subscription: ClientSubscription): void {
    // node-opcua dispatches item by item through emitters; the message itself is all that is needed.
    const sink = subscription as unknown as NotificationSink;
    const usual = sink.onNotificationMessage.bind(subscription);
    sink.onNotificationMessage = (message) => {
      this.#heardAt = Date.now();
      const parts = message.notificationData ?? [];
      if (parts.length === 0 || parts.some((part) => part?.monitoredItems === undefined)) return usual(message);
      sink.lastSequenceNumber = message.sequenceNumber;
      try {
        this.#take(parts);
      } catch (error) {
        this.#options.onError?.(error);
      }
      return undefined;
    };
  }

  #take(parts: NonNullable<NotificationMessage["notificationData"]>): void {
    const now = Date.now();
    const batch = new SampleBatch(parts.reduce((sum, part) => sum + (part?.monitoredItems?.length ?? 0), 0));
    for (const part of parts) {
      for (const { clientHandle, value } of part?.monitoredItems ?? []) {
        const signal = this.#signals[clientHandle];
        if (signal !== undefined)
          addDataValue(batch, signal.id, value, now, this.#texts[clientHandle], this.#structures);
      }
    }
    this.#endpoint.changes += batch.length;
    if (batch.length > 0) this.#options.onBatch(batch);
  }

  async #readTypes(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<void> {
    const addresses = this.#tags.map(({ nodeId }) => nodeId);
    const nodeIds = (await resolveAddresses(session, limits, opcua, addresses)).map((nodeId) =>
      typeof nodeId === "string" ? opcua.NodeId.nullNodeId : nodeId,
    );
    if (this.#options.enumTexts) this.#texts = await readEnumerations(session, limits, opcua, nodeIds);
    this.#structures = await StructureTypes.of(
      session,
      limits,
      opcua,
      nodeIds,
      () => void (this.#endpoint.undecoded += 1),
    );
  }

  async #create(
    subscription: ClientSubscription,
    session: ClientSession,
    limits: ServerLimits,
    opcua: Opcua,
    indexes: readonly number[],
  ): Promise<void> {
    const addresses = indexes.map((i) => this.#tags[i]!.nodeId);
    const nodeIds = await resolveAddresses(session, limits, opcua, addresses);
    for (let at = 0; at < indexes.length && this.#subscription === subscription; at += limits.itemsPerCall) {
      const slice = indexes.slice(at, at + limits.itemsPerCall).flatMap((i, place) => {
        const nodeId = nodeIds[at + place]!;
        if (typeof nodeId !== "string") return [{ i, nodeId }];
        this.#refuse(i, nodeId);
        return [];
      });
      if (slice.length === 0) continue;
      const response = await (session as unknown as MonitoredItemService).createMonitoredItems(
        new opcua.CreateMonitoredItemsRequest({
          subscriptionId: subscription.subscriptionId,
          timestampsToReturn: opcua.TimestampsToReturn.Both,
          itemsToCreate: slice.map(({ i, nodeId }) => this.#request(opcua, i, nodeId)),
        }),
      );
      slice.forEach(({ i: tag }, place) => {
        const status = response.results?.[place]?.statusCode;
        if (status?.isGood() === true) {
          this.#refused.delete(tag);
          this.#active += 1;
          this.#endpoint.items += 1;
        } else this.#refuse(tag, status?.name ?? "no result");
      });
    }
  }

  #request(opcua: Opcua, i: number, nodeId: NodeId) {
    const { samplingMs = this.#options.samplingMs, deadband } = this.#tags[i]!;
    return {
      itemToMonitor: { nodeId, attributeId: opcua.AttributeIds.Value },
      monitoringMode: opcua.MonitoringMode.Reporting,
      requestedParameters: {
        clientHandle: i,
        samplingInterval: samplingMs,
        queueSize: this.#options.queueSize,
        discardOldest: true,
        filter:
          deadband === undefined
            ? null
            : new opcua.DataChangeFilter({
                trigger: opcua.DataChangeTrigger.StatusValue,
                deadbandType: opcua.DeadbandType.Absolute,
                deadbandValue: deadband,
              }),
      },
    };
  }

  #refuse(i: number, reason: string): void {
    if (this.#refused.has(i)) return;
    this.#refused.add(i);
    this.#options.onError?.(refusedTag(this.#tags[i]!, reason));
  }

  #tryRefusedLater(subscription: ClientSubscription, session: ClientSession, limits: ServerLimits, opcua: Opcua): void {
    this.#retryRefused = setTimeout(() => {
      if (this.#subscription !== subscription) return;
      this.#create(subscription, session, limits, opcua, [...this.#refused])
        .catch((error: unknown) => this.#lost(subscription, messageOf(error)))
        .finally(
          () => this.#subscription === subscription && this.#tryRefusedLater(subscription, session, limits, opcua),
        );
    }, RETRY_REFUSED_MS);
  }

  #lost(subscription: ClientSubscription, reason: string): void {
    if (this.#subscription === subscription) this.#endpoint.restart(reason);
  }
}
