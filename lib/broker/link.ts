/** Address and credentials of an MQTT broker, as a broker config node holds them. */
export interface BrokerAddress {
  /** `mqtt://host:1883`, `mqtts://…`, `ws://…` or `wss://…`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** MQTT version: 4 (3.1.1, works everywhere) or 5. */
  readonly protocolVersion?: 4 | 5;
  /** Seconds. */
  readonly keepalive?: number;
  /** PEM texts, for mqtts and wss. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
}

/** MQTT quality of service: at most once, at least once, exactly once. */
export type QoS = 0 | 1 | 2;

/** A last will; asked for anew before every connection attempt, because Sparkplug's carries a rising bdSeq. */
export interface Will {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
}

/** How a link presents itself to its broker. */
export interface LinkOptions {
  readonly address: BrokerAddress;
  readonly clientId: string;
  readonly will?: () => Will;
  /** With MQTT 5, an orderly end asks the broker to publish the will all the same (Sparkplug wants that of edge nodes). */
  readonly willAtEnd?: boolean;
  /** Runs after every successful CONNECT, once all subscriptions are acknowledged. */
  readonly onConnect?: () => void;
  /** Runs when an established connection is lost or ended. */
  readonly onClose?: () => void;
  /** A failed attempt or a protocol error; the link goes on trying by itself. */
  readonly onError?: (error: Error) => void;
}

/** Is handed each message of a subscription, in the order of arrival. */
export type MessageHandler = (topic: string, payload: Uint8Array, retained: boolean) => void;

/**
 * One MQTT client that connects for ever, with jittered back-off, and never queues:
 * what to do with data while it is offline is its user's business.
 */
export interface MqttLink {
  readonly connected: boolean;
  /** Begins connecting; returns at once. */
  start(): void;
  /**
   * Resolves when the message is handed to the network (QoS 0) or acknowledged (QoS 1, 2).
   * @throws FplusError `broker.offline` when not connected or cut before the acknowledgement
   */
  publish(topic: string, payload: Uint8Array | string, options?: { qos?: QoS; retain?: boolean }): Promise<void>;
  /** Remembers the subscription and repeats it at every connection. Topic filters may have wildcards. */
  subscribe(filter: string, qos: QoS, handler: MessageHandler): void;
  /** Ends; with `will: true` the socket is cut without DISCONNECT, so that the broker sends the will. */
  end(options?: { will?: boolean }): Promise<void>;
}

/** Makes links; `openLink` is the real one, tests may give another. */
export type LinkFactory = (options: LinkOptions) => MqttLink;
