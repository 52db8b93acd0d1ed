import type { ClientSession } from "node-opcua";
import { FplusError, messageOf, toFplusError } from "../errors/index.ts";
import { refreshConditions } from "./condition-command.ts";
import { ConditionWatch } from "./condition-watch.ts";
import type { ConditionList } from "./conditions.ts";
import type { Endpoint } from "./endpoint.ts";
import type { PlainEvent } from "./event.ts";
import { type EventField, eventFilter, type EventSelection, STANDARD_FIELDS } from "./event-filter.ts";
import { createEventItem } from "./event-item.ts";
import { EventReader } from "./event-reader.ts";
import { EventTypes } from "./event-types.ts";
import { faultOf } from "./internals.ts";
import { KeptSubscription } from "./kept-subscription.ts";
import type { ServerLimits } from "./limits.ts";
import { LinkQueue } from "./link-queue.ts";
import type { Opcua } from "./load.ts";
import { resolveNodeId } from "./resolve.ts";
import type { SessionLink } from "./session-link.ts";
import type { SessionUser } from "./session-users.ts";
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

const SERVER_OBJECT = "i=2253";
const LIFETIME_MS = 120_000;
const RETRY_MS = 30_000;

/**
 * Subscribes to the events of a server and keeps the list of conditions that want attention. It has a subscription of its
 * own, which outlives lost links: what the server kept is delivered afterwards, each event once.
 */
export class EventMonitor implements SessionUser {
  readonly #endpoint: Endpoint;
  readonly #options: EventMonitorOptions;
  readonly #fields: readonly EventField[];
  readonly #conditions: ConditionWatch;
  readonly #queue = new LinkQueue();
  readonly #kept: KeptSubscription;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  events = 0;
  /** Times that the server's queue was too small, and messages that it no longer had. */
  lost = 0;
  readonly counters = { repeatedMessages: 0, republishedMessages: 0 };

  constructor(endpoint: Endpoint, options: EventMonitorOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#fields = [...STANDARD_FIELDS, ...options.fields];
    this.#conditions = new ConditionWatch((conditions) => options.onConditions(conditions));
    this.#kept = new KeptSubscription(endpoint, (reason) =>
      options.onNotice?.(
        `The server has given the subscription up (${reason}): a new one was made, events in between may be missing.`,
      ),
    );
  }

  /** Whether there is a subscription on a session that is up. */
  get active(): boolean {
    return this.#queue.link !== undefined && this.#kept.current !== undefined;
  }

  get conditions(): ConditionList {
    return this.#conditions.list;
  }

  connected(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#queue.connected({ session, limits, opcua });
    this.#kept.connected();
    return this.#queue.run(async (link) => {
      try {
        await this.#kept.takeUp(link);
        await this.#open(link);
      } catch (error) {
        this.#refused(error);
      }
    });
  }

  disconnected(): void {
    this.#queue.disconnected();
    this.#kept.disconnected();
    this.#conditions.disconnected();
    clearTimeout(this.#retry);
  }

  /** Asks the server for the state of every condition again. */
  refresh(): Promise<void> {
    return this.#queue.run((link) => this.#refresh(link));
  }

  /** Ends the subscription on the server too. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const isConnected = this.#queue.link !== undefined;
    this.disconnected();
    await this.#kept.close(isConnected);
  }

  /** What the server answered is said and tried again; the session, which others use, is left alone. */
  #refused(error: unknown): void {
    if (!(error instanceof FplusError) && faultOf(error) === undefined) throw error;
    this.#options.onError?.(toFplusError("opcua.event", error, { field: this.#options.notifier || "notifier" }));
    clearTimeout(this.#retry);
    if (this.#closed) return;
    this.#retry = setTimeout(() => this.#reopen(), RETRY_MS);
  }

  #reopen(): void {
    this.#queue
      .run((link) => this.#open(link).catch((error: unknown) => this.#refused(error)))
      .catch((error: unknown) => this.#endpoint.restart(messageOf(error)));
  }

  async #open(link: SessionLink): Promise<void> {
    if (this.#kept.current === undefined) await this.#subscribe(link);
    await this.#refresh(link);
  }

  async #subscribe(link: SessionLink): Promise<void> {
    const { session, limits, opcua } = link;
    const { notifier, selection, publishingMs, queueSize } = this.#options;
    const namespaces = await session.readNamespaceArray();
    const [nodeId] = await resolveTargets(this.#endpoint, session, limits, opcua, [notifier || SERVER_OBJECT]);
    if (nodeId === undefined || typeof nodeId === "string") throw fault("notifier", nodeId ?? "there is none");
    const filter = eventFilter(opcua, this.#fields, selection, namespaces);
    if (typeof filter === "string") throw fault("fields", filter);
    const reader = await this.#reader(link, namespaces);
    const subscription = await Subscription.create(
      opcua,
      session,
      this.#endpoint.publishing,
      { publishingMs, lifetimeMs: LIFETIME_MS },
      {
        onMessage: (message, acknowledge) => {
          reader.read(message);
          this.#conditions.settle();
          acknowledge();
        },
        onMissed: (messages) => this.#missed(messages),
        onLost: (reason) => this.#recreate(reason),
        onError: (error) => this.#options.onError?.(error),
        counters: this.counters,
      },
    );
    try {
      const refused = await createEventItem(link, {
        subscriptionId: subscription.id,
        nodeId,
        notifier,
        filter,
        queueSize,
      });
      if (refused !== "")
        this.#options.onNotice?.(`The server does not filter events so (${refused}): all are sent, and filtered here.`);
      if (this.#closed) return await subscription.close();
    } catch (error) {
      await subscription.close();
      throw error;
    }
    this.#kept.keep(subscription);
    return this.#conditions.begin();
  }

  async #reader({ session, limits, opcua }: SessionLink, namespaces: readonly string[]): Promise<EventReader> {
    const { selection } = this.#options;
    const type = selection.eventType === undefined ? undefined : resolveNodeId(opcua, selection.eventType, namespaces);
    const types = await EventTypes.read(session, limits, opcua);
    const options = { fields: this.#fields, selection, types, type: typeof type === "string" ? undefined : type };
    return new EventReader(opcua, options, {
      event: (event) => this.#take(event),
      refreshBegins: () => this.#conditions.beginRefresh(),
      refreshEnds: () => this.#conditions.endRefresh(),
      refreshWanted: () => this.#refreshSoon(),
      overflowed: () => {
        this.lost += 1;
        this.#options.onNotice?.("Events were lost: the server's queue was too small. Ask for a larger one.");
      },
      failed: (error) => this.#options.onError?.(error),
    });
  }

  async #refresh({ session, opcua }: SessionLink): Promise<void> {
    const subscription = this.#kept.current;
    if (subscription === undefined) return;
    const status = await refreshConditions(opcua, session, subscription.id);
    if (status !== "" && status !== "none")
      this.#options.onNotice?.(`The server does not tell the state of its conditions: ${status}.`);
    this.#conditions.settle();
  }

  #refreshSoon(): void {
    this.refresh().catch((error: unknown) => this.#options.onError?.(error));
  }

  #missed(messages: number): void {
    this.lost += messages;
    this.#options.onNotice?.("Events were lost: the server no longer had them when the link was back.");
    this.#refreshSoon();
  }

  /** The server ended the subscription, the session lives. */
  #recreate(reason: string): void {
    if (this.#kept.giveUp(reason)) this.#reopen();
  }

  #take(event: PlainEvent): void {
    // A refresh tells again what is known.
    if (this.#conditions.take(event)) return;
    this.events += 1;
    this.#options.onEvent(event, this.#conditions.refreshing);
  }
}

function fault(field: string, reason: string): FplusError {
  return new FplusError("opcua.event", `events cannot be subscribed to: ${reason}`, { field });
}
