import { FplusError } from "../errors/index.ts";
import { ValueType } from "./types.ts";

/** Who a value belongs to: the identity behind a signal id. */
export interface Signal {
  /** Index into the registry; what the `signal` lane of a batch holds. */
  readonly id: number;
  /** Unique name: `source/device/metric`; on the host side `group/edge node/device/metric`. */
  readonly path: string;
  /** Sparkplug `group/edge node`, or the name of the OPC UA endpoint. */
  readonly source: string;
  /** The machine; empty for a metric of the edge node itself. */
  readonly device: string;
  /** Name within the device, `/` between levels (`Hydraulics/Pressure`). */
  readonly metric: string;
  type: ValueType;
  /** UCUM code where known, else the source's own text; empty for none. */
  unit: string;
  /** Schema of the device, where known. */
  schema: string;
  /** ISA-95 levels, outermost first: enterprise, site, area, line. May be shorter. */
  hierarchy: readonly string[];
}

/** What is needed to name a signal; the rest is filled in by a birth. */
export interface SignalIdentity {
  readonly source: string;
  readonly device: string;
  readonly metric: string;
  readonly type?: ValueType;
  readonly unit?: string;
  readonly schema?: string;
  readonly hierarchy?: readonly string[];
}

/** Joins the parts of a path, leaving out empty ones. */
export function signalPath(source: string, device: string, metric: string): string {
  return device === "" ? `${source}/${metric}` : `${source}/${device}/${metric}`;
}

/**
 * Gives every signal of the process one small integer, for ever: a batch holds integers, not names.
 * Bounded, because names come from the network.
 */
export class SignalRegistry {
  readonly #byPath = new Map<string, Signal>();
  readonly #byId: Signal[] = [];
  readonly #limit: number;

  constructor(limit = 1_000_000) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#byId.length;
  }

  /**
   * The signal of that identity, made at the first call; attributes given are updated on an existing one.
   * @throws FplusError `sample.too-many-signals`; `sample.invalid` when the name is not whole text
   */
  intern(identity: SignalIdentity): Signal {
    const path = signalPath(identity.source, identity.device, identity.metric);
    const known = this.#byPath.get(path);
    if (known !== undefined) {
      if (identity.type !== undefined) known.type = identity.type;
      if (identity.unit !== undefined) known.unit = identity.unit;
      if (identity.schema !== undefined) known.schema = identity.schema;
      if (identity.hierarchy !== undefined) known.hierarchy = identity.hierarchy;
      return known;
    }
    if (this.#byId.length >= this.#limit) {
      throw new FplusError("sample.too-many-signals", `more than ${this.#limit} signals`, { field: path });
    }
    // Stores keep names as UTF-8, in which two halves of characters would be the same.
    if (!path.isWellFormed()) {
      throw new FplusError("sample.invalid", `the name ${JSON.stringify(path)} is not whole text`, { field: "name" });
    }
    const signal: Signal = {
      id: this.#byId.length,
      path,
      source: identity.source,
      device: identity.device,
      metric: identity.metric,
      type: identity.type ?? ValueType.Unknown,
      unit: identity.unit ?? "",
      schema: identity.schema ?? "",
      hierarchy: identity.hierarchy ?? [],
    };
    this.#byPath.set(path, signal);
    this.#byId.push(signal);
    return signal;
  }

  /** The signal of an id taken from a batch. Ids never dangle, so an unknown one is a programming error. */
  get(id: number): Signal {
    const signal = this.#byId[id];
    if (signal === undefined) throw new FplusError("sample.invalid", `no signal has the id ${id}`);
    return signal;
  }

  find(path: string): Signal | undefined {
    return this.#byPath.get(path);
  }

  /** All signals, in the order of their ids. */
  all(): readonly Signal[] {
    return this.#byId;
  }
}

/** The registry of the process: batches travel between nodes, so they share one. */
export const signals = new SignalRegistry();
