import type { ClientSession, ReferenceDescription } from "node-opcua";
import { FplusError } from "../errors/index.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { indexed, stableNodeId } from "./node-id.ts";
import type { Tag } from "./tag.ts";

/** Where to look, and how much to take. */
export interface DiscoverOptions {
  /** NodeId to begin with; the Objects folder where left out. */
  readonly root?: string;
  /** Tags at most. */
  readonly limit: number;
}

/** A node met on the way down. */
interface Visited {
  readonly nodeId: string;
  readonly name: string;
  readonly parent: Visited | undefined;
  /** A plain folder, as against an object that is something. */
  readonly folder: boolean;
}

const OBJECTS_FOLDER = "i=85";
const FOLDER_TYPE = 61;
const NODE_CLASS = { Object: 1, Variable: 2 } as const;
const HIERARCHICAL_REFERENCES = "i=33";
const HAS_PROPERTY = 46;
const MAX_DEPTH = 20;
/** The standard's own objects under Objects: the server's diagnostics, types and aliases are no plant. */
const STANDARD_NAMESPACE = 0;

/**
 * Finds the variables of a server and names them: the device is the topmost object that is more than a folder, the metric
 * is the path below it, and the folders above are the ISA-95 levels. Where there are folders only, the last one is the device.
 * @throws FplusError `opcua.node-unknown` when the root does not exist
 */
export async function discoverTags(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  options: DiscoverOptions,
): Promise<Tag[]> {
  const namespaces = await session.readNamespaceArray();
  const root: Visited = { nodeId: options.root || OBJECTS_FOLDER, name: "", parent: undefined, folder: true };
  const variables: Visited[] = [];
  const met = new Set([root.nodeId]);
  let level = [root];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0 && variables.length < options.limit; depth++) {
    const below: Visited[] = [];
    for (let at = 0; at < level.length; at += limits.nodesPerBrowse) {
      const slice = level.slice(at, at + limits.nodesPerBrowse);
      const references = await browseAll(
        session,
        opcua,
        slice.map(({ nodeId }) => nodeId),
      );
      if (depth === 0 && references[0] === undefined) {
        throw new FplusError("opcua.node-unknown", `the server has no node ${root.nodeId}`, { field: "root" });
      }
      slice.forEach((parent, i) => {
        for (const reference of references[i] ?? []) {
          const child = visit(reference, parent);
          const standard =
            reference.nodeId.namespace === STANDARD_NAMESPACE && parent === root && root.nodeId === OBJECTS_FOLDER;
          if (standard || met.has(child.nodeId)) continue;
          met.add(child.nodeId);
          if (reference.nodeClass === NODE_CLASS.Variable) variables.push(child);
          below.push(child);
        }
      });
    }
    level = below;
  }
  const tags = nameTags(variables.slice(0, options.limit), namespaces);
  await addUnits(session, opcua, limits, tags, namespaces);
  return tags;
}

/** References down from each node, properties left out; undefined where the node does not exist. */
async function browseAll(
  session: ClientSession,
  opcua: Opcua,
  nodeIds: readonly string[],
): Promise<(ReferenceDescription[] | undefined)[]> {
  const results = await session.browse(
    nodeIds.map((nodeId) => ({
      nodeId,
      referenceTypeId: HIERARCHICAL_REFERENCES,
      includeSubtypes: true,
      browseDirection: opcua.BrowseDirection.Forward,
      nodeClassMask: NODE_CLASS.Object | NODE_CLASS.Variable,
      resultMask: 63,
    })),
  );
  return Promise.all(
    results.map(async (result) => {
      if (result.statusCode.isNotGood()) return undefined;
      const references = [...(result.references ?? [])];
      let { continuationPoint } = result;
      while (continuationPoint !== undefined && continuationPoint !== null && continuationPoint.length > 0) {
        const next = await session.browseNext(continuationPoint, false);
        references.push(...(next.references ?? []));
        ({ continuationPoint } = next);
      }
      return references.filter(
        ({ referenceTypeId }) => !(referenceTypeId.namespace === 0 && referenceTypeId.value === HAS_PROPERTY),
      );
    }),
  );
}

function visit(reference: ReferenceDescription, parent: Visited): Visited {
  const type = reference.typeDefinition;
  return {
    nodeId: reference.nodeId.toString(),
    name: reference.browseName.name ?? "",
    parent,
    folder: reference.nodeClass === NODE_CLASS.Object && type.namespace === 0 && type.value === FOLDER_TYPE,
  };
}

function nameTags(variables: readonly Visited[], namespaces: readonly string[]): Tag[] {
  const devices = new Map<Visited, string>();
  const taken = new Set<string>();
  return variables.map((variable) => {
    const way: Visited[] = [];
    for (let node: Visited | undefined = variable; node?.parent !== undefined; node = node.parent) way.unshift(node);
    const firstThing = way.findIndex((node, i) => !node.folder && i < way.length - 1);
    const at = firstThing >= 0 ? firstThing : Math.max(0, way.length - 2);
    const holder = way[at]!;
    let device = devices.get(holder);
    if (device === undefined) {
      device = uniqueName(way.slice(0, at + 1), taken);
      devices.set(holder, device);
    }
    const below = way.slice(holder === variable ? at : at + 1);
    return {
      device,
      metric: below.map(({ name }) => sanitised(name)).join("/"),
      nodeId: stableNodeId(variable.nodeId, namespaces),
      hierarchy: way.slice(0, at).map(({ name }) => sanitised(name)),
    };
  });
}

/** The device's own name, with its parents' in front where two devices share it. */
function uniqueName(way: readonly Visited[], taken: Set<string>): string {
  for (let from = way.length - 1; from >= 0; from--) {
    const name = way
      .slice(from)
      .map((node) => sanitised(node.name))
      .join("-");
    if (!taken.has(name)) {
      taken.add(name);
      return name;
    }
  }
  const name = `${sanitised(way.at(-1)!.name)}-${taken.size}`;
  taken.add(name);
  return name;
}

function sanitised(name: string): string {
  return name.replace(/[/+#]/g, "_") || "_";
}

/** Reads the EngineeringUnits property of every tag that has one. */
async function addUnits(
  session: ClientSession,
  opcua: Opcua,
  limits: ServerLimits,
  tags: Tag[],
  namespaces: readonly string[],
): Promise<void> {
  const step = Math.min(limits.nodesPerRead, limits.nodesPerTranslate);
  for (let at = 0; at < tags.length; at += step) {
    const slice = tags.slice(at, at + step);
    const paths = slice.map(({ nodeId }) => opcua.makeBrowsePath(indexed(nodeId, namespaces), ".EngineeringUnits"));
    const found = await session.translateBrowsePath(paths);
    const units = found.map((result) => result.targets?.[0]?.targetId);
    const wanted = units.flatMap((nodeId) =>
      nodeId === undefined ? [] : [{ nodeId, attributeId: opcua.AttributeIds.Value }],
    );
    const values = wanted.length === 0 ? [] : await session.read(wanted);
    let next = 0;
    slice.forEach((tag, i) => {
      if (units[i] === undefined) return;
      const information = values[next++]?.value?.value as { displayName?: { text?: string | null } } | null | undefined;
      const unit = information?.displayName?.text;
      if (unit) tags[at + i] = { ...tag, unit };
    });
  }
}
