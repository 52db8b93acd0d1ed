import type { BrokerAddress, LinkFactory, MqttLink, Will } from "../../broker/index.ts";
import { FplusError, messageOf } from "../../errors/index.ts";
import { PayloadEncoder } from "../codec/encoder.ts";
import { legacyStateTopic, type MessageType, sparkplugTopic, stateTopic } from "../topic.ts";
import { nodeDeath } from "./births.ts";
import { PrimaryHost } from "./primary-host.ts";

/** With whom an edge node speaks, and who hears of it. */
export interface EdgeSessionOptions {
  readonly groupId: string;
  readonly edgeNodeId: string;
  /** The broker, and those to turn to when it or the primary host on it is away; one at a time. */
  readonly servers: readonly BrokerAddress[];
  readonly openLink: LinkFactory;
  /** Id of the primary host to wait for; empty for none. */
  readonly primaryHost: string;
  /** How long to wait for one of several servers before the next is tried. */
  readonly nextServerMs: number;
  /** The number of the first connection, 0 … 255. */
  readonly bdSeq: number;
  /** The number that the connection after this one will have; to be kept over restarts. */
  readonly onBdSeq: (next: number) => void;
  readonly onOnline: () => void;
  readonly onOffline: () => void;
  readonly onNodeCommand: (payload: Uint8Array) => void;
  readonly onDeviceCommand: (device: string, payload: Uint8Array) => void;
  readonly onError: (error: unknown) => void;
}

/** How long an end waits for its NDEATH. */
const DEATH_TIMEOUT_MS = 1000;

/**
 * The connection of an edge node in Sparkplug's sense: will and bdSeq, the wait for the primary host, the walk from server
 * to server, and a death before every end. Online means that births may be published.
 */
export class EdgeSession {
  readonly #options: EdgeSessionOptions;
  readonly #host = new PrimaryHost();
  readonly #encoder = new PayloadEncoder();
  #link: MqttLink;
  #server = 0;
  #bdSeq: number;
  #bdSeqUsed = false;
  #online = false;
  #closed = false;
  #inFlight = 0;
  #walk: NodeJS.Timeout | undefined;
  #lastError = "";

  constructor(options: EdgeSessionOptions) {
    this.#options = options;
    this.#bdSeq = options.bdSeq;
    this.#link = this.#newLink();
  }

  get online(): boolean {
    return this.#online;
  }

  /** The number of the present connection, which its births must carry. */
  get bdSeq(): number {
    return this.#bdSeq;
  }

  /** Publishes that the network has not taken yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** The server in use, without credentials, and why there is no session where there is none. */
  get detail(): string {
    const url = this.#options.servers[this.#server]!.url.replace(/\/\/[^@/]*@/, "//");
    if (this.#online) return url;
    if (this.#link.connected) return `waiting for host ${this.#options.primaryHost} on ${url}`;
    return this.#lastError || `connecting to ${url}`;
  }

  start(): void {
    this.#link.start();
    this.#walkLater();
  }

  /** Publishes a message of this node. Never rejects: a failure is reported, and repaired by the births of the next connection. */
  async publish(type: MessageType, payload: Uint8Array, device = ""): Promise<void> {
    const { groupId, edgeNodeId } = this.#options;
    this.#inFlight += 1;
    try {
      const topic = sparkplugTopic(groupId, type, edgeNodeId, device);
      await this.#link.publish(topic, payload, { qos: type === "NDEATH" ? 1 : 0 });
    } catch (error) {
      if (!(error instanceof FplusError && error.code === "broker.offline")) this.#report(error);
    } finally {
      this.#inFlight = Math.max(0, this.#inFlight - 1);
    }
  }

  /** Ends in order: NDEATH, DISCONNECT. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#walk);
    if (this.#online) await this.#sayDeath();
    this.#goOffline();
    await this.#link.end();
  }

  #newLink(): MqttLink {
    const { servers, openLink, groupId, edgeNodeId, primaryHost, onDeviceCommand, onNodeCommand } = this.#options;
    const link = openLink({
      address: servers[this.#server]!,
      clientId: `fplus-${groupId}-${edgeNodeId}`,
      will: () => this.#will(),
      willAtEnd: true,
      onConnect: () => {
        this.#bdSeqUsed = true;
        this.#options.onBdSeq(this.#nextBdSeq());
        this.#lastError = "";
        if (primaryHost === "" || this.#host.online) this.#goOnline();
      },
      onClose: () => this.#goOffline(),
      onError: (error) => this.#report(error),
    });
    link.subscribe(sparkplugTopic(groupId, "NCMD", edgeNodeId), 1, (_topic, payload) => onNodeCommand(payload));
    link.subscribe(sparkplugTopic(groupId, "DCMD", edgeNodeId, "+"), 1, (topic, payload) =>
      onDeviceCommand(topic.slice(topic.lastIndexOf("/") + 1), payload),
    );
    if (primaryHost !== "") {
      for (const topic of [stateTopic(primaryHost), legacyStateTopic(primaryHost)]) {
        link.subscribe(topic, 1, (_topic, payload) => this.#hostState(payload));
      }
    }
    return link;
  }

  /** The will of the coming connection. A number is used up only by a connection that came about. */
  #will(): Will {
    this.#bdSeq = this.#nextBdSeq();
    this.#bdSeqUsed = false;
    const { groupId, edgeNodeId } = this.#options;
    return {
      topic: sparkplugTopic(groupId, "NDEATH", edgeNodeId),
      payload: nodeDeath(this.#encoder, this.#bdSeq, Date.now()),
      qos: 1,
      retain: false,
    };
  }

  #nextBdSeq(): number {
    return this.#bdSeqUsed ? (this.#bdSeq + 1) & 0xff : this.#bdSeq;
  }

  #hostState(payload: Uint8Array): void {
    if (!this.#host.update(payload)) return;
    if (this.#host.online) {
      if (this.#link.connected && !this.#online) this.#goOnline();
    } else if (this.#online) {
      this.#sayDeath()
        .then(() => this.#turnToNextServer())
        .catch((error: unknown) => this.#report(error));
    }
  }

  #goOnline(): void {
    if (this.#closed) return;
    clearTimeout(this.#walk);
    this.#walk = undefined;
    this.#online = true;
    this.#options.onOnline();
  }

  #goOffline(): void {
    this.#host.forget();
    this.#inFlight = 0;
    if (this.#online) {
      this.#online = false;
      this.#options.onOffline();
    }
    this.#walkLater();
  }

  /** With several servers, none is waited for longer than the others deserve. */
  #walkLater(): void {
    if (this.#closed || this.#options.servers.length < 2) return;
    this.#walk ??= setTimeout(() => {
      this.#walk = undefined;
      this.#turnToNextServer().catch((error: unknown) => this.#report(error));
    }, this.#options.nextServerMs);
  }

  /**
   * A new connection, with a new number, to the next server of the list; with one server, to the same: a node that
   * said NDEATH needs that before it may be born again.
   */
  async #turnToNextServer(): Promise<void> {
    const old = this.#link;
    this.#goOffline();
    await old.end();
    if (this.#closed) return;
    this.#server = (this.#server + 1) % this.#options.servers.length;
    this.#link = this.#newLink();
    this.#link.start();
    this.#walkLater();
  }

  async #sayDeath(): Promise<void> {
    const death = this.publish("NDEATH", nodeDeath(this.#encoder, this.#bdSeq, Date.now()));
    await Promise.race([death, new Promise((resolve) => setTimeout(resolve, DEATH_TIMEOUT_MS).unref())]);
  }

  #report(error: unknown): void {
    this.#lastError = messageOf(error);
    this.#options.onError(error);
  }
}
