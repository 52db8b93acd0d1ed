import type { BrokerAddress, LinkFactory } from "../../broker/index.ts";
import { FplusError, messageOf } from "../../errors/index.ts";
import type { PartHealth } from "../../health/index.ts";
import { type Receipt, SampleBatch, type SampleValue, signals, ValueType } from "../../sample/index.ts";
import type { Spool, SpoolRecord } from "../../spool/index.ts";
import { type CommandMetric, commandsOf } from "../commands.ts";
import { DEVICE_REBIRTH_METRIC, REBIRTH_METRIC } from "../control-metrics.ts";
import type { Template } from "../codec/template.ts";
import { checkId } from "../topic.ts";
import { EdgePublisher } from "./edge-publisher.ts";
import { EdgeSession } from "./edge-session.ts";
import { type EdgeDevice, type EdgeMetric, MetricTable } from "./metric-table.ts";
import { Outbox } from "./outbox.ts";
import { SessionFile } from "./session-file.ts";
import { decodeRecord, encodeRecord } from "./spool-record.ts";
import { templateAt, TemplateTable } from "./template-table.ts";

/** Identity, brokers and spool of an edge node. */
export interface EdgeNodeOptions {
  readonly groupId: string;
  readonly edgeNodeId: string;
  readonly address: BrokerAddress;
  /** Brokers to turn to when the first, or the primary host on it, is away. */
  readonly otherServers?: readonly BrokerAddress[];
  readonly openLink: LinkFactory;
  readonly spool: Spool;
  /** Folder for the session file; the spool's own will do. */
  readonly directory: string;
  /** Id of the primary host to wait for; empty for none. */
  readonly primaryHost?: string;
  /** Whether DATA carries datatypes, which the specification advises against and many readers need; default true. */
  readonly typedData?: boolean;
  /** How long a sent record is kept for sending again; default 1.5 times the keep-alive. */
  readonly rollingMs?: number;
  /** How long one of several servers is waited for; default 10 s. */
  readonly nextServerMs?: number;
  /** A write to the node or one of its devices. */
  readonly onCommand?: (command: EdgeCommand) => void;
  readonly onError?: (error: unknown) => void;
}

/** A command that came for the edge node or one of its devices. */
export interface EdgeCommand {
  /** Empty for the edge node itself. */
  readonly device: string;
  readonly metric: string;
  readonly type: ValueType;
  readonly value: SampleValue;
}

/** Births that several new metrics or requests ask for within this time are one. */
const BIRTH_DELAY_MS = 200;
/** Publishes that the network has not taken yet; beyond that, new records wait in the spool. */
const MAX_IN_FLIGHT = 500;
const NEXT_SERVER_MS = 10_000;

/** One Sparkplug edge node: its session, births, data, commands, and the store behind them. */
export class EdgeNode {
  readonly #options: EdgeNodeOptions;
  readonly #file: SessionFile;
  readonly #table: MetricTable;
  readonly #templates: TemplateTable;
  readonly #outbox: Outbox;
  readonly #session: EdgeSession;
  readonly #publisher: EdgePublisher;
  #nextBdSeq: number;
  #birthTimer: NodeJS.Timeout | undefined;
  #rebirthAsked = false;
  /** Why samples cannot be kept on disk now; empty when they can. */
  #keepFault = "";
  #counters = { accepted: 0, unkept: 0, dropped: 0, commands: 0, unknownCommands: 0 };

  /** @throws FplusError `config.invalid` naming the id */
  constructor(options: EdgeNodeOptions) {
    checkId(options.groupId, "group");
    checkId(options.edgeNodeId, "edge node");
    this.#options = options;
    this.#file = new SessionFile(options.directory);
    const memory = this.#file.load();
    this.#nextBdSeq = memory.bdSeq;
    this.#table = new MetricTable(memory.aliases);
    this.#templates = new TemplateTable(memory.templates);
    this.#session = new EdgeSession({
      groupId: options.groupId,
      edgeNodeId: options.edgeNodeId,
      servers: [options.address, ...(options.otherServers ?? [])],
      openLink: options.openLink,
      primaryHost: options.primaryHost ?? "",
      nextServerMs: options.nextServerMs ?? NEXT_SERVER_MS,
      bdSeq: memory.bdSeq,
      onBdSeq: (next) => {
        this.#nextBdSeq = next;
        this.#saveMemory();
      },
      onOnline: () => {
        this.#birthAll();
        this.#outbox.online();
      },
      onOffline: () => {
        this.#outbox.offline();
        this.#publisher.forgetBirths();
      },
      onNodeCommand: (payload) => this.#nodeCommand(payload),
      onDeviceCommand: (device, payload) => this.#deviceCommand(device, payload),
      onError: (error) => this.#report(error),
    });
    this.#publisher = new EdgePublisher(
      this.#table,
      this.#templates,
      (type, payload, device) => this.#session.publish(type, payload, device),
      (fault) => this.#report(fault),
      options.typedData ?? true,
    );
    this.#outbox = new Outbox(
      options.spool,
      options.rollingMs ?? Math.max(5000, (options.address.keepalive ?? 30) * 1500),
      (record) => this.#sendRecord(record),
      () => this.#buryOffline(),
      (error) => this.#report(error),
    );
  }

  /** Begins connecting. */
  start(): void {
    this.#session.start();
  }

  get online(): boolean {
    return this.#session.online;
  }

  /**
   * Takes samples: each is in the spool when this returns, and on its way when the node is online. The receipt of a batch is
   * confirmed when the disk has it.
   * When the spool cannot take them (a full disk), they are sent at once without a copy if the node is online; that is
   * reported and counted as `unkept`. Template definitions among them go into the NBIRTH. `device` overrides the device
   * of every signal; signals without one are metrics of the node itself.
   * @throws FplusError `spool.full`, `spool.io`, `sparkplug.encode`: the batch was neither kept nor sent, and is counted as dropped
   */
  accept(batch: SampleBatch, device = ""): void {
    const samples = this.#withoutDefinitions(batch);
    if (samples.length > 0) this.#accept(samples, device);
    else batch.receipt?.confirm();
  }

  #accept(batch: SampleBatch, device: string): void {
    const metrics: EdgeMetric[] = [];
    const aliases = new Uint32Array(batch.length);
    let born = true;
    for (let i = 0; i < batch.length; i++) {
      const metric = this.#table.of(batch.signal[i]!, device);
      metric.device.isOffline = false;
      metrics.push(metric);
      aliases[i] = metric.alias;
      born &&= metric.born;
    }
    const sendable = this.online && born && this.#session.inFlight <= MAX_IN_FLIGHT;
    const position = this.#keep(batch, aliases, sendable);
    this.#counters.accepted += batch.length;
    for (let i = 0; i < batch.length; i++) this.#remember(metrics[i]!, batch, i);
    if (!born) this.#birthSoon();
    if (position !== undefined && (!sendable || this.#outbox.behind)) {
      this.#outbox.defer(position);
      return;
    }
    if (position !== undefined) this.#outbox.sentLive(position);
    this.#publisher.samples(batch, metrics, aliases, false).catch((error: unknown) => this.#report(error));
  }

  /**
   * Makes a template known; the next NBIRTH, which follows at once, carries it.
   * @throws FplusError `sparkplug.encode`
   */
  define(name: string, template: Template): void {
    if (this.#templates.define(name, template)) this.#rebirth();
  }

  /** Says DDEATH: the device cannot be reached. Its next sample brings a DBIRTH. */
  deviceOffline(id: string): void {
    const device = this.#table.devices.get(id);
    if (device === undefined) return;
    device.isOffline = true;
    if (!this.#outbox.behind) this.#buryOffline();
  }

  /** Says DDEATH for a device that is gone for good, and forgets it. */
  removeDevice(id: string): void {
    const device = this.#table.devices.get(id);
    if (device !== undefined && this.online) this.#publisher.killDevice(device);
    this.#table.remove(id);
  }

  health(): PartHealth {
    const stats = this.#options.spool.stats();
    const { counters } = this.#publisher;
    const kept = this.#keepFault === "";
    return {
      kind: "sparkplug-edge",
      name: `${this.#options.groupId}/${this.#options.edgeNodeId}`,
      status: this.online ? (kept ? "up" : "degraded") : "down",
      mode: "embedded",
      detail: `${this.#session.detail}${kept ? "" : `, without a copy on disk: ${this.#keepFault}`}`,
      counters: {
        ...this.#counters,
        dropped: this.#counters.dropped + counters.unencodable,
        published: counters.published,
        messages: counters.messages,
        births: counters.births,
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
    clearTimeout(this.#birthTimer);
    await this.#session.close();
    this.#saveMemory();
    await this.#outbox.close();
  }

  /** The batch without definitions, which become known, and without instances that do not follow theirs. */
  #withoutDefinitions(batch: SampleBatch): SampleBatch {
    if (batch.type.subarray(0, batch.length).indexOf(ValueType.Template) < 0) return batch;
    const left = new SampleBatch(batch.length);
    left.receipt = batch.receipt;
    for (let i = 0; i < batch.length; i++) {
      const template = templateAt(batch, i);
      try {
        if (template?.isDefinition === true) this.define(signals.get(batch.signal[i]!).metric, template);
        else {
          const instance = template === undefined ? undefined : this.#templates.instance(template);
          left.addFrom(batch, i);
          if (instance !== undefined) left.ref[left.length - 1] = instance;
        }
      } catch (error) {
        this.#counters.dropped += 1;
        this.#report(error);
      }
    }
    return left;
  }

  /** Appends to the spool and returns the position; undefined when that failed and the batch can be sent without. */
  #keep(batch: SampleBatch, aliases: Uint32Array, sendable: boolean): number | undefined {
    try {
      const position = this.#options.spool.append(encodeRecord(batch, aliases));
      this.#keepFault = "";
      if (batch.receipt !== undefined) this.#confirm(batch.receipt);
      return position;
    } catch (error) {
      this.#keepFault = messageOf(error);
      this.#counters[sendable ? "unkept" : "dropped"] += batch.length;
      if (!sendable) throw error;
      this.#report(error);
      return undefined;
    }
  }

  /** Its source may forget a batch when the disk has it. */
  #confirm(receipt: Receipt): void {
    this.#options.spool.flush().then(
      () => receipt.confirm(),
      (error: unknown) => this.#report(error),
    );
  }

  /** Keeps the newest sample of a metric, which its births carry. */
  #remember({ last }: EdgeMetric, batch: SampleBatch, i: number): void {
    if (last.length > 0 && batch.timeMs[i]! < last.timeMs[0]!) return;
    const before = last.length > 0 ? templateAt(last, 0) : undefined;
    last.length = 0;
    last.ref.length = 0;
    last.addFrom(batch, i);
    const template = templateAt(last, 0);
    // DATA may hold a part of a template's members.
    if (template !== undefined) last.ref[0] = this.#templates.complete(template, before);
  }

  /** No data until all is born anew (Sparkplug 3.0 section 6.4.26). */
  #rebirth(): void {
    this.#publisher.forgetBirths();
    this.#rebirthAsked = true;
    this.#birthSoon();
  }

  #birthSoon(): void {
    if (!this.online) return;
    this.#birthTimer ??= setTimeout(() => {
      this.#birthTimer = undefined;
      if (!this.online) return;
      // What is new on the node itself is told by NBIRTH, which voids every DBIRTH before it.
      if (this.#rebirthAsked || hasUnborn(this.#table.node)) this.#birthAll();
      else {
        for (const device of this.#table.devices.values()) {
          if (hasUnborn(device) && this.#isWanted(device)) this.#publisher.birthDevice(device);
        }
        this.#saveMemory();
      }
      this.#outbox.resume();
    }, BIRTH_DELAY_MS);
  }

  #birthAll(): void {
    this.#rebirthAsked = false;
    this.#publisher.birthAll(this.#session.bdSeq, (device) => this.#isWanted(device));
    this.#saveMemory();
  }

  /** A device that is offline is born only where older data of it must still be sent. */
  #isWanted(device: EdgeDevice): boolean {
    return !device.isOffline || this.#outbox.behind;
  }

  #buryOffline(): void {
    if (!this.online) return;
    for (const device of this.#table.devices.values()) if (device.isOffline) this.#publisher.killDevice(device);
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
    await this.#publisher.samples(batch, metrics, aliases, historical).catch((error: unknown) => this.#report(error));
    return true;
  }

  #nodeCommand(payload: Uint8Array): void {
    for (const command of this.#commands(this.#table.node, payload)) {
      if (command.name !== REBIRTH_METRIC) this.#write(this.#table.node, command);
      else if (command.value === true) this.#rebirth();
    }
  }

  #deviceCommand(id: string, payload: Uint8Array): void {
    const device = this.#table.devices.get(id);
    if (device === undefined) {
      this.#unknown(id);
      return;
    }
    for (const command of this.#commands(device, payload)) {
      if (command.name !== DEVICE_REBIRTH_METRIC) this.#write(device, command);
      else if (command.value === true && this.online && this.#isWanted(device)) this.#publisher.birthDevice(device);
    }
  }

  #commands(device: EdgeDevice, payload: Uint8Array): CommandMetric[] {
    const metricOf = (name: string, alias: number): EdgeMetric | undefined =>
      name === "" ? this.#table.byAlias(alias) : device.metrics.get(name);
    const typeFor = (name: string, alias: number): number => metricOf(name, alias)?.last.type[0] ?? ValueType.Unknown;
    try {
      const commands = commandsOf(payload, typeFor, (fault) => this.#report(fault));
      this.#counters.commands += commands.length;
      return commands;
    } catch (error) {
      this.#report(error);
      return [];
    }
  }

  #write(device: EdgeDevice, { name, alias, type, value }: CommandMetric): void {
    const metric = name === "" ? this.#table.byAlias(alias) : device.metrics.get(name);
    if (metric === undefined || metric.device !== device) this.#unknown(`${device.id}/${name || `alias ${alias}`}`);
    else this.#options.onCommand?.({ device: device.id, metric: metric.name, type, value });
  }

  #unknown(field: string): void {
    this.#counters.unknownCommands += 1;
    this.#report(new FplusError("sparkplug.command", "a write to a metric that was never born here", { field }));
  }

  #saveMemory(): void {
    this.#file.save({ bdSeq: this.#nextBdSeq, aliases: this.#table.aliases(), templates: this.#templates.save() });
  }

  #report(error: unknown): void {
    this.#options.onError?.(error);
  }
}

function hasUnborn(device: EdgeDevice): boolean {
  for (const metric of device.metrics.values()) if (!metric.born) return true;
  return device.bornAt === 0;
}
