import { SampleBatch, type Signal, signals, Status, ValueType } from "../../sample/index.ts";
import { BDSEQ_METRIC, DEVICE_REBIRTH_METRIC, HIERARCHY_METRICS, REBIRTH_METRIC } from "../edge/births.ts";
import { knownProperties } from "../codec/properties.ts";
import { metricName, textAt } from "../codec/text.ts";
import { addMetric, typeOf } from "../codec/value.ts";
import { Carrier, carrierOf, head, metrics, Shape } from "../codec/workbench.ts";
import type { SparkplugTopic } from "../topic.ts";
import { RebirthTimer } from "./rebirth-timer.ts";

/** How a host sees an edge node or a device. Stale: its last values are known, whether they still hold is not. */
export type ViewState = "online" | "stale" | "offline";

interface DeviceView {
  state: ViewState;
  readonly byName: Map<string, Signal>;
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

const NO_PROPERTIES = { status: undefined };
const CONTROL_METRICS: ReadonlySet<string> = new Set([BDSEQ_METRIC, REBIRTH_METRIC, DEVICE_REBIRTH_METRIC]);
/** Aliases up to this live in an array; wilder ones in a map. */
const DENSE_ALIASES = 100_000;

/** One edge node as a host application sees it: state, sequence, aliases, devices. */
export class NodeView {
  readonly source: string;
  readonly rebirth = new RebirthTimer();
  /** Devices by id; the empty id is the node itself. */
  readonly devices = new Map<string, DeviceView>();
  state: ViewState = "offline";
  bdSeq = -1;
  /** The seq the next message must have; -1 while unknown. */
  #expected = -1;
  readonly #dense: (Signal | undefined)[] = [];
  readonly #sparse = new Map<number, Signal>();
  gaps = 0;
  duplicates = 0;

  constructor(group: string, edgeNode: string) {
    this.source = `${group}/${edgeNode}`;
  }

  device(id: string): DeviceView {
    let device = this.devices.get(id);
    if (device === undefined) {
      device = { state: "offline", byName: new Map() };
      this.devices.set(id, device);
    }
    return device;
  }

  /** Checks the order of a message; tells whether one before it is missing. */
  follow(seq: number): "in order" | "gap" | "duplicate" {
    if (seq < 0) return "in order";
    const expected = this.#expected;
    this.#expected = (seq + 1) & 0xff;
    if (expected < 0 || seq === expected) return "in order";
    if (seq === ((expected - 1) & 0xff)) {
      this.#expected = expected;
      this.duplicates += 1;
      return "duplicate";
    }
    this.gaps += 1;
    return "gap";
  }

  /** NBIRTH: everything known of the node before is void. */
  nodeBirth(now: number): ReadOutcome {
    this.#dense.length = 0;
    this.#sparse.clear();
    for (const device of this.devices.values()) device.state = "offline";
    this.#expected = head.seq < 0 ? -1 : (head.seq + 1) & 0xff;
    this.bdSeq = bdSeqOf() ?? -1;
    this.state = "online";
    this.rebirth.answered();
    return this.#birth("", now);
  }

  deviceBirth(id: string, now: number): ReadOutcome {
    return this.#birth(id, now);
  }

  /** NDATA and DDATA: metrics are found by alias, or by name. */
  data(id: string, now: number): ReadOutcome {
    const device = this.devices.get(id);
    const batch = new SampleBatch(head.count);
    if (device === undefined || device.state === "offline") {
      return { batch, skipped: head.count, missing: `data of ${id || "the node"} before its birth` };
    }
    device.state = "online";
    let missing: string | undefined;
    let skipped = 0;
    let reason: unknown;
    const { count } = head;
    for (let i = 0; i < count; i++) {
      const shape = metrics.shape[i]!;
      const signal = this.#find(i, shape, device);
      if (signal === undefined) {
        skipped += 1;
        if ((shape & Shape.Broken) !== 0) reason ??= head.firstFault;
        else
          missing ??=
            (shape & Shape.HasAlias) === 0 ? `unknown metric ${metricName(i)}` : `unknown alias ${metrics.alias[i]}`;
        continue;
      }
      try {
        const { status = Status.Good } = (shape & Shape.HasProperties) === 0 ? NO_PROPERTIES : knownProperties(i);
        addMetric(i, typeOf(i, signal.type), signal.id, status, batch, now);
      } catch (error) {
        skipped += 1;
        reason ??= error;
      }
    }
    return {
      batch,
      skipped,
      ...(missing === undefined ? {} : { missing }),
      ...(reason === undefined ? {} : { reason }),
    };
  }

  /** Marks a device, or with the empty id the node and all its devices; returns the ids whose state changed. */
  mark(id: string, state: ViewState): string[] {
    if (id === "") this.state = state;
    const changed: string[] = [];
    for (const [key, device] of this.devices) {
      if ((id !== "" && key !== id) || device.state === state || device.state === "offline") continue;
      device.state = state;
      if (key !== "") changed.push(key);
    }
    return changed;
  }

  #birth(id: string, now: number): ReadOutcome {
    const device = this.device(id);
    device.state = "online";
    device.byName.clear();
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
      try {
        const { status = Status.Good, unit } = knownProperties(i);
        const type = typeOf(i, ValueType.Unknown) as ValueType;
        const signal = signals.intern({
          source: this.source,
          device: id,
          metric,
          type,
          hierarchy,
          ...(unit === undefined ? {} : { unit }),
        });
        device.byName.set(metric, signal);
        if ((shape & Shape.HasAlias) !== 0) this.#setAlias(metrics.alias[i]!, signal);
        addMetric(i, type, signal.id, status, batch, now);
      } catch (error) {
        skipped += 1;
        reason ??= error;
      }
    }
    return { batch, skipped, ...(reason === undefined ? {} : { reason }) };
  }

  #find(i: number, shape: number, device: DeviceView): Signal | undefined {
    if ((shape & Shape.HasAlias) !== 0) {
      const alias = metrics.alias[i]!;
      return this.#dense[alias] ?? this.#sparse.get(alias);
    }
    return (shape & Shape.HasName) === 0 ? undefined : device.byName.get(metricName(i));
  }

  #setAlias(alias: number, signal: Signal): void {
    if (alias <= DENSE_ALIASES) this.#dense[alias] = signal;
    else this.#sparse.set(alias, signal);
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
