import { SampleBatch, type Signal, signals, Status, ValueType } from "../../sample/index.ts";
import { knownProperties, type KnownProperties } from "../codec/properties.ts";
import { metricName, textAt } from "../codec/text.ts";
import { addMetric, addMetrics } from "../codec/add-metric.ts";
import { typeOf } from "../codec/value.ts";
import { Carrier, carrierOf, head, metrics, Shape } from "../codec/workbench.ts";
import { BDSEQ_METRIC, DEVICE_REBIRTH_METRIC, HIERARCHY_METRICS, REBIRTH_METRIC } from "../control-metrics.ts";
import type { SparkplugTopic } from "../topic.ts";
import { AliasTable } from "./alias-table.ts";
import { RebirthTimer } from "./rebirth-timer.ts";

/** How a host sees an edge node or a device. Stale: its last values are known, whether they still hold is not. */
export type ViewState = "online" | "stale" | "offline";

/** A metric as its birth told of it. */
export interface BornMetric {
  readonly signal: Signal;
  /** -1 where it has none. */
  readonly alias: number;
}

/** A device as its births tell of it. */
export interface DeviceView {
  state: ViewState;
  /** Milliseconds since the epoch of the last change of state. */
  since: number;
  readonly metrics: Map<string, BornMetric>;
}

/** What reading a message came to. */
export interface ReadOutcome {
  readonly batch: SampleBatch;
  /** Why births must be asked for; undefined where all is understood. */
  readonly missing?: string;
  /** Metrics that could not be read, with the first reason. */
  readonly skipped: number;
  readonly reason?: unknown;
}

const CONTROL_METRICS: ReadonlySet<string> = new Set([BDSEQ_METRIC, REBIRTH_METRIC, DEVICE_REBIRTH_METRIC]);

/** One edge node as a host application sees it: state, aliases, devices. */
export class NodeView {
  readonly source: string;
  readonly rebirth = new RebirthTimer();
  /** Devices by id; the empty id is the node itself. */
  readonly devices = new Map<string, DeviceView>();
  readonly node: DeviceView;
  bdSeq = -1;
  /** Its births are from a former run of this host, and none has come since. */
  isRemembered = false;
  readonly #aliases = new AliasTable();

  constructor(group: string, edgeNode: string) {
    this.source = `${group}/${edgeNode}`;
    this.node = this.device("");
  }

  device(id: string): DeviceView {
    let device = this.devices.get(id);
    if (device === undefined) {
      device = { state: "offline", since: 0, metrics: new Map() };
      this.devices.set(id, device);
    }
    return device;
  }

  /** NBIRTH: everything known of the node before is void. */
  nodeBirth(now: number): ReadOutcome {
    this.#aliases.clear();
    for (const device of this.devices.values()) device.state = "offline";
    this.bdSeq = bdSeqOf() ?? -1;
    this.isRemembered = false;
    this.rebirth.answered();
    return this.#birth("", now);
  }

  deviceBirth(id: string, now: number): ReadOutcome {
    return this.#birth(id, now);
  }

  /** NDATA and DDATA: metrics are found by alias, or by name. */
  data(id: string, now: number): ReadOutcome {
    const device = this.devices.get(id);
    const { count } = head;
    const batch = new SampleBatch(count);
    if (device === undefined || device.state === "offline") {
      return { batch, skipped: count, missing: `data of ${id || "the node"} before its birth` };
    }
    let missing: string | undefined;
    let skipped = 0;
    let reason: unknown;
    addMetrics(this.#aliases.lanes, batch, (i) => {
      const shape = metrics.shape[i]!;
      const signal = this.#find(i, shape, device);
      if (signal === undefined) {
        skipped += 1;
        if ((shape & Shape.Broken) !== 0) reason ??= head.firstFault;
        else
          missing ??=
            (shape & Shape.HasAlias) === 0 ? `unknown metric ${metricName(i)}` : `unknown alias ${metrics.alias[i]}`;
        return;
      }
      try {
        const { status = Status.Good, fault } = qualityOf(i);
        reason ??= fault;
        addMetric(i, typeOf(i, signal.type), signal.id, status, batch, now);
      } catch (error) {
        skipped += 1;
        reason ??= error;
      }
    });
    return {
      batch,
      skipped,
      ...(missing === undefined ? {} : { missing }),
      ...(reason === undefined ? {} : { reason }),
    };
  }

  /** Marks a device, or with the empty id the node and all its devices; returns the devices whose state changed. */
  mark(id: string, state: ViewState, now: number): [string, DeviceView][] {
    const concerned = id === "" ? [...this.devices] : [...this.devices].filter(([name]) => name === id);
    const changed = concerned.filter(([, device]) => device.state !== state && device.state !== "offline");
    for (const [, device] of changed) {
      device.state = state;
      device.since = now;
    }
    return changed;
  }

  #birth(id: string, now: number): ReadOutcome {
    const device = this.device(id);
    device.state = "online";
    device.since = now;
    device.metrics.clear();
    const hierarchy = hierarchyOf();
    const batch = new SampleBatch(head.count);
    let skipped = 0;
    let reason: unknown;
    for (let i = 0; i < head.count; i++) {
      const shape = metrics.shape[i]!;
      if ((shape & Shape.Broken) !== 0) {
        skipped += 1;
        reason ??= head.firstFault;
        continue;
      }
      const metric = metricName(i);
      if (metric === "" || CONTROL_METRICS.has(metric) || HIERARCHY_METRICS.includes(metric)) continue;
      const type = typeOf(i, ValueType.Unknown) as ValueType;
      const { status = Status.Good, unit, fault } = qualityOf(i);
      reason ??= fault;
      try {
        const signal = signals.intern({
          source: this.source,
          device: id,
          metric,
          type,
          hierarchy,
          ...(unit === undefined ? {} : { unit }),
        });
        const alias = (shape & Shape.HasAlias) !== 0 ? metrics.alias[i]! : -1;
        device.metrics.set(metric, { signal, alias });
        if (alias >= 0) this.#aliases.set(alias, signal);
        addMetric(i, type, signal.id, status, batch, now);
      } catch (error) {
        skipped += 1;
        reason ??= error;
      }
    }
    return { batch, skipped, ...(reason === undefined ? {} : { reason }) };
  }

  #find(i: number, shape: number, device: DeviceView): Signal | undefined {
    if ((shape & Shape.HasAlias) !== 0) return this.#aliases.find(metrics.alias[i]!);
    return (shape & Shape.HasName) === 0 ? undefined : device.metrics.get(metricName(i))?.signal;
  }
}

/** What the properties of metric i tell. Where they cannot be read, the value is there but how good it is is uncertain. */
function qualityOf(i: number): Partial<KnownProperties> & { fault?: unknown } {
  try {
    return knownProperties(i);
  } catch (fault) {
    return { status: Status.Uncertain, unit: undefined, fault };
  }
}

/** The number of the connection that the birth or death on the workbench belongs to. */
export function bdSeqOf(): number | undefined {
  for (let i = 0; i < head.count; i++) if (metricName(i) === BDSEQ_METRIC) return metrics.words[2 * i]! & 0xff;
  return undefined;
}

function hierarchyOf(): string[] {
  const levels: string[] = [];
  for (let i = 0; i < head.count; i++) {
    const level = HIERARCHY_METRICS.indexOf(metricName(i));
    if (level >= 0 && carrierOf(metrics.shape[i]!) === Carrier.String) {
      levels[level] = textAt(metrics.words[2 * i]!, metrics.words[2 * i + 1]!);
    }
  }
  const gap = Array.from(levels, (level) => level === undefined).indexOf(true);
  return gap < 0 ? levels : levels.slice(0, gap);
}

/** The signal source of a topic. */
export function sourceOf(topic: SparkplugTopic): string {
  return `${topic.group}/${topic.edgeNode}`;
}
