import type { BrokerAddress, LinkFactory, MqttLink } from "../../broker/index.ts";
import { type DeviceStatus, worseOf } from "./device-status.ts";

/** Where the states of devices go. */
export interface StatusTopicsOptions {
  readonly address: BrokerAddress;
  readonly openLink: LinkFactory;
  /** Beginning of the client ids. */
  readonly clientId: string;
  /**
   * How many devices of this gateway have a connection of their own, whose will says that they are offline when the process
   * dies: MQTT knows one will a connection.
   */
  readonly wills: number;
  readonly onError?: (error: unknown) => void;
}

/** Who speaks about a device: the gateway that reads it, or a Sparkplug host that hears of it. */
export type StatusSource = "gateway" | "host";

interface Entry {
  readonly topic: string;
  readonly by: Map<StatusSource, DeviceStatus>;
  told: DeviceStatus | undefined;
  link: MqttLink | undefined;
  isWaiting: boolean;
}

const CLOSE_MS = 1000;

/**
 * Retained states of devices on MQTT: `{"status":"online","since":"…"}`. Where gateway and host both speak about a device, the
 * worse counts. Only the newest state of a device waits while the broker is away.
 */
export class StatusTopics {
  readonly #options: StatusTopicsOptions;
  readonly #topicOf: (device: string) => string;
  readonly #entries = new Map<string, Entry>();
  #shared: MqttLink | undefined;
  #ownLinks = 0;
  #closed = false;
  published = 0;

  constructor(options: StatusTopicsOptions, topicOf: (device: string) => string) {
    this.#options = options;
    this.#topicOf = topicOf;
  }

  /** States that wait for the broker. */
  get waiting(): number {
    return [...this.#entries.values()].filter(({ isWaiting }) => isWaiting).length;
  }

  /** Devices whose will says that they are offline. */
  get wills(): number {
    return this.#ownLinks;
  }

  set(source: StatusSource, status: DeviceStatus): void {
    const entry = this.#entry(status.device);
    entry.by.set(source, status);
    const [first, ...others] = entry.by.values();
    const told = others.reduce(worseOf, first ?? status);
    if (entry.told?.state === told.state && entry.told.reason === told.reason) return;
    entry.told = told;
    entry.isWaiting = true;
    if (entry.link === undefined) entry.link = source === "gateway" ? this.#ownLink(entry) : this.#sharedLink();
    this.#publish(entry);
  }

  /** An orderly end: devices of this gateway are offline, those that a host spoke about stay as they are. */
  async close(reason: string): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const at = Date.now();
    const own = [...this.#entries.values()].filter(({ by }) => by.has("gateway"));
    const goodbyes = own.map(({ topic, told, link }) =>
      link?.connected === true && told !== undefined && told.state !== "offline"
        ? link.publish(topic, payloadOf({ ...told, state: "offline", reason, at }), { qos: 1, retain: true })
        : Promise.resolve(),
    );
    await Promise.race([Promise.allSettled(goodbyes), new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
    const links = new Set([...this.#entries.values()].flatMap(({ link }) => link ?? []));
    await Promise.all([...links].map((link) => link.end()));
  }

  #entry(device: string): Entry {
    let entry = this.#entries.get(device);
    if (entry === undefined) {
      entry = { topic: this.#topicOf(device), by: new Map(), told: undefined, link: undefined, isWaiting: false };
      this.#entries.set(device, entry);
    }
    return entry;
  }

  #ownLink(entry: Entry): MqttLink {
    if (this.#ownLinks >= this.#options.wills) return this.#sharedLink();
    this.#ownLinks += 1;
    const payload = new TextEncoder().encode(
      JSON.stringify({ status: "offline", since: null, reason: "gateway lost" }),
    );
    return this.#open(
      `${this.#options.clientId}-${this.#ownLinks}`,
      () => {
        // After a break the broker may have told the will.
        entry.isWaiting = true;
        this.#publish(entry);
      },
      () => ({ topic: entry.topic, payload, qos: 1, retain: true }),
    );
  }

  #sharedLink(): MqttLink {
    this.#shared ??= this.#open(this.#options.clientId, () => {
      for (const entry of this.#entries.values()) if (entry.link === this.#shared) this.#publish(entry);
    });
    return this.#shared;
  }

  #open(clientId: string, onConnect: () => void, will?: Parameters<LinkFactory>[0]["will"]): MqttLink {
    const { address, openLink, onError } = this.#options;
    const link = openLink({
      address,
      clientId,
      onConnect,
      onError: (error) => onError?.(error),
      ...(will === undefined ? {} : { will }),
    });
    link.start();
    return link;
  }

  #publish(entry: Entry): void {
    const { link, told } = entry;
    if (!entry.isWaiting || told === undefined || link?.connected !== true || this.#closed) return;
    entry.isWaiting = false;
    link.publish(entry.topic, payloadOf(told), { qos: 1, retain: true }).then(
      () => void (this.published += 1),
      // Cut off on the way: said again at the next connection.
      () => void (entry.isWaiting = true),
    );
  }
}

function payloadOf({ state, reason, at }: DeviceStatus): string {
  return JSON.stringify({ status: state, since: new Date(at).toISOString(), ...(reason === "" ? {} : { reason }) });
}
