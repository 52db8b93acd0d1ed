import type { BrokerAddress, LinkFactory, MessageHandler, MqttLink } from "../../broker/index.ts";
import { messageOf } from "../../errors/index.ts";
import { parseState } from "../edge/primary-host.ts";
import { checkId, legacyStateTopic, NAMESPACE, stateTopic } from "../topic.ts";

/** Who a host application is, and who hears of its connection. */
export interface HostSessionOptions {
  readonly hostId: string;
  /** Groups to listen to; empty for all. */
  readonly groups: readonly string[];
  readonly address: BrokerAddress;
  readonly openLink: LinkFactory;
  /** STATE as version 3 of the specification has it, or as the plain text of version 2. */
  readonly stateVersion: 2 | 3;
  readonly onMessage: MessageHandler;
  readonly onLost: () => void;
  readonly onError: (error: unknown) => void;
}

const NODE_TYPES = ["NBIRTH", "NDATA", "NDEATH"] as const;
const DEVICE_TYPES = ["DBIRTH", "DDATA", "DDEATH"] as const;
const STATE_TIMEOUT_MS = 1000;

/** The connection of a host application: its subscriptions, and STATE before and after everything else. */
export class HostSession {
  readonly #options: HostSessionOptions;
  readonly #link: MqttLink;
  readonly #stateTopic: string;
  #stateTime = 0;
  #closing = false;
  #lastError = "";

  /** @throws FplusError `config.invalid` naming the host id */
  constructor(options: HostSessionOptions) {
    checkId(options.hostId, "host id");
    this.#options = options;
    this.#stateTopic = (options.stateVersion === 2 ? legacyStateTopic : stateTopic)(options.hostId);
    this.#link = options.openLink({
      address: options.address,
      clientId: `fplus-host-${options.hostId}`,
      will: () => ({
        topic: this.#stateTopic,
        payload: this.#statePayload(false, (this.#stateTime = Date.now())),
        qos: 1,
        retain: true,
      }),
      onConnect: () => {
        this.#lastError = "";
        this.#sayOnline();
      },
      onClose: options.onLost,
      onError: (error) => this.#report(error),
    });
    for (const group of options.groups.length > 0 ? options.groups : ["+"]) {
      for (const type of NODE_TYPES) this.#link.subscribe(`${NAMESPACE}/${group}/${type}/+`, 1, options.onMessage);
      for (const type of DEVICE_TYPES) this.#link.subscribe(`${NAMESPACE}/${group}/${type}/+/+`, 1, options.onMessage);
    }
    this.#link.subscribe(this.#stateTopic, 1, (_topic, payload) => this.#ownState(payload));
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  /** The broker, without credentials; or why there is no connection. */
  get detail(): string {
    const url = this.#options.address.url.replace(/\/\/[^@/]*@/, "//");
    return this.connected ? url : this.#lastError || `connecting to ${url}`;
  }

  start(): void {
    this.#link.start();
  }

  /** Publishes a command. @throws FplusError `broker.offline` */
  command(topic: string, payload: Uint8Array): Promise<void> {
    return this.#link.publish(topic, payload);
  }

  /** Ends in order: STATE offline with the time of now, DISCONNECT. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.connected) {
      const said = this.#say(false, Date.now()).catch(() => undefined);
      await Promise.race([said, new Promise((resolve) => setTimeout(resolve, STATE_TIMEOUT_MS).unref())]);
    }
    await this.#link.end();
  }

  /** Somebody else's will, or an earlier life's, says we are offline: we are not. */
  #ownState(payload: Uint8Array): void {
    if (parseState(payload)?.online === false && this.connected && !this.#closing) this.#sayOnline();
  }

  /** A birth has the time of the will it belongs to. */
  #sayOnline(): void {
    this.#say(true, this.#stateTime).catch((error: unknown) => this.#report(error));
  }

  #say(online: boolean, timestamp: number): Promise<void> {
    return this.#link.publish(this.#stateTopic, this.#statePayload(online, timestamp), { qos: 1, retain: true });
  }

  #statePayload(online: boolean, timestamp: number): Uint8Array {
    if (this.#options.stateVersion === 2) return Buffer.from(online ? "ONLINE" : "OFFLINE");
    return Buffer.from(JSON.stringify({ online, timestamp }));
  }

  #report(error: unknown): void {
    this.#lastError = messageOf(error);
    this.#options.onError(error);
  }
}
