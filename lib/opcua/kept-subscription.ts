import type { Endpoint } from "./endpoint.ts";
import type { SessionLink } from "./session-link.ts";
import { SilenceWatch } from "./silence-watch.ts";
import type { Subscription } from "./subscription.ts";

const CLOSE_MS = 2_000;

/**
 * The one subscription of a monitor, as long as it lasts: brought over to each new connection, watched for silence, given up
 * when the server has it no more.
 */
export class KeptSubscription {
  readonly #endpoint: Endpoint;
  readonly #onGone: (reason: string) => void;
  readonly #silence: SilenceWatch;
  #current: Subscription | undefined;

  /** @param onGone told when the server has given it up: all that was in it is gone, too */
  constructor(endpoint: Endpoint, onGone: (reason: string) => void) {
    this.#endpoint = endpoint;
    this.#onGone = onGone;
    this.#silence = new SilenceWatch({
      subscription: () => this.#current,
      reconnect: (reason) => endpoint.reconnect(reason),
      restart: (reason) => {
        this.giveUp(reason);
        endpoint.restart(reason);
      },
    });
  }

  get current(): Subscription | undefined {
    return this.#current;
  }

  /** There is a connection; `takeUp` may have to wait for what is still being done. */
  connected(): void {
    this.#silence.begin();
  }

  disconnected(): void {
    this.#silence.stop();
  }

  keep(subscription: Subscription): void {
    this.#current = subscription;
  }

  /**
   * Brings it over to a connection, with what the server kept of it, or gives it up.
   * @throws Error of node-opcua when the connection breaks meanwhile
   */
  async takeUp({ session }: SessionLink): Promise<void> {
    const subscription = this.#current;
    if (subscription === undefined) return;
    const reason = subscription.isOn(session)
      ? await subscription.resume()
      : await subscription.transfer(session, this.#endpoint.publishing);
    if (reason !== "" && this.#current === subscription) this.giveUp(reason);
  }

  /** The server has it no more. Tells whether there was one. */
  giveUp(reason: string): boolean {
    const subscription = this.#current;
    if (subscription === undefined) return false;
    this.#current = undefined;
    subscription.lost(reason);
    this.#onGone(reason);
    return true;
  }

  /** Ends it on the server, where it is not wanted any more. */
  async drop(): Promise<void> {
    const subscription = this.#current;
    this.#current = undefined;
    await subscription?.close();
  }

  /** Ends it for good, on the server too where there is a connection; a peer that is silent does not hold this up. */
  async close(isConnected: boolean): Promise<void> {
    this.#silence.stop();
    const subscription = this.#current;
    this.#current = undefined;
    if (subscription === undefined || !isConnected) return;
    await Promise.race([subscription.close(), new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
  }
}
