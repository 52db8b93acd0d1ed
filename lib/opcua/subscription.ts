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
import type { NotificationMessage, PublishLoop, Subscriber } from "./publish-loop.ts";

/** What a subscription is asked to be. */
export interface SubscriptionSettings {
  readonly publishingMs: number;
  /** How long the server keeps it, and what it holds, without hearing from us. */
  readonly lifetimeMs: number;
}

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

const KEEP_ALIVE_MS = 5_000;
const LEAST_KEEP_ALIVE_COUNT = 3;
const LAST_SEQUENCE_NUMBER = 0xffff_ffff;
/** Messages that wait for an earlier one; what is beyond can be asked for again. */
const MOST_HELD = 1_000;
const NOT_THERE = /BadMessageNotAvailable/;
const NO_SUBSCRIPTION = /BadSubscriptionIdInvalid|BadNoSubscription/;

/** What is asked of the server; it sends everything it has, in as few messages as it can. */
function requestOf({ publishingMs, lifetimeMs }: SubscriptionSettings) {
  const keepAliveCount = Math.max(LEAST_KEEP_ALIVE_COUNT, Math.ceil(KEEP_ALIVE_MS / publishingMs));
  return {
    requestedPublishingInterval: publishingMs,
    requestedMaxKeepAliveCount: keepAliveCount,
    requestedLifetimeCount: Math.max(3 * keepAliveCount, Math.ceil(lifetimeMs / publishingMs)),
    maxNotificationsPerPublish: 0,
    priority: 10,
  };
}

/** The sequence number after one; 0 is never used (OPC 10000-4 7.13). */
function after(sequenceNumber: number): number {
  return sequenceNumber === LAST_SEQUENCE_NUMBER ? 1 : sequenceNumber + 1;
}

/** How far b lies behind a, with the wrap at 2^32; negative where it lies before. */
function distance(a: number, b: number): number {
  return (b - a) | 0;
}

/** A message to be read later: its data changes are views that end with the call that brought them. */
function ownCopy(message: NotificationMessage): NotificationMessage {
  return { ...message, dataChanges: message.dataChanges.map((bytes) => bytes.slice()) };
}

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
  /** Sequence number of the next message; undefined until the first one tells. */
  #next: number | undefined;
  readonly #held = new Map<number, NotificationMessage>();
  readonly #unacknowledged = new Set<number>();
  #available: readonly number[] = [];
  #filling = false;
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
    this.#next = about.next;
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
      new opcua.CreateSubscriptionRequest({ ...requestOf(settings), publishingEnabled: true }),
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
      new this.#opcua.ModifySubscriptionRequest({ ...requestOf(settings), subscriptionId: this.id }),
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
    const available = result.availableSequenceNumbers ?? [];
    if (this.#next === undefined) this.#next = [...available].sort((a, b) => distance(b, a))[0];
    return this.resume();
  }

  /**
   * The same session has a new connection: fetches what was sent meanwhile, then goes on.
   * @returns why that cannot be; empty when it can
   * @throws Error of node-opcua when the connection breaks meanwhile
   */
  async resume(): Promise<string> {
    this.#heardAt = Date.now();
    if (this.#filling) {
      this.#loop.add(this);
      return "";
    }
    this.#filling = true;
    try {
      while (this.#next !== undefined && !this.#ended) {
        const message = this.#takeHeld() ?? (await this.#republish(this.#next));
        if (message === undefined) break;
        this.#deliver(message);
      }
    } catch (error) {
      const fault = faultOf(error) ?? "";
      if (NO_SUBSCRIPTION.test(fault)) return fault;
      throw error;
    } finally {
      this.#filling = false;
    }
    // It may have been closed meanwhile.
    if (this.#ended) return "";
    this.#loop.add(this);
    this.#fill();
    return "";
  }

  received(message: NotificationMessage, available: readonly number[]): void {
    this.#heardAt = Date.now();
    this.#available = available;
    const { sequenceNumber } = message;
    const isKeepAlive = message.dataChanges.length === 0 && message.others.length === 0;
    this.#next ??= sequenceNumber;
    const ahead = distance(this.#next, sequenceNumber);
    if (isKeepAlive) {
      // It names the message to come: if that is not the one expected, something was sent and did not arrive.
      if (ahead > 0) this.#fill(sequenceNumber);
    } else if (ahead < 0) {
      this.#handlers.counters.repeatedMessages += 1;
      if (!this.#unacknowledged.has(sequenceNumber)) this.#loop.acknowledge(this.id, sequenceNumber);
    } else if (ahead === 0 && !this.#filling) {
      this.#deliver(message);
      if (this.#held.size > 0) this.#fill();
    } else {
      if (this.#held.size < MOST_HELD) this.#held.set(sequenceNumber, ownCopy(message));
      this.#fill(sequenceNumber);
    }
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
    this.#held.clear();
    this.#loop.remove(this.id);
  }

  #deliver(message: NotificationMessage): void {
    // One asked for again may arrive after the end, when its handles mean nothing any more.
    if (this.#ended) return;
    const { sequenceNumber } = message;
    this.#next = after(sequenceNumber);
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

  #takeHeld(): NotificationMessage | undefined {
    const message = this.#held.get(this.#next!);
    if (message !== undefined) this.#held.delete(this.#next!);
    return message;
  }

  /** Brings everything before `target` in, from what is held or by Republish. */
  #fill(target = this.#next ?? 0): void {
    if (this.#filling || this.#ended) return;
    this.#filling = true;
    this.#catchUp(target)
      .catch((error: unknown) => {
        const fault = faultOf(error) ?? "";
        if (NO_SUBSCRIPTION.test(fault)) this.lost(fault);
        // Without an answer the connection is gone; what is held waits for the next one.
        else if (fault !== "") this.#handlers.onError(messageOf(error));
      })
      .finally(() => (this.#filling = false));
  }

  async #catchUp(target: number): Promise<void> {
    let until = target;
    while (!this.#ended) {
      const held = this.#takeHeld();
      if (held !== undefined) {
        this.#deliver(held);
        continue;
      }
      for (const sequenceNumber of this.#held.keys()) if (distance(until, sequenceNumber) > 0) until = sequenceNumber;
      if (distance(this.#next!, until) <= 0) return;
      const message = this.#available.includes(this.#next!) ? await this.#republish(this.#next!) : undefined;
      if (message !== undefined) this.#deliver(message);
      else if (!this.#held.has(this.#next!)) this.#skip(until);
    }
  }

  /** Gives up everything up to the next message that can be had. */
  #skip(until: number): void {
    let next = until;
    for (const candidate of [...this.#held.keys(), ...this.#available]) {
      if (distance(this.#next!, candidate) > 0 && distance(candidate, next) > 0) next = candidate;
    }
    const missed = distance(this.#next!, next);
    this.#next = next;
    this.#handlers.onMissed(missed);
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
