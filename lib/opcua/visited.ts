import type { ReferenceDescription } from "node-opcua";
import { formatStep } from "./browse-path.ts";
import { stableNodeId } from "./node-id.ts";
import { NODE_CLASS } from "./references.ts";
import type { Tag } from "./tag.ts";

/** A node met on the way down from the Objects folder. */
export interface Visited {
  readonly nodeId: string;
  /** Its BrowseName, without the namespace. */
  readonly name: string;
  /** Index of the BrowseName's namespace. */
  readonly namespaceIndex: number;
  readonly parent: Visited | undefined;
  /** A plain folder, as against an object that is something. */
  readonly folder: boolean;
}

/** NodeId of the Objects folder, where every plant begins. */
export const OBJECTS_FOLDER = "i=85";
const FOLDER_TYPE = 61;

/** The node that a walk begins with. */
export function visitRoot(nodeId: string = OBJECTS_FOLDER): Visited {
  return { nodeId, name: "", namespaceIndex: 0, parent: undefined, folder: true };
}

/** True for the Objects folder, however its NodeId is written. */
export function isObjectsFolder({ nodeId }: Visited): boolean {
  return nodeId === OBJECTS_FOLDER || nodeId === `ns=0;${OBJECTS_FOLDER}`;
}

/** The node behind a reference. */
export function visit(reference: ReferenceDescription, parent: Visited): Visited {
  const type = reference.typeDefinition;
  return {
    nodeId: reference.nodeId.toString(),
    name: reference.browseName.name ?? "",
    namespaceIndex: reference.browseName.namespaceIndex,
    parent,
    folder: reference.nodeClass === NODE_CLASS.Object && type.namespace === 0 && type.value === FOLDER_TYPE,
  };
}

/** The nodes from below `from` (or below the root) down to a node. */
export function wayTo(node: Visited, from?: Visited): Visited[] {
  const way: Visited[] = [];
  for (let at: Visited | undefined = node; at?.parent !== undefined && at !== from; at = at.parent) way.unshift(at);
  return way;
}

/** Browse path of a node from the Root folder, or relative to a node above it; namespaces by URI. */
export function pathTo(node: Visited, namespaces: readonly string[], from?: Visited): string {
  const start = from === undefined ? "/Objects" : "";
  return (
    start +
    wayTo(node, from)
      .map(({ name, namespaceIndex }) => formatStep(name, namespaceIndex, namespaces))
      .join("")
  );
}

/** Gives variables and devices their names in the plant; a name that is taken gets its parents' in front. */
export class TagNames {
  readonly #devices = new Map<string, string>();
  readonly #taken = new Set<string>();

  /**
   * The tag of a variable: the device is the topmost object that is more than a folder, the metric is the path below it, and
   * the folders above are the ISA-95 levels. Where there are folders only, the last one is the device.
   */
  tagOf(variable: Visited, namespaces: readonly string[]): Tag {
    const way = wayTo(variable);
    const firstThing = way.findIndex((node, i) => !node.folder && i < way.length - 1);
    const at = firstThing >= 0 ? firstThing : Math.max(0, way.length - 2);
    const holder = way[at]!;
    const below = way.slice(holder === variable ? at : at + 1);
    return {
      device: this.deviceOf(holder),
      metric: metricOf(below),
      nodeId: stableNodeId(variable.nodeId, namespaces),
      hierarchy: levelsOf(way.slice(0, at)),
    };
  }

  /** The name of a device, the same at every call. */
  deviceOf(holder: Visited): string {
    let device = this.#devices.get(holder.nodeId);
    if (device === undefined) {
      device = this.#unique(wayTo(holder));
      this.#devices.set(holder.nodeId, device);
    }
    return device;
  }

  #unique(way: readonly Visited[]): string {
    for (let from = way.length - 1; from >= 0; from--) {
      const name = way
        .slice(from)
        .map((node) => sanitised(node.name))
        .join("-");
      if (!this.#taken.has(name)) {
        this.#taken.add(name);
        return name;
      }
    }
    const name = `${sanitised(way.at(-1)?.name ?? "")}-${this.#taken.size}`;
    this.#taken.add(name);
    return name;
  }
}

/** The name of a variable by the nodes that lead to it. */
export function metricOf(way: readonly Visited[]): string {
  return way.map(({ name }) => sanitised(name)).join("/");
}

/** ISA-95 levels by the folders above a device. */
export function levelsOf(way: readonly Visited[]): string[] {
  return way.map(({ name }) => sanitised(name));
}

function sanitised(name: string): string {
  return name.replace(/[/+#]/g, "_") || "_";
}
