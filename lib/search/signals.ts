import { type SampleBatch, type Signal, type SignalRegistry, signals, ValueType } from "../sample/index.ts";
import type { Indexer } from "./indexer.ts";
import type { IndexSettings, SearchDocument } from "./types.ts";

/** Index of the tags. */
export const TAGS = "tags";
/** Index of the devices that they belong to. */
export const DEVICES = "devices";

/** What the two indexes use their attributes for. */
export const SIGNAL_INDEXES: Readonly<Record<string, IndexSettings>> = {
  [TAGS]: {
    searchable: ["name", "device", "path", "unit", "schema", "location"],
    filterable: ["device", "source", "unit", "type", "schema", "location", "enterprise", "site", "area", "line"],
    sortable: ["name", "path"],
  },
  [DEVICES]: {
    searchable: ["name", "path", "device_type", "location"],
    filterable: ["source", "device_type", "status", "location", "enterprise", "site", "area", "line", "tags"],
    sortable: ["name", "tags"],
  },
};

const LEVELS = ["enterprise", "site", "area", "line"] as const;
const TYPES = new Map<number, string>(Object.entries(ValueType).map(([name, type]) => [type as number, name]));

/** What was last said of a tag. */
type Said = Pick<Signal, "type" | "unit" | "schema" | "hierarchy">;

/** What was last said of a device. */
interface Device {
  readonly document: SearchDocument;
  readonly tags: ReadonlySet<number>;
}

/** Follows samples and births, and keeps the indexes of tags and devices as the plant is: each tag and device goes out when it is new or changed. */
export class SignalIndexer {
  readonly #indexer: Indexer;
  readonly #registry: SignalRegistry;
  /** What was last said of each signal, by its id. */
  readonly #said: Said[] = [];
  readonly #devices = new Map<string, Device>();

  constructor(indexer: Indexer, registry: SignalRegistry = signals) {
    this.#indexer = indexer;
    this.#registry = registry;
  }

  get tags(): number {
    return this.#said.reduce((sum) => sum + 1, 0);
  }

  get devices(): number {
    return this.#devices.size;
  }

  /** @throws FplusError `search.queue-full` */
  samples(batch: SampleBatch): void {
    for (let i = 0; i < batch.length; i++) {
      const id = batch.signal[i]!;
      const signal = this.#registry.get(id);
      if (isAsSaid(signal, this.#said[id])) continue;
      this.#indexer.upsert(TAGS, tagOf(signal));
      const { type, unit, schema, hierarchy } = signal;
      this.#said[id] = { type, unit, schema, hierarchy };
      if (signal.device !== "") this.#device(signal);
    }
  }

  /** A device came, went, or has not been heard of for long. */
  state(source: string, device: string, status: "online" | "offline" | "stale"): void {
    const id = `${source}/${device}`;
    const known = this.#devices.get(id);
    if (known?.document["status"] === status) return;
    const document = known?.document ?? { id, name: device, source, path: id, tags: 0 };
    this.#say({ document: { ...document, status }, tags: known?.tags ?? new Set() });
  }

  #device(signal: Signal): void {
    const id = `${signal.source}/${signal.device}`;
    const known = this.#devices.get(id);
    const tags = new Set(known?.tags ?? []).add(signal.id);
    const status = known?.document["status"] ?? "online";
    const document = {
      id,
      name: signal.device,
      path: id,
      source: signal.source,
      ...(signal.schema === "" ? {} : { device_type: signal.schema }),
      ...placeOf(signal),
      status,
      tags: tags.size,
    };
    this.#say({ document, tags });
  }

  #say(device: Device): void {
    this.#indexer.upsert(DEVICES, device.document);
    this.#devices.set(device.document.id, device);
  }
}

/** Asked for every sample, so nothing is made for the answer. */
function isAsSaid(signal: Signal, said: Said | undefined): boolean {
  return (
    said !== undefined &&
    said.type === signal.type &&
    said.unit === signal.unit &&
    said.schema === signal.schema &&
    (said.hierarchy === signal.hierarchy || said.hierarchy.join("\n") === signal.hierarchy.join("\n"))
  );
}

function tagOf(signal: Signal): SearchDocument {
  return {
    id: signal.path,
    path: signal.path,
    name: signal.metric,
    device: signal.device,
    source: signal.source,
    type: TYPES.get(signal.type) ?? "Unknown",
    unit: signal.unit,
    schema: signal.schema,
    ...placeOf(signal),
  };
}

/** The levels of ISA-95 that are known, and all of them as one place. */
function placeOf({ hierarchy }: Signal): Record<string, string> {
  const place: Record<string, string> = {};
  for (const [i, level] of LEVELS.entries()) if (hierarchy[i]) place[level] = hierarchy[i];
  return hierarchy.length === 0 ? place : { ...place, location: hierarchy.join("/") };
}
