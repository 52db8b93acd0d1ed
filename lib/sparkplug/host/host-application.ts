import type { BrokerAddress, LinkFactory } from "../../broker/index.ts";
import { FplusError } from "../../errors/index.ts";
import type { PartHealth } from "../../health/index.ts";
import { type SampleBatch, signalPath } from "../../sample/index.ts";
import { decodePayload } from "../codec/decode.ts";
import { head } from "../codec/workbench.ts";
import { encodeCommand, rebirthCommand } from "../commands.ts";
import { parseTopic, type SparkplugTopic, sparkplugTopic } from "../topic.ts";
import { BirthKeeper } from "./birth-keeper.ts";
import type { BirthStore } from "./birth-store.ts";
import { coerce } from "./coerce.ts";
import { type FollowedNode, FollowedNodes } from "./followed-nodes.ts";
import { HostSession } from "./host-session.ts";
import { LastSamples } from "./last-samples.ts";
import { MessageOrder } from "./message-order.ts";
import { bdSeqOf, NodeView, type ReadOutcome, sourceOf } from "./node-view.ts";
import type { LifecycleEvent, NodeRow, WriteTarget } from "./types.ts";
import { membersOf } from "./node-table.ts";
import { PendingWrites, type WriteResult } from "./pending-writes.ts";

/** Identity and broker of a host application, and which groups it hears. */
export interface HostApplicationOptions {
  readonly hostId: string;
  /** Groups to listen to; empty for all. */
  readonly groups?: readonly string[];
  readonly address: BrokerAddress;
  readonly openLink: LinkFactory;
  /** How long a message that came too early waits for those before it; 0 for not at all, default 2 s. */
  readonly reorderTimeoutMs?: number;
  /** STATE as version 3 of the specification has it, or as the plain text of version 2; default 3. */
  readonly stateVersion?: 2 | 3;
  /** Keeps births over restarts. */
  readonly births?: BirthStore;
  /** The samples of one message, births included; and of a death, the last samples of all its metrics as stale. */
  readonly onBatch: (batch: SampleBatch, topic: SparkplugTopic) => void;
  readonly onEvent?: (event: LifecycleEvent) => void;
  readonly onError?: (error: unknown) => void;
}

const REORDER_TIMEOUT_MS = 2000;

interface ArrivedMessage {
  readonly topic: SparkplugTopic;
  readonly bytes: Uint8Array;
}

/** A Sparkplug host application: says that it is there, follows every edge node, and turns messages into batches. */
export class HostApplication {
  readonly #options: HostApplicationOptions;
  readonly #nodes = new FollowedNodes<ArrivedMessage>();
  readonly #last = new LastSamples();
  readonly #writes = new PendingWrites();
  readonly #births: BirthKeeper;
  readonly #session: HostSession;
  /** Whose payload lies decoded on the workbench. */
  #onWorkbench: Uint8Array | undefined;
  #counters = { messages: 0, samples: 0, malformed: 0, skipped: 0, rebirths: 0, commands: 0 };

  /** @throws FplusError `config.invalid` naming the host id */
  constructor(options: HostApplicationOptions) {
    this.#options = options;
    this.#births = new BirthKeeper(options.births, (error) => this.#report(error));
    this.#session = new HostSession({
      ...options,
      groups: options.groups ?? [],
      stateVersion: options.stateVersion ?? 3,
      onMessage: (topic, bytes) => this.#message(topic, bytes),
      onLost: () => this.#connectionLost(),
      onError: (error) => this.#report(error),
    });
  }

  /** Recalls the births that are kept, then connects. */
  start(): void {
    this.#recall()
      .catch((error: unknown) => this.#report(error))
      .finally(() => this.#session.start());
  }

  get connected(): boolean {
    return this.#session.connected;
  }

  /** Edge nodes known, with their devices and states. */
  nodes(): NodeRow[] {
    return this.#nodes.rows();
  }

  /** Paths of metrics that hold the text, whatever its case; at most so many, for a user to choose from. */
  metricPaths(text: string, limit: number): string[] {
    return this.#nodes.metricPaths(text, limit);
  }

  /** What a path `group/edge node[/device]/metric` names; metrics may have slashes in their names, so births decide. */
  targetOf(path: string): WriteTarget {
    return this.#nodes.targetOf(path);
  }

  /**
   * Writes to a metric (NCMD or DCMD) and waits until DATA shows the value.
   * @param value is made to fit the metric's type, as its birth told it
   * @param timeoutMs 0 for not waiting
   * @throws FplusError `sparkplug.command` naming the metric: unknown, offline, a value that does not fit, not confirmed in
   *   time; `broker.offline`
   */
  async write(target: WriteTarget, value: unknown, timeoutMs: number): Promise<WriteResult | undefined> {
    const { group, edgeNode, device, metric } = target;
    const path = signalPath(`${group}/${edgeNode}`, device, metric);
    const born = this.#nodes.born(target, path);
    const fitting = coerce(value, born.signal.type, path);
    const payload = encodeCommand(born.alias < 0 ? metric : born.alias, born.signal.type, fitting, Date.now());
    const type = device === "" ? "NCMD" : "DCMD";
    const confirmed = timeoutMs > 0 ? this.#writes.wait(born.signal.id, path, fitting, timeoutMs) : undefined;
    // Where the publish fails, that is the error to tell, and the wait ends by itself.
    confirmed?.catch(() => undefined);
    await this.#session.command(sparkplugTopic(group, type, edgeNode, device), payload);
    this.#counters.commands += 1;
    return confirmed;
  }

  /**
   * Asks an edge node for its births, whatever was asked before.
   * @throws FplusError `broker.offline`
   */
  async requestRebirth(group: string, edgeNode: string): Promise<void> {
    await this.#session.command(sparkplugTopic(group, "NCMD", edgeNode), rebirthCommand(Date.now()));
    this.#counters.rebirths += 1;
  }

  health(): PartHealth {
    const { counters, gauges } = this.#nodes.figures();
    return {
      kind: "sparkplug-host",
      name: this.#options.hostId,
      status: this.connected ? "up" : "down",
      mode: "embedded",
      detail: this.#session.detail,
      counters: { ...this.#counters, ...counters },
      gauges,
      members: membersOf(this.nodes()),
    };
  }

  /** Ends in order: STATE offline, DISCONNECT. */
  async close(): Promise<void> {
    for (const { order } of this.#nodes.all()) order.flush();
    this.#writes.close();
    await this.#session.close();
    await this.#births.close();
  }

  #message(topic: string, bytes: Uint8Array): void {
    this.#counters.messages += 1;
    this.#guarded(topic, () => this.#arrived(parseTopic(topic), bytes));
    // Whoever decodes next, another host or an edge node, uses the same workbench.
    this.#onWorkbench = undefined;
  }

  /** Whatever is wrong with a message, it is counted and told with its topic. */
  #guarded(topic: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#counters.malformed += 1;
      this.#report(error instanceof FplusError ? atTopic(error, topic) : error);
    }
  }

  #arrived(topic: SparkplugTopic, bytes: Uint8Array): void {
    this.#decode(bytes);
    const { view, order } = this.#node(topic);
    const now = Date.now();
    if (topic.type === "NBIRTH") {
      const { seq } = head;
      order.begin(seq);
      this.#decode(bytes);
      this.#take(view, topic, view.nodeBirth(now), true);
      this.#event("node-online", view, now);
      this.#births.keep(topic, bytes);
    } else if (topic.type === "NDEATH") this.#nodeDeath(view, order, now);
    else order.take(head.seq, { topic, bytes });
  }

  /** A message whose turn it is. */
  #deliver(view: NodeView, { topic, bytes }: ArrivedMessage, late: boolean): void {
    this.#decode(bytes);
    const now = Date.now();
    switch (topic.type) {
      case "NDATA":
      case "DDATA":
        this.#data(view, topic, now);
        break;
      case "DBIRTH":
        if (late) break;
        this.#take(view, topic, view.deviceBirth(topic.device, now), true);
        this.#event("device-online", view, now, topic.device);
        this.#births.keep(topic, bytes);
        // A device of a node whose own birth was missed: its later metrics may use aliases that are not known here.
        if (view.node.state !== "online") this.#askRebirth(view, "device birth before the node's", now);
        break;
      case "DDEATH":
        if (!late) this.#mark(view, topic.device, "offline", head.timeMs >= 0 ? head.timeMs : now, now);
        break;
      default:
        break;
    }
  }

  #data(view: NodeView, topic: SparkplugTopic, now: number): void {
    const outcome = view.data(topic.device, now);
    const device = view.devices.get(topic.device);
    if (device?.state === "stale") {
      device.state = "online";
      device.since = now;
      this.#event(topic.device === "" ? "node-online" : "device-online", view, now, topic.device || undefined);
    }
    this.#take(view, topic, outcome, false);
    if (view.isRemembered) this.#askRebirth(view, "its births are from a former run", now);
  }

  /** A death counts only for the connection that the last birth belongs to: an old will may come late. */
  #nodeDeath(view: NodeView, order: MessageOrder<ArrivedMessage>, now: number): void {
    const bdSeq = bdSeqOf();
    if (bdSeq !== undefined && view.bdSeq >= 0 && bdSeq !== view.bdSeq) return;
    order.flush();
    order.forget();
    this.#mark(view, "", "offline", now, now);
  }

  /** Sets the state of a device, or with the empty id of the node and its devices, and tells of their metrics that they are stale. */
  #mark(view: NodeView, id: string, state: "stale" | "offline", at: number, now: number): void {
    const [group = "", edgeNode = ""] = view.source.split("/");
    const changed = view.mark(id, state, at);
    for (const [device, { metrics }] of changed) {
      const ids = Array.from(metrics.values(), ({ signal }) => signal.id);
      const batch = this.#last.markStale(ids, at);
      const type = device === "" ? "NDEATH" : "DDEATH";
      if (batch.length > 0) this.#options.onBatch(batch, { group, edgeNode, device, type });
    }
    const kind = state === "stale" ? "stale" : "offline";
    for (const [device] of changed) if (device !== "") this.#event(`device-${kind}`, view, now, device);
    if (changed.some(([device]) => device === "")) this.#event(`node-${kind}`, view, now);
  }

  #take(view: NodeView, topic: SparkplugTopic, outcome: ReadOutcome, isBirth: boolean): void {
    const { batch } = outcome;
    if (batch.length > 0) {
      this.#counters.samples += batch.length;
      if (isBirth) this.#revive(batch);
      this.#last.update(batch);
      if (this.#writes.size > 0) this.#writes.seen(batch);
      this.#options.onBatch(batch, topic);
    }
    this.#counters.skipped += outcome.skipped;
    if (outcome.reason !== undefined) this.#report(outcome.reason);
    if (outcome.missing !== undefined) this.#askRebirth(view, outcome.missing, Date.now());
  }

  /** A birth says that a value holds now, however old: it must not lie before the mark that called it stale. */
  #revive(batch: SampleBatch): void {
    for (let i = 0; i < batch.length; i++) {
      const since = this.#last.staleSince(batch.signal[i]!);
      if (since < 0 || batch.timeMs[i]! > since) continue;
      batch.timeMs[i] = Math.max(head.timeMs, since + 1);
      batch.timeNs[i] = 0;
    }
  }

  #askRebirth(view: NodeView, reason: string, now: number): void {
    if (!this.connected || !view.rebirth.ask(now)) return;
    const [group = "", edgeNode = ""] = view.source.split("/");
    this.requestRebirth(group, edgeNode).catch((error: unknown) => this.#report(error));
    this.#event("rebirth-requested", view, now, undefined, reason);
  }

  /** Deaths cannot reach a host without a connection: what it knows may no longer hold. */
  #connectionLost(): void {
    const now = Date.now();
    for (const { view, order } of this.#nodes.all()) {
      order.flush();
      order.forget();
      this.#mark(view, "", "stale", now, now);
    }
  }

  /** Births of a former run: aliases are known, the state is not. */
  async #recall(): Promise<void> {
    for (const { topic: text, payload } of await this.#births.recall()) {
      this.#guarded(text, () => {
        const topic = parseTopic(text);
        const { view } = this.#node(topic);
        this.#decode(payload);
        if (topic.type === "NBIRTH") view.nodeBirth(Date.now());
        else view.deviceBirth(topic.device, Date.now());
        view.isRemembered = true;
        view.device(topic.device).state = "stale";
      });
    }
    this.#onWorkbench = undefined;
  }

  #decode(bytes: Uint8Array): void {
    if (this.#onWorkbench === bytes) return;
    this.#onWorkbench = undefined;
    decodePayload(bytes);
    this.#onWorkbench = bytes;
  }

  #node(topic: SparkplugTopic): FollowedNode<ArrivedMessage> {
    const source = sourceOf(topic);
    const known = this.#nodes.get(source);
    if (known !== undefined) return known;
    const view = new NodeView(topic.group, topic.edgeNode);
    const order = new MessageOrder<ArrivedMessage>(this.#options.reorderTimeoutMs ?? REORDER_TIMEOUT_MS, {
      deliver: (message, late) => {
        const { group, type, edgeNode, device } = message.topic;
        this.#guarded(sparkplugTopic(group, type, edgeNode, device), () => this.#deliver(view, message, late));
      },
      gap: (seq) => {
        const now = Date.now();
        this.#event("gap", view, now, undefined, `the message with seq ${seq} is missing`);
        this.#askRebirth(view, "a message is missing", now);
      },
    });
    return this.#nodes.add({ view, order });
  }

  #event(kind: LifecycleEvent["kind"], view: NodeView, at: number, device?: string, reason?: string): void {
    this.#options.onEvent?.({
      kind,
      node: view.source,
      at,
      ...(device === undefined ? {} : { device }),
      ...(reason === undefined ? {} : { reason }),
    });
  }

  #report(error: unknown): void {
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
