import type { BrokerAddress, LinkFactory, MqttLink } from "../../broker/index.ts";
import { FplusError, messageOf } from "../../errors/index.ts";
import type { PartHealth } from "../../health/index.ts";
import type { SampleBatch } from "../../sample/index.ts";
import { decodePayload } from "../codec/decode.ts";
import { head } from "../codec/workbench.ts";
import { rebirthCommand } from "../commands.ts";
import { parseState } from "../edge/primary-host.ts";
import { checkId, NAMESPACE, parseTopic, type SparkplugTopic, sparkplugTopic, stateTopic } from "../topic.ts";
import { bdSeqOf, NodeView, type ReadOutcome, sourceOf, type ViewState } from "./node-view.ts";

/** Identity and broker of a host application, and which groups it hears. */
export interface HostApplicationOptions {
  readonly hostId: string;
  /** Groups to listen to; empty for all. */
  readonly groups?: readonly string[];
  readonly address: BrokerAddress;
  readonly openLink: LinkFactory;
  /** The samples of one message, births included. */
  readonly onBatch: (batch: SampleBatch, topic: SparkplugTopic) => void;
  readonly onEvent?: (event: LifecycleEvent) => void;
  readonly onError?: (error: unknown) => void;
}

/** Something that happened to an edge node or a device, as flows and dashboards see it. */
export interface LifecycleEvent {
  readonly kind:
    | "node-online"
    | "node-offline"
    | "node-stale"
    | "device-online"
    | "device-offline"
    | "device-stale"
    | "rebirth-requested"
    | "gap";
  /** `group/edge node`. */
  readonly node: string;
  readonly device?: string;
  readonly reason?: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const DATA_TYPES = ["NBIRTH", "NDATA", "NDEATH"] as const;
const DEVICE_DATA_TYPES = ["DBIRTH", "DDATA", "DDEATH"] as const;

/** A Sparkplug host application: says that it is there, follows every edge node, and turns messages into batches. */
export class HostApplication {
  readonly #options: HostApplicationOptions;
  readonly #nodes = new Map<string, NodeView>();
  readonly #link: MqttLink;
  #stateTime = 0;
  #closing = false;
  #lastError = "";
  #counters = { messages: 0, samples: 0, malformed: 0, skipped: 0, rebirths: 0, gaps: 0, duplicates: 0 };

  constructor(options: HostApplicationOptions) {
    checkId(options.hostId, "host id");
    this.#options = options;
    const state = stateTopic(options.hostId);
    this.#link = options.openLink({
      address: options.address,
      clientId: `fplus-host-${options.hostId}`,
      will: () => ({
        topic: state,
        payload: this.#statePayload(false, (this.#stateTime = Date.now())),
        qos: 1,
        retain: true,
      }),
      onConnect: () => {
        this.#lastError = "";
        this.#sayState(true);
      },
      onClose: () => this.#connectionLost(),
      onError: (error) => this.#report(error),
    });
    const groups = options.groups?.length ? options.groups : ["+"];
    for (const group of groups) {
      for (const type of DATA_TYPES) this.#subscribe(`${NAMESPACE}/${group}/${type}/+`);
      for (const type of DEVICE_DATA_TYPES) this.#subscribe(`${NAMESPACE}/${group}/${type}/+/+`);
    }
    this.#link.subscribe(state, 1, (_topic, payload) => this.#ownState(payload));
  }

  start(): void {
    this.#link.start();
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  /** Edge nodes known, with their devices and states. */
  nodes(): { node: string; state: ViewState; devices: { device: string; state: ViewState }[] }[] {
    return [...this.#nodes.values()].map((view) => ({
      node: view.source,
      state: view.state,
      devices: [...view.devices].filter(([id]) => id !== "").map(([device, { state }]) => ({ device, state })),
    }));
  }

  health(): PartHealth {
    const views = [...this.#nodes.values()];
    const devices = views.flatMap((view) => [...view.devices].filter(([id]) => id !== ""));
    return {
      kind: "sparkplug-host",
      name: this.#options.hostId,
      status: this.#link.connected ? "up" : "down",
      mode: "embedded",
      detail: this.#link.connected
        ? this.#options.address.url.replace(/\/\/[^@/]*@/, "//")
        : this.#lastError || "connecting",
      counters: {
        ...this.#counters,
        gaps: views.reduce((sum, view) => sum + view.gaps, 0),
        duplicates: views.reduce((sum, view) => sum + view.duplicates, 0),
      },
      gauges: {
        nodes: views.length,
        nodesOnline: views.filter((view) => view.state === "online").length,
        devices: devices.length,
        devicesOnline: devices.filter(([, device]) => device.state === "online").length,
      },
    };
  }

  /** Ends in order: STATE offline, DISCONNECT. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#link.connected) {
      const said = this.#link.publish(stateTopic(this.#options.hostId), this.#statePayload(false, this.#stateTime), {
        qos: 1,
        retain: true,
      });
      await Promise.race([said.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
    }
    await this.#link.end();
  }

  #subscribe(filter: string): void {
    this.#link.subscribe(filter, 1, (topic, bytes) => {
      try {
        this.#message(parseTopic(topic), bytes);
      } catch (error) {
        this.#counters.malformed += 1;
        this.#report(error instanceof FplusError ? atTopic(error, topic) : error);
      }
    });
  }

  #message(topic: SparkplugTopic, bytes: Uint8Array): void {
    this.#counters.messages += 1;
    const now = Date.now();
    decodePayload(bytes);
    const { seq } = head;
    const node = this.#node(topic);
    switch (topic.type) {
      case "NBIRTH":
        this.#take(node, topic, node.nodeBirth(now));
        this.#event("node-online", node, now);
        break;
      case "DBIRTH":
        this.#order(node, seq, now);
        this.#take(node, topic, node.deviceBirth(topic.device, now));
        this.#event("device-online", node, now, topic.device);
        // A device of a node whose own birth was missed: its later metrics may use aliases that are not known here.
        if (node.state !== "online") this.#askRebirth(node, "device birth before the node's", now);
        break;
      case "NDATA":
      case "DDATA":
        this.#order(node, seq, now);
        this.#take(node, topic, node.data(topic.device, now));
        break;
      case "DDEATH":
        this.#order(node, seq, now);
        for (const device of node.mark(topic.device, "offline")) this.#event("device-offline", node, now, device);
        break;
      case "NDEATH":
        this.#nodeDeath(node, now);
        break;
      default:
        break;
    }
  }

  /** A death counts only for the connection that the last birth belongs to: an old will may come late. */
  #nodeDeath(node: NodeView, now: number): void {
    const bdSeq = bdSeqOf();
    if (bdSeq !== undefined && node.bdSeq >= 0 && bdSeq !== node.bdSeq) return;
    for (const device of node.mark("", "offline")) this.#event("device-offline", node, now, device);
    this.#event("node-offline", node, now);
  }

  #order(node: NodeView, seq: number, now: number): void {
    if (node.follow(seq) !== "gap") return;
    this.#event("gap", node, now, undefined, `message before seq ${seq} is missing`);
    this.#askRebirth(node, "a message is missing", now);
  }

  #take(node: NodeView, topic: SparkplugTopic, outcome: ReadOutcome): void {
    if (outcome.batch.length > 0) {
      this.#counters.samples += outcome.batch.length;
      this.#options.onBatch(outcome.batch, topic);
    }
    this.#counters.skipped += outcome.skipped;
    if (outcome.reason !== undefined) this.#report(outcome.reason);
    if (outcome.missing !== undefined) this.#askRebirth(node, outcome.missing, Date.now());
  }

  #askRebirth(node: NodeView, reason: string, now: number): void {
    if (!this.#link.connected || !node.rebirth.ask(now)) return;
    this.#counters.rebirths += 1;
    const [group = "", edgeNode = ""] = node.source.split("/");
    this.#link
      .publish(sparkplugTopic(group, "NCMD", edgeNode), rebirthCommand(now))
      .catch((error: unknown) => this.#report(error));
    this.#event("rebirth-requested", node, now, undefined, reason);
  }

  /** Deaths cannot reach a host without a connection: what it knows may no longer hold. */
  #connectionLost(): void {
    const now = Date.now();
    for (const node of this.#nodes.values()) {
      if (node.state !== "online") continue;
      for (const device of node.mark("", "stale")) this.#event("device-stale", node, now, device);
      this.#event("node-stale", node, now);
    }
  }

  /** Somebody else's will, or an earlier life's, says we are offline: we are not. */
  #ownState(payload: Uint8Array): void {
    if (parseState(payload)?.online === false && this.#link.connected && !this.#closing) this.#sayState(true);
  }

  #sayState(online: boolean): void {
    this.#link
      .publish(stateTopic(this.#options.hostId), this.#statePayload(online, this.#stateTime), { qos: 1, retain: true })
      .catch((error: unknown) => this.#report(error));
  }

  #statePayload(online: boolean, timestamp: number): Uint8Array {
    return Buffer.from(JSON.stringify({ online, timestamp }));
  }

  #node(topic: SparkplugTopic): NodeView {
    const source = sourceOf(topic);
    let node = this.#nodes.get(source);
    if (node === undefined) {
      node = new NodeView(topic.group, topic.edgeNode);
      this.#nodes.set(source, node);
    }
    return node;
  }

  #event(kind: LifecycleEvent["kind"], node: NodeView, at: number, device?: string, reason?: string): void {
    this.#options.onEvent?.({
      kind,
      node: node.source,
      at,
      ...(device === undefined ? {} : { device }),
      ...(reason === undefined ? {} : { reason }),
    });
  }

  #report(error: unknown): void {
    this.#lastError = messageOf(error);
    this.#options.onError?.(error);
  }
}

function atTopic(error: FplusError, topic: string): FplusError {
  return new FplusError(error.code, error.message, {
    field: topic,
    ...(error.offset === undefined ? {} : { offset: error.offset }),
    cause: error,
  });
}
