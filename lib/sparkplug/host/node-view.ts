import { SampleBatch, type Signal, signals, Status, ValueType } from "../../sample/index.ts";
import { BDSEQ_METRIC, DEVICE_REBIRTH_METRIC, HIERARCHY_METRICS, REBIRTH_METRIC } from "../edge/births.ts";
import { addMetric } from "../metric-value.ts";
import { type DecodedPayload, MetricFlag } from "../payload.ts";
import { knownProperties } from "../properties.ts";
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
  nodeBirth(payload: DecodedPayload, now: number): ReadOutcome {
    this.#dense.length = 0;
    this.#sparse.clear();
    for (const device of this.devices.values()) device.state = "offline";
    this.#expected = payload.seq < 0 ? -1 : (payload.seq + 1) & 0xff;
    this.bdSeq = bdSeqOf(payload) ?? -1;
    this.state = "online";
    this.rebirth.answered();
    return this.#birth("", payload, now);
  }

  deviceBirth(id: string, payload: DecodedPayload, now: number): ReadOutcome {
    return this.#birth(id, payload, now);
  }

  /** NDATA and DDATA: metrics are found by alias, or by name. */
  data(id: string, payload: DecodedPayload, now: number): ReadOutcome {
    const device = this.devices.get(id);
    const batch = new SampleBatch(payload.count);
    if (device === undefined || device.state === "offline") {
      return { batch, skipped: payload.count, missing: `data of ${id || "the node"} before its birth` };
    }
    device.state = "online";
    let missing: string | undefined;
    let skipped = 0;
    let reason: unknown;
    for (let i = 0; i < payload.count; i++) {
      const signal = this.#find(payload, i, device);
      if (signal === undefined) {
        skipped += 1;
        missing ??= payload.hasName(i) ? `unknown metric ${payload.name(i)}` : `unknown alias ${payload.alias[i]}`;
        continue;
      }
      try {
        const status =
          payload.propertiesStart[i]! < 0 ? Status.Good : (knownProperties(payload, i).status ?? Status.Good);
        addMetric(payload, i, payload.datatype[i] || signal.type, signal.id, status, batch, now);
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

  #birth(id: string, payload: DecodedPayload, now: number): ReadOutcome {
    const device = this.device(id);
    device.state = "online";
    device.byName.clear();
    const hierarchy = hierarchyOf(payload);
    const batch = new SampleBatch(payload.count);
    let skipped = 0;
    let reason: unknown;
    for (let i = 0; i < payload.count; i++) {
      const metric = payload.name(i);
      if (metric === "" || CONTROL_METRICS.has(metric) || HIERARCHY_METRICS.includes(metric)) continue;
      try {
        const { status = Status.Good, unit } = knownProperties(payload, i);
        const type = (payload.datatype[i] || ValueType.Unknown) as ValueType;
        const signal = signals.intern({
          source: this.source,
          device: id,
          metric,
          type,
          hierarchy,
          ...(unit === undefined ? {} : { unit }),
        });
        device.byName.set(metric, signal);
        if ((payload.flags[i]! & MetricFlag.HasAlias) !== 0) this.#setAlias(payload.alias[i]!, signal);
        addMetric(payload, i, type, signal.id, status, batch, now);
      } catch (error) {
        skipped += 1;
        reason ??= error;
      }
    }
    return { batch, skipped, ...(reason === undefined ? {} : { reason }) };
  }

  #find(payload: DecodedPayload, i: number, device: DeviceView): Signal | undefined {
    if ((payload.flags[i]! & MetricFlag.HasAlias) !== 0) {
      const alias = payload.alias[i]!;
      return this.#dense[alias] ?? this.#sparse.get(alias);
    }
    return device.byName.get(payload.name(i));
  }

  #setAlias(alias: number, signal: Signal): void {
    if (alias <= DENSE_ALIASES) this.#dense[alias] = signal;
    else this.#sparse.set(alias, signal);
  }
}

/** The number of the connection that a birth or death belongs to. */
export function bdSeqOf(payload: DecodedPayload): number | undefined {
  for (let i = 0; i < payload.count; i++) if (payload.name(i) === BDSEQ_METRIC) return payload.lo[i]! & 0xff;
  return undefined;
}

function hierarchyOf(payload: DecodedPayload): string[] {
  const levels: string[] = [];
  for (let i = 0; i < payload.count; i++) {
    const level = HIERARCHY_METRICS.indexOf(payload.name(i));
    if (level >= 0) levels[level] = payload.text(i);
  }
  const gap = Array.from(levels, (level) => level === undefined).indexOf(true);
  return gap < 0 ? levels : levels.slice(0, gap);
}

/** The signal source of a topic. */
export function sourceOf(topic: SparkplugTopic): string {
  return `${topic.group}/${topic.edgeNode}`;
}
