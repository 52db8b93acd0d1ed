/** A subscription, as its silence is judged. */
export interface HeardSubscription {
  /** Milliseconds since the server last sent anything of it. */
  readonly silence: number;
  /** Longest time for which the server may send nothing. */
  readonly keepAliveMs: number;
}

/** What is watched, and what helps. */
export interface SilenceHandlers {
  /** The subscription there is now, if any. */
  subscription(): HeardSubscription | undefined;
  /** It is silent for the first time: a new connection for the same session may help. */
  reconnect(reason: string): void;
  /** That did not help: some servers leave the subscription with the connection that is gone, so a new session is needed. */
  restart(reason: string): void;
}

const LOOK_MS = 1_000;
const MARGIN_MS = 5_000;

/**
 * Notices a subscription whose server sends nothing any more though its connection holds. It watches from the first moment
 * of a connection on, because a server may leave even the taking up unanswered.
 */
export class SilenceWatch {
  readonly #handlers: SilenceHandlers;
  #timer: NodeJS.Timeout | undefined;
  #begun = 0;
  #hasReconnected = false;

  constructor(handlers: SilenceHandlers) {
    this.#handlers = handlers;
  }

  /** There is a connection: silence counts from now on. */
  begin(): void {
    clearInterval(this.#timer);
    this.#begun = Date.now();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** The connection is gone. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const subscription = this.#handlers.subscription();
    if (subscription === undefined) return;
    const age = Date.now() - this.#begun;
    const silence = Math.min(subscription.silence, age);
    const limit = 3 * subscription.keepAliveMs + MARGIN_MS;
    // What comes at the taking up may only be the last message once more; what comes later says that the connection serves.
    if (age - silence > limit) this.#hasReconnected = false;
    if (silence <= limit) return;
    const reason = `no publish response for ${Math.round(silence / 1000)} s`;
    const isSecond = this.#hasReconnected;
    this.#hasReconnected = !isSecond;
    if (isSecond) this.#handlers.restart(reason);
    else this.#handlers.reconnect(reason);
  }
}
