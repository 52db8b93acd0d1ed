import type { BrokerAddress, LinkFactory, MqttLink } from "../../broker/index.ts";
import { FplusError, messageOf } from "../../errors/index.ts";
import type { PartHealth } from "../../health/index.ts";
import { type SampleBatch, type SampleValue, SampleFlag } from "../../sample/index.ts";
import type { Spool, SpoolRecord } from "../../spool/index.ts";
import { commandsOf } from "../commands.ts";
import { PayloadEncoder } from "../codec/encoder.ts";
import { qualityCode } from "../codec/properties.ts";
import { checkId, type MessageType, sparkplugTopic, stateTopic } from "../topic.ts";
import { DEVICE_REBIRTH_METRIC, deviceBirth, nodeBirth, nodeDeath, REBIRTH_METRIC } from "./births.ts";
import { type EdgeDevice, type EdgeMetric, MetricTable } from "./metric-table.ts";
import { Outbox } from "./outbox.ts";
import { PrimaryHost } from "./primary-host.ts";
import { SessionFile } from "./session-file.ts";
import { decodeRecord, encodeRecord } from "./spool-record.ts";

/** Identity, broker and spool of an edge node. */
export interface EdgeNodeOptions {
  readonly groupId: string;
  readonly edgeNodeId: string;
  readonly address: BrokerAddress;
  readonly openLink: LinkFactory;
  readonly spool: Spool;
  /** Folder for the session file; the spool's own will do. */
  readonly directory: string;
  /** Id of the primary host to wait for; empty for none. */
  readonly primaryHost?: string;
  /** How long a sent record is kept for sending again; default 1.5 times the keep-alive. */
  readonly rollingMs?: number;
  /** A DCMD write to one of the devices. */
  readonly onCommand?: (command: EdgeCommand) => void;
  readonly onError?: (error: unknown) => void;
}

/** A command that came for the edge node or one of its devices. */
export interface EdgeCommand {
  readonly device: string;
  readonly metric: string;
  readonly value: SampleValue;
}

/** Births that several new metrics or requests ask for within this time are one. */
const BIRTH_DELAY_MS = 200;
/** Publishes that the network has not taken yet; beyond that, new records wait in the spool. */
const MAX_IN_FLIGHT = 500;

/** One Sparkplug edge node: its connection, births, data, death, and the store behind them. */
export class EdgeNode {
  readonly #options: EdgeNodeOptions;
  readonly #file: SessionFile;
  readonly #table: MetricTable;
  readonly #outbox: Outbox;
  readonly #host = new PrimaryHost();
  readonly #encoder = new PayloadEncoder();
  #link: MqttLink;
  #bdSeq: number;
  #bdSeqUsed = false;
  #seq = 0;
  #online = false;
  #closed = false;
  #inFlight = 0;
  #birthTimer: NodeJS.Timeout | undefined;
  #rebirthAsked = false;
  #lastError = "";
  /** Why samples cannot be kept on disk now; empty when they can. */
  #keepFault = "";
  #counters = { accepted: 0, unkept: 0, published: 0, messages: 0, births: 0, dropped: 0, commands: 0 };

  constructor(options: EdgeNodeOptions) {
    checkId(options.groupId, "group");
    checkId(options.edgeNodeId, "edge node");
    this.#options = options;
    this.#file = new SessionFile(options.directory);
    const memory = this.#file.load();
    this.#bdSeq = memory.bdSeq;
    this.#table = new MetricTable(memory.aliases);
    const rollingMs = options.rollingMs ?? Math.max(5000, (options.address.keepalive ?? 30) * 1500);
    this.#outbox = new Outbox(
      options.spool,
      rollingMs,
      (record) => this.#sendRecord(record),
      (error) => this.#report(error),
    );
    this.#link = this.#newLink();
  }

  /** Begins connecting. */
  start(): void {
    this.#link.start();
  }

  get online(): boolean {
    return this.#online;
  }

  /**
   * Takes samples: each is in the spool when this returns, and on its way when the node is online.
   * When the spool cannot take them (a full disk), they are sent at once without a copy if the node is online; that is
   * reported and counted as `unkept`. `device` overrides the device of every signal.
   * @throws FplusError `spool.full`, `spool.io`: the batch was neither kept nor sent, and is counted as dropped
   */
  accept(batch: SampleBatch, device = ""): void {
    if (batch.length === 0) return;
    const metrics: EdgeMetric[] = [];
    const aliases = new Uint32Array(batch.length);
    let born = true;
    for (let i = 0; i < batch.length; i++) {
      const metric = this.#table.of(batch.signal[i]!, device);
      metrics.push(metric);
      aliases[i] = metric.alias;
      born &&= metric.born;
    }
    const sendable = this.#online && born && this.#inFlight <= MAX_IN_FLIGHT;
    const position = this.#keep(batch, aliases, sendable);
    this.#counters.accepted += batch.length;
    for (let i = 0; i < batch.length; i++) remember(metrics[i]!, batch, i);
    if (!born) this.#birthSoon();
    if (position !== undefined && (!sendable || this.#outbox.behind)) {
      this.#outbox.defer(position);
      return;
    }
    if (position !== undefined) this.#outbox.sentLive(position);
    this.#publishSamples(batch, metrics, aliases, false).catch((error: unknown) => this.#report(error));
  }

  /** Appends to the spool and returns the position; undefined when that failed and the batch can be sent without. */
  #keep(batch: SampleBatch, aliases: Uint32Array, sendable: boolean): number | undefined {
    try {
      const position = this.#options.spool.append(encodeRecord(batch, aliases));
      this.#keepFault = "";
      return position;
    } catch (error) {
      this.#keepFault = messageOf(error);
      this.#counters[sendable ? "unkept" : "dropped"] += batch.length;
      if (!sendable) throw error;
      this.#report(error);
      return undefined;
    }
  }

  /** Says DDEATH for a device that is gone for good. */
  removeDevice(id: string): void {
    const device = this.#table.devices.get(id);
    this.#table.remove(id);
    if (device === undefined || device.bornAt === 0 || !this.#online) return;
    void this.#publish("DDEATH", this.#encoder.begin(Date.now(), this.#nextSeq()).finish(), id);
  }

  health(): PartHealth {
    const { spool, address, primaryHost = "" } = this.#options;
    const stats = spool.stats();
    const waiting = this.#link.connected ? `waiting for host ${primaryHost}` : this.#lastError;
    const kept = this.#keepFault === "";
    return {
      kind: "sparkplug-edge",
      name: `${this.#options.groupId}/${this.#options.edgeNodeId}`,
      status: this.#online ? (kept ? "up" : "degraded") : "down",
      mode: "embedded",
      detail: this.#online
        ? `${address.url.replace(/\/\/[^@/]*@/, "//")}${kept ? "" : `, without a copy on disk: ${this.#keepFault}`}`
        : waiting || "connecting",
      counters: {
        ...this.#counters,
        replayed: this.#outbox.replayedCount,
        droppedBatches: stats.dropped,
        corrupt: stats.corrupt,
      },
      gauges: {
        devices: this.#table.devices.size,
        waiting: this.#outbox.waiting,
        spoolRecords: stats.depth,
        spoolBytes: stats.bytes,
      },
    };
  }

  /** Ends in order: NDEATH, DISCONNECT, spool on disk. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#birthTimer);
    if (this.#online) await this.#sayDeath();
    this.#online = false;
    await this.#link.end();
    this.#saveMemory();
    await this.#outbox.close();
  }

  #newLink(): MqttLink {
    const { address, openLink, groupId, edgeNodeId, primaryHost = "" } = this.#options;
    const link = openLink({
      address,
      clientId: `fplus-${groupId}-${edgeNodeId}`,
      will: () => this.#will(),
      onConnect: () => {
        this.#bdSeqUsed = true;
        this.#lastError = "";
        if (primaryHost === "" || this.#host.online) this.#goOnline();
      },
      onClose: () => this.#goOffline(),
      onError: (error) => this.#report(error),
    });
    link.subscribe(sparkplugTopic(groupId, "NCMD", edgeNodeId), 1, (_topic, payload) => this.#nodeCommand(payload));
    link.subscribe(sparkplugTopic(groupId, "DCMD", edgeNodeId, "+"), 1, (topic, payload) =>
      this.#deviceCommand(topic, payload),
    );
    if (primaryHost !== "") link.subscribe(stateTopic(primaryHost), 1, (_topic, payload) => this.#hostState(payload));
    return link;
  }

  /** The will of the coming connection. A number is used up only by a connection that came about. */
  #will(): { topic: string; payload: Uint8Array; qos: 1; retain: false } {
    if (this.#bdSeqUsed) this.#bdSeq = (this.#bdSeq + 1) & 0xff;
    this.#bdSeqUsed = false;
    this.#saveMemory();
    return {
      topic: this.#topic("NDEATH"),
      payload: nodeDeath(this.#encoder, this.#bdSeq, Date.now()),
      qos: 1,
      retain: false,
    };
  }

  #hostState(payload: Uint8Array): void {
    if (!this.#host.update(payload)) return;
    if (this.#host.online) {
      if (this.#link.connected && !this.#online) this.#goOnline();
    } else if (this.#online) {
      this.#sayDeath()
        .then(() => this.#relink())
        .catch((error: unknown) => this.#report(error));
    }
  }

  /** A node that said NDEATH needs a new connection, with a new number, before it may be born again. */
  async #relink(): Promise<void> {
    const old = this.#link;
    this.#goOffline();
    await old.end();
    if (this.#closed) return;
    this.#link = this.#newLink();
    this.#link.start();
  }

  #goOnline(): void {
    if (this.#closed) return;
    this.#online = true;
    this.#birthAll();
    this.#outbox.online();
  }

  #goOffline(): void {
    this.#online = false;
    this.#host.forget();
    this.#outbox.offline();
    this.#inFlight = 0;
    for (const device of this.#table.devices.values()) {
      device.bornAt = 0;
      for (const metric of device.metrics.values()) metric.born = false;
    }
  }

  #birthSoon(): void {
    if (!this.#online) return;
    this.#birthTimer ??= setTimeout(() => {
      this.#birthTimer = undefined;
      if (!this.#online) return;
      if (this.#rebirthAsked) this.#birthAll();
      else for (const device of this.#table.devices.values()) if (hasUnborn(device)) this.#birthDevice(device);
      this.#rebirthAsked = false;
      this.#outbox.resume();
    }, BIRTH_DELAY_MS);
  }

  #birthAll(): void {
    this.#seq = 0;
    void this.#publish("NBIRTH", nodeBirth(this.#encoder, this.#nextSeq(), this.#bdSeq, Date.now()));
    for (const device of this.#table.devices.values()) this.#birthDevice(device);
  }

  #birthDevice(device: EdgeDevice): void {
    const now = Date.now();
    void this.#publish("DBIRTH", deviceBirth(this.#encoder, this.#nextSeq(), device, now), device.id);
    device.bornAt = now;
    for (const metric of device.metrics.values()) {
      metric.born = true;
      metric.status = metric.last.length > 0 ? metric.last.status[0]! : metric.status;
    }
    this.#counters.births += 1;
    this.#saveMemory();
  }

  async #sendRecord(record: SpoolRecord): Promise<boolean> {
    let batch: SampleBatch;
    try {
      batch = decodeRecord(record.data);
    } catch (error) {
      this.#counters.dropped += 1;
      this.#report(error);
      return true;
    }
    // A record holds aliases where a batch holds signals.
    const aliases = batch.signal;
    const metrics = Array.from(aliases.subarray(0, batch.length), (alias) => this.#table.byAlias(alias));
    if (metrics.some((metric) => metric !== undefined && !metric.born)) {
      this.#birthSoon();
      return false;
    }
    // A record that only waited for its births is as live as they are.
    const historical = metrics.some((metric) => metric !== undefined && record.appendedAt < metric.device.bornAt);
    await this.#publishSamples(batch, metrics, aliases, historical).catch((error: unknown) => this.#report(error));
    return true;
  }

  /** One DDATA a device. Metrics of devices that were removed meanwhile are left out. */
  async #publishSamples(
    batch: SampleBatch,
    metrics: readonly (EdgeMetric | undefined)[],
    aliases: Uint32Array,
    historical: boolean,
  ): Promise<void> {
    const byDevice = new Map<EdgeDevice, number[]>();
    for (let i = 0; i < batch.length; i++) {
      const device = metrics[i]?.device;
      if (device === undefined) continue;
      const indexes = byDevice.get(device);
      if (indexes === undefined) byDevice.set(device, [i]);
      else indexes.push(i);
    }
    const now = Date.now();
    const sending: Promise<void>[] = [];
    for (const [device, indexes] of byDevice) {
      this.#encoder.begin(now, this.#nextSeq());
      if (!historical && indexes.every((i) => isPlain(metrics[i]!, batch, i))) {
        this.#encoder.values(batch, indexes, aliases, (fault) => this.#unencodable(fault));
      } else for (const i of indexes) this.#addSample(metrics[i]!, batch, i, historical);
      sending.push(this.#publish("DDATA", this.#encoder.finish(), device.id));
      this.#counters.published += indexes.length;
    }
    await Promise.all(sending);
  }

  #addSample(metric: EdgeMetric, batch: SampleBatch, i: number, historical: boolean): void {
    const status = batch.status[i]!;
    const head = {
      alias: metric.alias,
      historical: historical || (batch.flags[i]! & SampleFlag.Historical) !== 0,
      ...(status === 0 && metric.status === 0 ? {} : { quality: qualityCode(status) }),
    };
    try {
      this.#encoder.sample(head, batch, i);
      if (!historical) metric.status = status;
    } catch (error) {
      this.#unencodable(error);
    }
  }

  /** A sample that does not fit its own type: the others of its message go without it. */
  #unencodable(fault: unknown): void {
    this.#counters.dropped += 1;
    this.#report(fault);
  }

  /** Publishes a message of this node. Never rejects: a failure is reported, and repaired by the births of the next connection. */
  async #publish(type: MessageType, payload: Uint8Array, device = ""): Promise<void> {
    this.#inFlight += 1;
    this.#counters.messages += 1;
    try {
      await this.#link.publish(this.#topic(type, device), payload, { qos: type === "NDEATH" ? 1 : 0 });
    } catch (error) {
      if (!(error instanceof FplusError && error.code === "broker.offline")) this.#report(error);
    } finally {
      this.#inFlight = Math.max(0, this.#inFlight - 1);
    }
  }

  async #sayDeath(): Promise<void> {
    const death = this.#publish("NDEATH", nodeDeath(this.#encoder, this.#bdSeq, Date.now()));
    await Promise.race([death, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
  }

  #nodeCommand(payload: Uint8Array): void {
    this.#counters.commands += 1;
    for (const command of commandsOf(payload, (fault) => this.#report(fault))) {
      if (command.name !== REBIRTH_METRIC || command.value !== true) continue;
      this.#rebirthAsked = true;
      this.#birthSoon();
    }
  }

  #deviceCommand(topic: string, payload: Uint8Array): void {
    const device = this.#table.devices.get(topic.slice(topic.lastIndexOf("/") + 1));
    if (device === undefined) return;
    this.#counters.commands += 1;
    for (const command of commandsOf(payload, (fault) => this.#report(fault))) {
      const metric = command.name || this.#table.byAlias(command.alias)?.name;
      if (metric === DEVICE_REBIRTH_METRIC) this.#birthDevice(device);
      else if (metric !== undefined) this.#options.onCommand?.({ device: device.id, metric, value: command.value });
    }
  }

  #topic(type: MessageType, device = ""): string {
    return sparkplugTopic(this.#options.groupId, type, this.#options.edgeNodeId, device);
  }

  #nextSeq(): number {
    const seq = this.#seq;
    this.#seq = (seq + 1) & 0xff;
    return seq;
  }

  #saveMemory(): void {
    // The next start connects with the number after this one.
    const bdSeq = this.#bdSeqUsed ? (this.#bdSeq + 1) & 0xff : this.#bdSeq;
    this.#file.save({ bdSeq, aliases: this.#table.aliases() });
  }

  #report(error: unknown): void {
    this.#lastError = messageOf(error);
    this.#options.onError?.(error);
  }
}

/** A good value after a good one needs no word about its quality. */
function isPlain(metric: EdgeMetric, batch: SampleBatch, i: number): boolean {
  return batch.status[i] === 0 && metric.status === 0 && (batch.flags[i]! & SampleFlag.Historical) === 0;
}

function hasUnborn(device: EdgeDevice): boolean {
  for (const metric of device.metrics.values()) if (!metric.born) return true;
  return device.bornAt === 0;
}

/** Keeps the newest sample of a metric, which its births carry. */
function remember(metric: EdgeMetric, batch: SampleBatch, i: number): void {
  const { last } = metric;
  if (last.length > 0 && batch.timeMs[i]! < last.timeMs[0]!) return;
  last.length = 0;
  last.ref.length = 0;
  last.addFrom(batch, i);
}
