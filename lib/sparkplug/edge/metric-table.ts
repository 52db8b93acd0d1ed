import { FplusError } from "../../errors/index.ts";
import { SampleBatch, type Signal, signals } from "../../sample/index.ts";
import { BDSEQ_METRIC, DEVICE_REBIRTH_METRIC, REBIRTH_METRIC } from "../control-metrics.ts";

const RESERVED: ReadonlySet<string> = new Set([BDSEQ_METRIC, REBIRTH_METRIC, DEVICE_REBIRTH_METRIC]);

/** One metric of a device, with its last value. */
export interface EdgeMetric {
  readonly device: EdgeDevice;
  readonly name: string;
  readonly alias: number;
  /** Holds exactly the last sample; empty until there is one. */
  readonly last: SampleBatch;
  unit: string;
  /** Status of the last published sample, to say when quality changes back to good. */
  status: number;
  born: boolean;
}

/** A device of an edge node, as its births describe it. */
export interface EdgeDevice {
  readonly id: string;
  readonly metrics: Map<string, EdgeMetric>;
  hierarchy: readonly string[];
  /** Time of the last DBIRTH; 0 while it is not born. */
  bornAt: number;
  /** It cannot be reached, and is not born again before it has new data. */
  isOffline: boolean;
}

/** What a restart must remember, so that spooled records find their metrics: aliases never change their meaning. */
export type AliasTable = Record<string, Record<string, number>>;

/**
 * The metrics of one edge node. Aliases are unique over the edge node and, once given, keep their metric
 * over rebirths and restarts.
 */
export class MetricTable {
  readonly devices = new Map<string, EdgeDevice>();
  /** The edge node itself, with the metrics that belong to no device; its id is empty. */
  readonly node: EdgeDevice = { id: "", metrics: new Map(), hierarchy: [], bornAt: 0, isOffline: false };
  readonly #byAlias: (EdgeMetric | undefined)[] = [];
  /** By forced device id, then by signal id: the way from a sample to its metric without a string. */
  readonly #bySignal = new Map<string, (EdgeMetric | undefined)[]>();
  #nextAlias = 1;

  constructor(remembered: AliasTable = {}) {
    for (const [device, metrics] of Object.entries(remembered)) {
      for (const [name, alias] of Object.entries(metrics)) this.#add(this.#device(device), name, alias);
    }
  }

  byAlias(alias: number): EdgeMetric | undefined {
    return this.#byAlias[alias];
  }

  /**
   * The metric of a signal; made, unborn, at the first sight. `device` overrides the signal's own.
   * @throws FplusError `sparkplug.encode` where the name is one of the session's own
   */
  of(signalId: number, device: string): EdgeMetric {
    let lane = this.#bySignal.get(device);
    if (lane === undefined) this.#bySignal.set(device, (lane = []));
    const known = lane[signalId];
    if (known !== undefined) return known;
    const signal = signals.get(signalId);
    const metric = this.#of(signal, this.#device(device || signal.device));
    lane[signalId] = metric;
    return metric;
  }

  /** Forgets a device, not the node; its aliases stay taken. */
  remove(id: string): void {
    const device = this.devices.get(id);
    if (device === undefined) return;
    this.devices.delete(id);
    for (const metric of device.metrics.values()) this.#byAlias[metric.alias] = undefined;
    for (const lane of this.#bySignal.values()) {
      lane.forEach((metric, signal) => {
        if (metric?.device === device) lane[signal] = undefined;
      });
    }
  }

  aliases(): AliasTable {
    return Object.fromEntries(
      [this.node, ...this.devices.values()].map((device) => [
        device.id,
        Object.fromEntries([...device.metrics.values()].map((metric) => [metric.name, metric.alias])),
      ]),
    );
  }

  #of(signal: Signal, device: EdgeDevice): EdgeMetric {
    if (RESERVED.has(signal.metric)) {
      throw new FplusError("sparkplug.encode", "Sparkplug itself uses a metric of this name", { field: signal.path });
    }
    const metric = device.metrics.get(signal.metric) ?? this.#add(device, signal.metric, this.#nextAlias);
    metric.unit = signal.unit;
    if (signal.hierarchy.length > 0) device.hierarchy = signal.hierarchy;
    return metric;
  }

  #device(id: string): EdgeDevice {
    if (id === "") return this.node;
    let device = this.devices.get(id);
    if (device === undefined) {
      device = { id, metrics: new Map(), hierarchy: [], bornAt: 0, isOffline: false };
      this.devices.set(id, device);
    }
    return device;
  }

  #add(device: EdgeDevice, name: string, alias: number): EdgeMetric {
    const metric: EdgeMetric = {
      device,
      name,
      alias,
      last: new SampleBatch(1),
      unit: "",
      status: 0,
      born: false,
    };
    device.metrics.set(name, metric);
    this.#byAlias[alias] = metric;
    this.#nextAlias = Math.max(this.#nextAlias, alias + 1);
    return metric;
  }
}
