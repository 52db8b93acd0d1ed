import type { ClientSession } from "node-opcua";
import { faultOf, internalsOf, perform, performShort, type PublishEngine } from "./internals.ts";
import type { Opcua } from "./load.ts";
import type { RawPublishResponse } from "./publish-response.ts";

/** One notification message of a subscription. */
export interface NotificationMessage {
  readonly sequenceNumber: number;
  /** Data changes, undecoded; views that are valid until the receiver returns. */
  readonly dataChanges: readonly Uint8Array[];
  /** Everything else (events, changes of status, decoded data changes), as node-opcua's objects. */
  readonly others: readonly object[];
}

/** A subscription on the server, as the loop serves it. */
export interface Subscriber {
  readonly id: number;
  /** Longest time the server may leave a Publish request unanswered. */
  readonly keepAliveMs: number;
  /** A message, in the order of arrival; without content it is a keep-alive. `available` can be asked for again. */
  received(message: NotificationMessage, available: readonly number[]): void;
  /** The server has no such subscription any more. */
  lost(reason: string): void;
}

/** Whom the loop tells of what no subscription can deal with. */
export interface PublishLoopOptions {
  /** The server does not know the session any more. */
  readonly onSessionGone: (reason: string) => void;
  readonly onError: (error: unknown) => void;
}

const REQUESTS_BESIDE = 2;
const MOST_REQUESTS = 20;
const LEAST_TIMEOUT_MS = 60_000;
const RETRY_MS = 1_000;
/** A subscription nobody here knows may be one whose making is not yet answered. */
const UNKNOWN_AFTER = 20;
const GONE = /BadNoSubscription/;
const SESSION_GONE = /BadSessionIdInvalid|BadSessionClosed|BadSessionNotActivated/;

/**
 * Keeps Publish requests of one session waiting at the server and hands the answers to their subscriptions. What a
 * message held is acknowledged only when its subscription says so. node-opcua's own loop on the session stands still;
 * the subscriptions it has are served here, with its manners: acknowledged as they come.
 */
export class PublishLoop {
  readonly #opcua: Opcua;
  readonly #session: ClientSession;
  readonly #engine: PublishEngine;
  readonly #options: PublishLoopOptions;
  readonly #subscribers = new Map<number, Subscriber>();
  /** How many had been added when a subscriber was. */
  readonly #since = new Map<number, number>();
  #added = 0;
  readonly #unknown = new Map<number, number>();
  #acknowledgements: { subscriptionId: number; sequenceNumber: number }[] = [];
  #waiting = 0;
  #most = MOST_REQUESTS;
  #running = true;
  #retry: NodeJS.Timeout | undefined;
  #fillsSoon = false;
  /** Requests of an earlier connection must not be counted in the present one. */
  #connection = 0;

  constructor(opcua: Opcua, session: ClientSession, options: PublishLoopOptions) {
    this.#opcua = opcua;
    this.#session = session;
    this.#options = options;
    this.#engine = internalsOf(session).getPublishEngine();
    this.#engine.send_publish_request = () => this.#fill();
  }

  /** Publish requests that wait at the server. */
  get waiting(): number {
    return this.#waiting;
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.set(subscriber.id, subscriber);
    this.#since.set(subscriber.id, ++this.#added);
    this.#unknown.delete(subscriber.id);
    this.#fill();
  }

  remove(id: number): void {
    this.#subscribers.delete(id);
    this.#since.delete(id);
    this.#acknowledgements = this.#acknowledgements.filter(({ subscriptionId }) => subscriptionId !== id);
  }

  /** The server may forget that message; it is told with the next request. */
  acknowledge(subscriptionId: number, sequenceNumber: number): void {
    if (this.#subscribers.has(subscriptionId)) this.#acknowledgements.push({ subscriptionId, sequenceNumber });
  }

  /** The connection is gone: nothing that waits will be answered. */
  pause(): void {
    this.#running = false;
    this.#connection += 1;
    this.#waiting = 0;
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  /** The session lives on over another connection. */
  resume(): void {
    this.#running = true;
    this.#fill();
  }

  #fill(): void {
    const count = this.#subscribers.size + this.#engine.subscriptionCount;
    if (count === 0) return;
    const wanted = Math.min(this.#most, count + REQUESTS_BESIDE);
    while (this.#running && this.#waiting < wanted) this.#send();
  }

  /** Once all that has arrived is dispatched: what then goes out goes in one write, which costs more than what is in it. */
  #fillSoon(): void {
    if (this.#fillsSoon) return;
    this.#fillsSoon = true;
    setImmediate(() => {
      this.#fillsSoon = false;
      this.#fill();
    });
  }

  #send(): void {
    const connection = this.#connection;
    const added = this.#added;
    const acknowledgements = this.#acknowledgements;
    this.#acknowledgements = [];
    this.#waiting += 1;
    const longest = Math.max(0, ...Array.from(this.#subscribers.values(), ({ keepAliveMs }) => keepAliveMs));
    const request = new this.#opcua.PublishRequest({
      requestHeader: { timeoutHint: Math.max(LEAST_TIMEOUT_MS, 2 * MOST_REQUESTS * longest) },
      subscriptionAcknowledgements: acknowledgements,
    });
    performShort<RawPublishResponse>(this.#session, request)
      .then(
        (response) => {
          if (connection === this.#connection) this.#waiting -= 1;
          this.#dispatch(response);
          this.#fillSoon();
        },
        (error: unknown) => {
          this.#acknowledgements.unshift(...acknowledgements);
          if (connection !== this.#connection) return;
          this.#waiting -= 1;
          this.#failed(faultOf(error) ?? "", added);
        },
      )
      .catch((error: unknown) => this.#options.onError(error));
  }

  #dispatch(response: RawPublishResponse): void {
    const { subscriptionId, availableSequenceNumbers, notificationMessage, dataChanges, memory } = response;
    this.#engine.lastRequestSentTime = new Date();
    const subscriber = this.#subscribers.get(subscriptionId);
    const foreign = this.#engine.subscriptionMap[subscriptionId];
    if (subscriber !== undefined) {
      const others = dataChanges === undefined ? (notificationMessage.notificationData ?? []) : [];
      subscriber.received(
        {
          sequenceNumber: notificationMessage.sequenceNumber,
          dataChanges: dataChanges ?? [],
          others: others.filter((part) => part !== null),
        },
        availableSequenceNumbers ?? [],
      );
      // Left to the garbage collector, the memory of a fast server's messages makes it run all the time: most of what a
      // change costs.
      memory?.transfer(0);
    } else if (foreign !== undefined) {
      notificationMessage.notificationData ??= dataChanges?.map((bytes) => this.#decoded(bytes)) ?? [];
      if (notificationMessage.notificationData.length > 0)
        this.#acknowledgements.push({ subscriptionId, sequenceNumber: notificationMessage.sequenceNumber });
      foreign.onNotificationMessage(notificationMessage);
    } else this.#deleteUnknown(subscriptionId);
  }

  #decoded(bytes: Uint8Array) {
    const notification = new this.#opcua.DataChangeNotification(null);
    notification.decode(new this.#opcua.BinaryStream(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
    return notification;
  }

  /** One that outlived its maker would send for ever. */
  #deleteUnknown(subscriptionId: number): void {
    const seen = (this.#unknown.get(subscriptionId) ?? 0) + 1;
    this.#unknown.set(subscriptionId, seen);
    if (seen !== UNKNOWN_AFTER) return;
    const request = new this.#opcua.DeleteSubscriptionsRequest({ subscriptionIds: [subscriptionId] });
    perform(this.#session, request).catch(() => undefined);
  }

  /** @param added how many subscribers had been added when the request was sent: it says nothing of later ones */
  #failed(fault: string, added: number): void {
    if (!this.#running) return;
    if (SESSION_GONE.test(fault)) {
      this.pause();
      this.#options.onSessionGone(fault);
    } else if (GONE.test(fault)) {
      for (const [id, subscriber] of this.#subscribers) if (this.#since.get(id)! <= added) subscriber.lost(fault);
      this.#fillLater();
    } else if (fault === "BadTooManyPublishRequests") {
      // Never ask more of this server; the other requests go on.
      this.#most = Math.max(1, this.#waiting);
      if (this.#waiting === 0) this.#fillLater();
    } else this.#fillLater();
  }

  #fillLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#fill();
    }, RETRY_MS);
  }
}
