import type { Signal } from "../../sample/index.ts";

/** What a birth says of an object: of the device itself, or of a folder in it. */
interface ObjectIds {
  Instance_UUID?: string;
  Schema_UUID?: string;
}

const NAMES = ["Instance_UUID", "Schema_UUID"] as const;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * The objects of devices, learnt from the metrics `Instance_UUID` and `Schema_UUID` that stand in births beside their values:
 * those of the device, and of every folder that is an object of its own. The AMRC layout names them in tags.
 */
export class DeviceObjects {
  /** By device, and in it by folder; the device itself is the folder "". */
  readonly #devices = new Map<string, Map<string, ObjectIds>>();

  /** Takes a metric's text in; true when it says something new. */
  learn(signal: Pick<Signal, "source" | "device" | "metric">, text: string): boolean {
    const cut = signal.metric.lastIndexOf("/");
    const name = NAMES.find((one) => one === signal.metric.slice(cut + 1));
    if (name === undefined || !UUID.test(text)) return false;
    const key = keyOf(signal);
    let device = this.#devices.get(key);
    if (device === undefined) this.#devices.set(key, (device = new Map()));
    const folder = signal.metric.slice(0, Math.max(0, cut));
    const ids = device.get(folder) ?? {};
    if (ids[name] === text) return false;
    device.set(folder, { ...ids, [name]: text });
    return true;
  }

  /** The tags that name the objects around a metric, from the device inwards; those that nothing is known of are left out. */
  tagsOf(signal: Pick<Signal, "source" | "device" | "metric" | "schema">): Record<string, string> {
    const device = this.#devices.get(keyOf(signal));
    const folders = signal.metric.split("/").slice(0, -1);
    const top: ObjectIds = device?.get("") ?? {};
    const inner = folders.flatMap((_, i) => device?.get(folders.slice(0, i + 1).join("/")) ?? []);
    const schema = top.Schema_UUID ?? signal.schema;
    const list = (first: string | undefined, name: (typeof NAMES)[number]): string =>
      [first, ...inner.map((ids) => ids[name])].filter((id) => id !== undefined && id !== "").join(":");
    return {
      topLevelInstance: top.Instance_UUID ?? "",
      topLevelSchema: schema,
      bottomLevelInstance: inner.at(-1)?.Instance_UUID ?? "",
      bottomLevelSchema: inner.at(-1)?.Schema_UUID ?? "",
      usesInstances: list(top.Instance_UUID, "Instance_UUID"),
      usesSchemas: list(schema, "Schema_UUID"),
    };
  }
}

function keyOf({ source, device }: Pick<Signal, "source" | "device">): string {
  return `${source}\n${device}`;
}
