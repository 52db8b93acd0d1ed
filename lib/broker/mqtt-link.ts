import type { IClientOptions, MqttClient } from "mqtt";
import { FplusError, messageOf } from "../errors/index.ts";
import type { LinkOptions, MessageHandler, MqttLink, QoS } from "./link.ts";
import { packPacketLengths } from "./packet-lengths.ts";
import { filterCovers } from "./topic-filter.ts";

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;
/** About the first second of trying. */
const PATIENT_ATTEMPTS = 2;
const CONNECT_TIMEOUT_MS = 10_000;
/** MQTT 5 section 3.14.2.1. */
const DISCONNECT_WITH_WILL = 0x04;

interface Subscription {
  readonly filter: string;
  readonly qos: QoS;
  readonly handler: MessageHandler;
}

/** Opens a link over MQTT.js; see MqttLink for what it promises. */
export function openLink(options: LinkOptions): MqttLink {
  return new MqttJsLink(options);
}

/**
 * Every attempt is a client of its own, because the will belongs to the attempt and
 * because a client that ended takes all its timers and packets with it.
 */
class MqttJsLink implements MqttLink {
  readonly #options: LinkOptions;
  readonly #subscriptions: Subscription[] = [];
  /** Rejects publishes that the connection did not live to acknowledge. */
  readonly #pending = new Set<(error: FplusError) => void>();
  #client: MqttClient | undefined;
  #connected = false;
  #ended = false;
  #attempts = 0;
  #retry: NodeJS.Timeout | undefined;
  #lastError = "";

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#connected;
  }

  start(): void {
    if (this.#client !== undefined || this.#retry !== undefined || this.#ended) return;
    this.#attempt();
  }

  publish(topic: string, payload: Uint8Array | string, options: { qos?: QoS; retain?: boolean } = {}): Promise<void> {
    const client = this.#client;
    if (!this.#connected || client === undefined) return Promise.reject(this.#offline(topic));
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      const bytes = typeof payload === "string" ? payload : asBuffer(payload);
      client.publish(topic, bytes, { qos: options.qos ?? 0, retain: options.retain ?? false }, (error) => {
        this.#pending.delete(reject);
        if (error) reject(this.#offline(topic, error));
        else resolve();
      });
    });
  }

  subscribe(filter: string, qos: QoS, handler: MessageHandler): void {
    this.#subscriptions.push({ filter, qos, handler });
    if (this.#connected) this.#client?.subscribe(filter, { qos }, (error) => error && this.#say(error));
  }

  async end(options: { will?: boolean } = {}): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const client = this.#client;
    if (client === undefined) return;
    if (options.will === true) {
      client.stream.destroy();
      this.#drop(client);
      return;
    }
    // Without force, DISCONNECT is sent after what is in flight; a dead peer must not hold up a stop.
    const force = !this.#connected;
    await Promise.race([
      new Promise<void>((resolve) => client.end(force, this.#disconnectPacket(), () => resolve())),
      new Promise<void>((resolve) => setTimeout(resolve, 2000).unref()),
    ]);
    this.#drop(client);
  }

  #disconnectPacket(): { reasonCode?: number } {
    const { address, will, willAtEnd } = this.#options;
    return address.protocolVersion === 5 && will !== undefined && willAtEnd === true
      ? { reasonCode: DISCONNECT_WITH_WILL }
      : {};
  }

  #attempt(): void {
    this.#retry = undefined;
    this.#connect().catch((error: unknown) => {
      this.#say(error);
      this.#again();
    });
  }

  async #connect(): Promise<void> {
    const { default: mqtt } = await import("mqtt");
    packPacketLengths("mqtt");
    if (this.#ended) return;
    const { url, clientOptions } = this.#clientOptions();
    const client = mqtt.connect(url, clientOptions);
    this.#client = client;
    client.on("connect", () => this.#subscribeAll(client));
    client.on("message", (topic, payload, packet) => this.#deliver(topic, payload, packet.retain));
    client.on("error", (error) => this.#say(error));
    client.on("close", () => {
      this.#drop(client);
      this.#again();
    });
  }

  #clientOptions(): { url: string; clientOptions: IClientOptions } {
    const { address, clientId, will } = this.#options;
    const lastWill = will?.();
    return {
      url: address.url,
      clientOptions: {
        clientId,
        clean: true,
        protocolVersion: address.protocolVersion ?? 4,
        ...(address.protocolVersion === 5 ? { properties: { sessionExpiryInterval: 0 } } : {}),
        keepalive: address.keepalive ?? 30,
        reconnectPeriod: 0,
        connectTimeout: CONNECT_TIMEOUT_MS,
        queueQoSZero: false,
        resubscribe: false,
        rejectUnauthorized: address.rejectUnauthorized ?? true,
        ...(address.username === undefined ? {} : { username: address.username }),
        ...(address.password === undefined ? {} : { password: address.password }),
        ...(address.ca === undefined ? {} : { ca: address.ca }),
        ...(address.cert === undefined ? {} : { cert: address.cert }),
        ...(address.key === undefined ? {} : { key: address.key }),
        ...(lastWill === undefined ? {} : { will: { ...lastWill, payload: asBuffer(lastWill.payload) } }),
      },
    };
  }

  #subscribeAll(client: MqttClient): void {
    const wanted = Object.fromEntries(this.#subscriptions.map(({ filter, qos }) => [filter, { qos }]));
    const ready = (): void => {
      if (client !== this.#client || this.#ended) return;
      this.#connected = true;
      this.#attempts = 0;
      this.#lastError = "";
      this.#options.onConnect?.();
    };
    if (this.#subscriptions.length === 0) ready();
    else {
      client.subscribe(wanted, (error) => {
        if (!error) return ready();
        this.#say(error);
        client.end(true);
        return undefined;
      });
    }
  }

  #deliver(topic: string, payload: Buffer, retained: boolean): void {
    for (const { filter, handler } of this.#subscriptions) {
      if (!filterCovers(filter, topic)) continue;
      try {
        handler(topic, payload, retained);
      } catch (error) {
        this.#say(error);
      }
    }
  }

  /** Forgets a client whose connection is over, and fails what waited for it. */
  #drop(client: MqttClient): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    const wasConnected = this.#connected;
    this.#connected = false;
    const lost = [...this.#pending];
    this.#pending.clear();
    for (const reject of lost) reject(this.#offline());
    client.removeAllListeners();
    // An error may still follow from the socket; nobody waits for it any more.
    client.on("error", () => undefined);
    client.end(true);
    if (wasConnected) this.#options.onClose?.();
  }

  #again(): void {
    if (this.#ended || this.#retry !== undefined) return;
    const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#retry = setTimeout(() => this.#attempt(), ceiling * (0.5 + Math.random() / 2));
  }

  /** Reports a failure once, not at every attempt; a broker that is just starting up is none. */
  #say(error: unknown): void {
    const text = messageOf(error);
    const failure = linkError(this.#options.address.url, error);
    const starting = failure.code === "broker.unreachable" && this.#attempts < PATIENT_ATTEMPTS;
    if (text === this.#lastError || starting) return;
    this.#lastError = text;
    this.#options.onError?.(failure);
  }

  #offline(topic?: string, cause?: unknown): FplusError {
    return new FplusError("broker.offline", `not connected to ${this.#options.address.url}`, {
      ...(topic === undefined ? {} : { field: topic }),
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

function linkError(url: string, error: unknown): FplusError {
  if (error instanceof FplusError) return error;
  const { code } = error as { code?: unknown };
  // CONNACK return codes and MQTT 5 reason codes are numbers, socket errors are text.
  if (typeof code === "number") {
    return new FplusError("broker.refused", `the broker refused: ${messageOf(error)}`, {
      field: url,
      hint: "Check user name, password and the broker's access rules.",
      cause: error,
    });
  }
  return new FplusError("broker.unreachable", `no connection: ${messageOf(error)}`, {
    field: url,
    hint: "Check address, port and whether the broker runs.",
    cause: error,
  });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
