import type { ClientSession, CreateMonitoredItemsResponse, EventFilter, NodeId, Variant } from "node-opcua";
import { FplusError, messageOf, toFplusError } from "../errors/index.ts";
import { ConditionList } from "./conditions.ts";
import { refreshConditions } from "./condition-command.ts";
import type { Endpoint, SessionUser } from "./endpoint.ts";
import { type PlainEvent, receivedEvent } from "./event.ts";
import { type EventField, eventFilter, type EventSelection, STANDARD_FIELDS } from "./event-filter.ts";
import { EventTypes } from "./event-types.ts";
import { faultOf, perform } from "./internals.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import type { NotificationMessage } from "./publish-loop.ts";
import { resolveNodeId } from "./resolve.ts";
import { Subscription } from "./subscription.ts";
import { resolveTargets } from "./target.ts";

/** What is subscribed to, and who is told. */
export interface EventMonitorOptions {
  /** NodeId or browse path of what reports the events; the Server object, which reports all, where empty. */
  readonly notifier: string;
  readonly selection: EventSelection;
  /** Fields of the type's own, beside the standard's. */
  readonly fields: readonly EventField[];
  readonly publishingMs: number;
  /** Events the server keeps for us between two publish responses, and while the link is down. */
  readonly queueSize: number;
  /** Each event once; `refreshed` where the server told it again, because it is the state of a condition. */
  readonly onEvent: (event: PlainEvent, refreshed: boolean) => void;
  /** The conditions that want attention, newest first, whenever they are others. */
  readonly onConditions: (conditions: PlainEvent[]) => void;
  readonly onError?: (error: unknown) => void;
  /** Something the engineer should know once. */
  readonly onNotice?: (text: string) => void;
}

interface Link {
  readonly session: ClientSession;
  readonly limits: ServerLimits;
  readonly opcua: Opcua;
}

interface EventList {
  readonly events?: readonly { readonly eventFields?: readonly Variant[] | null }[] | null;
}

const SERVER_OBJECT = "i=2253";
const NOTICE = {
  refreshStart: "i=2787",
  refreshEnd: "i=2788",
  refreshRequired: "i=2789",
  overflow: "i=3035",
} as const;
const LIFETIME_MS = 120_000;
const CLOSE_MS = 2_000;
const WATCH_MS = 1_000;
/** A refresh whose end the server never says is over by then. */
const REFRESH_MS = 5_000;
const RETRY_MS = 30_000;
/** Answers that mean: without the condition it would have worked. */
const FILTER_REFUSED = /^BadEventFilterInvalid|^BadMonitoredItemFilter|^BadFilter|^BadContentFilterInvalid/;

/**
 * Subscribes to the events of a server and keeps the list of conditions that want attention. It has a subscription of its
 * own, which outlives lost links: what the server kept is delivered afterwards, each event once.
 */
export class EventMonitor implements SessionUser {
  readonly #endpoint: Endpoint;
  readonly #options: EventMonitorOptions;
  readonly #fields: readonly EventField[];
  readonly #conditions = new ConditionList();
  #types: EventTypes | undefined;
  /** The type wanted, as a NodeId of this session; undefined for all. */
  #wanted: NodeId | undefined;
  #link: Link | undefined;
  #subscription: Subscription | undefined;
  /** Between the begin and the end of a refresh, as the server sends them among its events. */
  #refreshing = false;
  #changed = false;
  #refreshTimer: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #triedSilence = false;
  #retry: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #closed = false;
  events = 0;
  /** Times that the server's queue was too small, and messages that it no longer had. */
  lost = 0;
  readonly counters = { repeatedMessages: 0, republishedMessages: 0 };

  constructor(endpoint: Endpoint, options: EventMonitorOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#fields = [...STANDARD_FIELDS, ...options.fields];
  }

  /** Whether there is a subscription on a session that is up. */
  get active(): boolean {
    return this.#link !== undefined && this.#subscription !== undefined;
  }

  get conditions(): ConditionList {
    return this.#conditions;
  }

  connected(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<void> {
    this.#link = { session, limits, opcua };
    this.#watchSilence();
    return this.#queue(async (link) => {
      try {
        await this.#takeUp(link);
        await this.#open(link);
      } catch (error) {
        this.#refused(error);
      }
    });
  }

  disconnected(): void {
    this.#link = undefined;
    clearInterval(this.#watch);
    clearTimeout(this.#refreshTimer);
    clearTimeout(this.#retry);
    this.#refreshing = false;
  }

  /** Asks the server for the state of every condition again. */
  refresh(): Promise<void> {
    return this.#queue((link) => this.#refresh(link));
  }

  /** Ends the subscription on the server too. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const isConnected = this.#link !== undefined;
    this.disconnected();
    const subscription = this.#subscription;
    this.#subscription = undefined;
    if (subscription === undefined || !isConnected) return;
    await Promise.race([subscription.close(), new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
  }

  /** One thing at a time; what belongs to a connection that is gone is left out. */
  #queue(job: (link: Link) => Promise<void>): Promise<void> {
    const done = this.#work.then(async () => {
      const link = this.#link;
      if (link !== undefined && !this.#closed) await job(link);
    });
    this.#work = done.catch(() => undefined);
    return done;
  }

  /** Brings the subscription that there was over to this connection, with what the server kept of it. */
  async #takeUp({ session }: Link): Promise<void> {
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    const reason = subscription.isOn(session)
      ? await subscription.resume()
      : await subscription.transfer(session, this.#endpoint.publishing);
    if (reason !== "") this.#forget(subscription, reason);
  }

  #forget(subscription: Subscription, reason: string): void {
    if (this.#subscription !== subscription) return;
    this.#subscription = undefined;
    subscription.lost(reason);
    this.#options.onNotice?.(
      `The server has given the subscription up (${reason}): a new one was made, events in between may be missing.`,
    );
  }

  /** From the first moment on, because a server may leave even the taking up unanswered. */
  #watchSilence(): void {
    clearInterval(this.#watch);
    this.#watch = setInterval(() => {
      const subscription = this.#subscription;
      if (subscription === undefined || subscription.silence <= 3 * subscription.keepAliveMs + WATCH_MS) return;
      const reason = `no publish response for ${Math.round(subscription.silence / 1000)} s`;
      // Some servers leave the subscription with the connection that is gone: then only a new session helps.
      const isSecond = this.#triedSilence;
      this.#triedSilence = true;
      if (!isSecond) return this.#endpoint.reconnect(reason);
      this.#forget(subscription, reason);
      return this.#endpoint.restart(reason);
    }, WATCH_MS);
  }

  /** What the server answered is said and tried again; the session, which others use, is left alone. */
  #refused(error: unknown): void {
    if (!(error instanceof FplusError) && faultOf(error) === undefined) throw error;
    this.#options.onError?.(toFplusError("opcua.event", error, { field: this.#options.notifier || "notifier" }));
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#reopen(), RETRY_MS);
  }

  #reopen(): void {
    this.#queue((link) => this.#open(link).catch((error: unknown) => this.#refused(error))).catch((error: unknown) =>
      this.#endpoint.restart(messageOf(error)),
    );
  }

  async #open(link: Link): Promise<void> {
    if (this.#subscription === undefined) await this.#subscribe(link);
    await this.#refresh(link);
  }

  async #subscribe({ session, limits, opcua }: Link): Promise<void> {
    const { notifier, selection, publishingMs } = this.#options;
    const namespaces = await session.readNamespaceArray();
    const [nodeId] = await resolveTargets(this.#endpoint, session, limits, opcua, [notifier || SERVER_OBJECT]);
    if (nodeId === undefined || typeof nodeId === "string") throw fault("notifier", nodeId ?? "there is none");
    const filter = eventFilter(opcua, this.#fields, selection, namespaces);
    if (typeof filter === "string") throw fault("fields", filter);
    const wanted =
      selection.eventType === undefined ? undefined : resolveNodeId(opcua, selection.eventType, namespaces);
    this.#wanted = typeof wanted === "string" ? undefined : wanted;
    this.#types = await EventTypes.read(session, limits, opcua);
    const subscription = await Subscription.create(
      opcua,
      session,
      this.#endpoint.publishing,
      { publishingMs, lifetimeMs: LIFETIME_MS },
      {
        onMessage: (message, acknowledge) => {
          this.#take(opcua, message);
          acknowledge();
        },
        onMissed: (messages) => this.#missed(messages),
        onLost: (reason) => this.#recreate(reason),
        onError: (error) => this.#options.onError?.(error),
        counters: this.counters,
      },
    );
    try {
      await this.#createItem(opcua, session, subscription, nodeId, filter);
    } catch (error) {
      await subscription.close();
      throw error;
    }
    this.#subscription = subscription;
    // The list as it is now is told once, also an empty one.
    this.#changed = true;
  }

  /** A server that cannot judge the condition sends every event; this side judges all the same. */
  async #createItem(
    opcua: Opcua,
    session: ClientSession,
    subscription: Subscription,
    nodeId: NodeId,
    filter: EventFilter,
  ): Promise<void> {
    const make = async (wanted: EventFilter): Promise<string> => {
      const response = await perform<CreateMonitoredItemsResponse>(
        session,
        new opcua.CreateMonitoredItemsRequest({
          subscriptionId: subscription.id,
          timestampsToReturn: opcua.TimestampsToReturn.Neither,
          itemsToCreate: [
            {
              itemToMonitor: { nodeId, attributeId: opcua.AttributeIds.EventNotifier },
              monitoringMode: opcua.MonitoringMode.Reporting,
              requestedParameters: {
                clientHandle: 1,
                samplingInterval: 0,
                queueSize: this.#options.queueSize,
                discardOldest: true,
                filter: wanted,
              },
            },
          ],
        }),
      );
      return response.results?.[0]?.statusCode.name ?? "no result";
    };
    let status = await make(filter);
    if (FILTER_REFUSED.test(status) && (filter.whereClause.elements?.length ?? 0) > 0) {
      this.#options.onNotice?.(`The server does not filter events so (${status}): all are sent, and filtered here.`);
      status = await make(new opcua.EventFilter({ selectClauses: filter.selectClauses ?? [] }));
    }
    if (status === "Good") return;
    throw new FplusError("opcua.event", `the server does not report events of this node: ${status}`, {
      field: this.#options.notifier || "notifier",
      hint: "Choose a node whose EventNotifier says SubscribeToEvents; the Server object reports all.",
    });
  }

  async #refresh({ session, opcua }: Link): Promise<void> {
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    const status = await refreshConditions(opcua, session, subscription.id);
    if (status !== "" && status !== "none")
      this.#options.onNotice?.(`The server does not tell the state of its conditions: ${status}.`);
    if (!this.#refreshing) this.#tell();
  }

  #beginRefresh(): void {
    this.#refreshing = true;
    this.#conditions.beginRefresh();
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = setTimeout(() => this.#endRefresh(), REFRESH_MS);
  }

  #endRefresh(): void {
    clearTimeout(this.#refreshTimer);
    if (!this.#refreshing) return;
    this.#refreshing = false;
    const isOther = this.#conditions.endRefresh();
    this.#changed ||= isOther;
    this.#tell();
  }

  #missed(messages: number): void {
    this.lost += messages;
    this.#options.onNotice?.("Events were lost: the server no longer had them when the link was back.");
    this.refresh().catch((error: unknown) => this.#options.onError?.(error));
  }

  /** The server ended the subscription, the session lives. */
  #recreate(reason: string): void {
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    this.#forget(subscription, reason);
    this.#reopen();
  }

  #take(opcua: Opcua, { others }: NotificationMessage): void {
    for (const part of others) {
      for (const { eventFields } of (part as EventList).events ?? []) {
        try {
          this.#takeEvent(opcua, eventFields ?? []);
        } catch (error) {
          this.#options.onError?.(error);
        }
      }
    }
    if (!this.#refreshing) this.#tell();
  }

  #takeEvent(opcua: Opcua, values: readonly Variant[]): void {
    const { type, event } = receivedEvent(this.#fields, values, this.#types!);
    const isA = (known: string): boolean => type !== undefined && opcua.sameNodeId(type, opcua.resolveNodeId(known));
    if (isA(NOTICE.refreshStart)) return this.#beginRefresh();
    if (isA(NOTICE.refreshEnd)) return this.#endRefresh();
    if (isA(NOTICE.refreshRequired)) return void this.refresh().catch((error) => this.#options.onError?.(error));
    if (isA(NOTICE.overflow)) {
      this.lost += 1;
      return this.#options.onNotice?.("Events were lost: the server's queue was too small. Ask for a larger one.");
    }
    if (!this.#isWanted(type, event)) return undefined;
    // A refresh tells again what is known.
    const isKnown = this.#conditions.has(event);
    if (this.#conditions.take(event)) this.#changed = true;
    if (isKnown) return undefined;
    this.events += 1;
    // Not any message: a server may repeat its last one at every taking up, and say nothing after it.
    this.#triedSilence = false;
    return this.#options.onEvent(event, this.#refreshing);
  }

  #isWanted(type: NodeId | undefined, event: PlainEvent): boolean {
    const { minSeverity = 0, sources = [] } = this.#options.selection;
    if (event.severity < minSeverity || (sources.length > 0 && !sources.includes(event.sourceName))) return false;
    return this.#wanted === undefined || type === undefined || this.#types!.isKindOf(type, this.#wanted);
  }

  #tell(): void {
    if (!this.#changed) return;
    this.#changed = false;
    this.#options.onConditions(this.#conditions.list());
  }
}

function fault(field: string, reason: string): FplusError {
  return new FplusError("opcua.event", `events cannot be subscribed to: ${reason}`, { field });
}
