import type {
  ClientSession,
  CreateSubscriptionResponse,
  ModifySubscriptionResponse,
  NotificationMessage as OpcuaNotification,
  TransferSubscriptionsResponse,
} from "node-opcua";
import { messageOf } from "../errors/index.ts";
import { faultOf, perform } from "./internals.ts";
import type { Opcua } from "./load.ts";
import { MessageSequence } from "./message-sequence.ts";
import type { NotificationMessage, PublishLoop, Subscriber } from "./publish-loop.ts";
import { subscriptionRequest, type SubscriptionSettings } from "./subscription-settings.ts";

/** Who reads a subscription. */
export interface SubscriptionHandlers {
  /** A message with content, each once and in the order of the server. Call `acknowledge` when it is safe. */
  onMessage(message: NotificationMessage, acknowledge: () => void): void;
  /** So many messages were sent and cannot be had any more. */
  onMissed(messages: number): void;
  /** It does not exist on the server any more. */
  onLost(reason: string): void;
  onError(error: unknown): void;
  /** Where repeated and republished messages are counted. */
  readonly counters: MessageCounters;
}

/** Totals of the messages that did not come once and in order. */
export interface MessageCounters {
  /** Messages that came again, and were dropped. */
  repeatedMessages: number;
  /** Messages asked for again after a gap or a lost link. */
  republishedMessages: number;
}

const NO_SUBSCRIPTION = /BadSubscriptionIdInvalid|BadNoSubscription/;
const NOT_THERE = /BadMessageNotAvailable/;

/**
 * One subscription on a server, which outlives connections: messages come out once each and in the server's order.
 * Gaps are filled by Republish, also those that a lost link left; what the server no longer holds is counted.
 */
export class Subscription implements Subscriber {
  readonly id: number;
  /** As the server revised them. */
  publishingMs: number;
  lifetimeMs: number;
  keepAliveMs: number;
  /** As they were asked for; undefined for one taken over. */
  #asked: SubscriptionSettings | undefined;
  readonly #opcua: Opcua;
  readonly #handlers: SubscriptionHandlers;
  #session: ClientSession;
  #loop: PublishLoop;
  readonly #sequence: MessageSequence;
  readonly #unacknowledged = new Set<number>();
  #ended = false;
  #heardAt = Date.now();

  private constructor(
    opcua: Opcua,
    session: ClientSession,
    loop: PublishLoop,
    handlers: SubscriptionHandlers,
    about: { id: number; publishingMs: number; lifetimeMs: number; keepAliveMs: number; next?: number },
  ) {
    this.#opcua = opcua;
    this.#session = session;
    this.#loop = loop;
    this.#handlers = handlers;
    this.id = about.id;
    this.publishingMs = about.publishingMs;
    this.lifetimeMs = about.lifetimeMs;
    this.keepAliveMs = about.keepAliveMs;
    this.#sequence = new MessageSequence(about.next, {
      deliver: (message) => this.#deliver(message),
      repeated: (sequenceNumber) => this.#repeated(sequenceNumber),
      missed: (messages) => handlers.onMissed(messages),
      republish: (sequenceNumber) => this.#republish(sequenceNumber),
      failed: (error) => this.#refused(error),
    });
  }

  /** Makes one on the server. @throws Error of node-opcua */
  static async create(
    opcua: Opcua,
    session: ClientSession,
    loop: PublishLoop,
    settings: SubscriptionSettings,
    handlers: SubscriptionHandlers,
  ): Promise<Subscription> {
    const made = await perform<CreateSubscriptionResponse>(
      session,
      new opcua.CreateSubscriptionRequest({ ...subscriptionRequest(settings), publishingEnabled: true }),
    );
    const interval = made.revisedPublishingInterval;
    const subscription = new Subscription(opcua, session, loop, handlers, {
      id: made.subscriptionId,
      publishingMs: interval,
      lifetimeMs: interval * made.revisedLifetimeCount,
      keepAliveMs: interval * made.revisedMaxKeepAliveCount,
      next: 1,
    });
    subscription.#asked = settings;
    loop.add(subscription);
    return subscription;
  }

  /**
   * Takes over a subscription that a former process left on the server, with what it had not acknowledged.
   * @returns undefined with the reason told to `refused`, where the server does not hand it over
   */
  static async adopt(
    opcua: Opcua,
    session: ClientSession,
    loop: PublishLoop,
    about: { id: number; publishingMs: number; lifetimeMs: number; keepAliveMs: number },
    handlers: SubscriptionHandlers,
    refused: (reason: string) => void,
  ): Promise<Subscription | undefined> {
    const subscription = new Subscription(opcua, session, loop, handlers, about);
    const reason = await subscription.transfer(session, loop);
    if (reason !== "") refused(reason);
    return reason === "" ? subscription : undefined;
  }

  /** Asks for other intervals, where these are others than were asked last. @throws Error of node-opcua */
  async modify(settings: SubscriptionSettings): Promise<void> {
    const asked = this.#asked;
    if (asked?.publishingMs === settings.publishingMs && asked.lifetimeMs === settings.lifetimeMs) return;
    const made = await perform<ModifySubscriptionResponse>(
      this.#session,
      new this.#opcua.ModifySubscriptionRequest({ ...subscriptionRequest(settings), subscriptionId: this.id }),
    );
    this.#asked = settings;
    this.publishingMs = made.revisedPublishingInterval;
    this.lifetimeMs = made.revisedPublishingInterval * made.revisedLifetimeCount;
    this.keepAliveMs = made.revisedPublishingInterval * made.revisedMaxKeepAliveCount;
  }

  /** Milliseconds since the server last sent anything of it. */
  get silence(): number {
    return Date.now() - this.#heardAt;
  }

  /** True where it lives in that session. */
  isOn(session: ClientSession): boolean {
    return this.#session === session;
  }

  /** Messages handed on and not yet acknowledged. */
  get unacknowledged(): number {
    return this.#unacknowledged.size;
  }

  /**
   * Moves it to another session and fetches what was missed.
   * @returns why the server refuses; empty when it did not
   * @throws Error of node-opcua when the connection breaks meanwhile
   */
  async transfer(session: ClientSession, loop: PublishLoop): Promise<string> {
    this.#loop.remove(this.id);
    let response: TransferSubscriptionsResponse;
    try {
      response = await perform(
        session,
        new this.#opcua.TransferSubscriptionsRequest({ subscriptionIds: [this.id], sendInitialValues: false }),
      );
    } catch (error) {
      const fault = faultOf(error);
      if (fault === undefined) throw error;
      return fault;
    }
    const result = response.results?.[0];
    if (result?.statusCode.isGood() !== true) return result?.statusCode.name ?? "no result";
    this.#session = session;
    this.#loop = loop;
    this.#sequence.beginAt(result.availableSequenceNumbers ?? []);
    return this.resume();
  }

  /**
   * The same session has a new connection: fetches what was sent meanwhile, then goes on.
   * @returns why that cannot be; empty when it can
   * @throws Error of node-opcua when the connection breaks meanwhile
   */
  async resume(): Promise<string> {
    this.#heardAt = Date.now();
    try {
      await this.#sequence.fetch();
    } catch (error) {
      const fault = faultOf(error) ?? "";
      if (NO_SUBSCRIPTION.test(fault)) return fault;
      throw error;
    }
    // It may have been closed meanwhile.
    if (this.#ended) return "";
    this.#loop.add(this);
    this.#sequence.fill();
    return "";
  }

  received(message: NotificationMessage, available: readonly number[]): void {
    this.#heardAt = Date.now();
    this.#sequence.received(message, available);
  }

  lost(reason: string): void {
    if (this.#ended) return;
    this.#end();
    this.#handlers.onLost(reason);
  }

  /** Ends it on the server too. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#end();
    const request = new this.#opcua.DeleteSubscriptionsRequest({ subscriptionIds: [this.id] });
    await perform(this.#session, request).catch(() => undefined);
  }

  #end(): void {
    this.#ended = true;
    this.#sequence.end();
    this.#loop.remove(this.id);
  }

  #deliver(message: NotificationMessage): void {
    const { sequenceNumber } = message;
    this.#unacknowledged.add(sequenceNumber);
    const ended = message.others.find((part) => part instanceof this.#opcua.StatusChangeNotification);
    const acknowledge = (): void => {
      if (!this.#unacknowledged.delete(sequenceNumber) || this.#ended) return;
      this.#loop.acknowledge(this.id, sequenceNumber);
    };
    try {
      this.#handlers.onMessage(message, acknowledge);
    } catch (error) {
      acknowledge();
      this.#handlers.onError(error);
    }
    if (ended?.status.isNotGood() === true) this.lost(ended.status.name);
  }

  #refused(error: unknown): void {
    const fault = faultOf(error) ?? "";
    if (NO_SUBSCRIPTION.test(fault)) this.lost(fault);
    // Without an answer the connection is gone; what is held waits for the next one.
    else if (fault !== "") this.#handlers.onError(messageOf(error));
  }

  #repeated(sequenceNumber: number): void {
    this.#handlers.counters.repeatedMessages += 1;
    if (!this.#unacknowledged.has(sequenceNumber)) this.#loop.acknowledge(this.id, sequenceNumber);
  }

  /** A message sent before; undefined where the server no longer holds it. */
  async #republish(sequenceNumber: number): Promise<NotificationMessage | undefined> {
    const request = new this.#opcua.RepublishRequest({
      subscriptionId: this.id,
      retransmitSequenceNumber: sequenceNumber,
    });
    try {
      const { notificationMessage } = await perform<{ notificationMessage: OpcuaNotification }>(this.#session, request);
      // Some servers answer with an empty message in place of BadMessageNotAvailable.
      if (notificationMessage.sequenceNumber !== sequenceNumber) return undefined;
      this.#handlers.counters.republishedMessages += 1;
      const others = (notificationMessage.notificationData ?? []).filter((part) => part !== null);
      return { sequenceNumber, dataChanges: [], others };
    } catch (error) {
      if (NOT_THERE.test(faultOf(error) ?? "")) return undefined;
      throw error;
    }
  }
}
