import type { ClientSession } from "node-opcua";
import { FplusError } from "../errors/index.ts";
import { readProperty } from "./attributes.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { indexed } from "./node-id.ts";
import { browseDown, NODE_CLASS } from "./references.ts";
import { resolveAddresses } from "./resolve.ts";
import type { Tag } from "./tag.ts";
import { isObjectsFolder, OBJECTS_FOLDER, TagNames, type Visited, visit, visitRoot } from "./visited.ts";

/** Where to look, and how much to take. */
export interface DiscoverOptions {
  /** NodeId or browse path to begin with; the Objects folder where left out. */
  readonly root?: string;
  /** Tags at most. */
  readonly limit: number;
}

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
  const [start] = await resolveAddresses(session, limits, opcua, [options.root || OBJECTS_FOLDER]);
  if (typeof start === "string") throw new FplusError("opcua.node-unknown", start, { field: "root" });
  const root = visitRoot(start!.toString());
  const variables = await variablesBelow(session, limits, opcua, root, options.limit);
  const names = new TagNames();
  const tags = variables.map((variable) => names.tagOf(variable, namespaces));
  return withUnits(session, limits, opcua, tags, namespaces);
}

/**
 * The variables below a node, nearest first, as many as `limit`; below the Objects folder without the standard's own.
 * @throws FplusError `opcua.node-unknown` when the node does not exist
 */
export async function variablesBelow(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  root: Visited,
  limit: number,
): Promise<Visited[]> {
  const variables: Visited[] = [];
  const met = new Set([root.nodeId]);
  let level = [root];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0 && variables.length < limit; depth++) {
    const below: Visited[] = [];
    const classes = NODE_CLASS.Object | NODE_CLASS.Variable;
    const found = await browseDown(
      session,
      limits,
      opcua,
      level.map(({ nodeId }) => nodeId),
      { classes },
    );
    if (depth === 0 && found[0] === undefined) {
      throw new FplusError("opcua.node-unknown", `the server has no node ${root.nodeId}`, { field: "root" });
    }
    level.forEach((parent, i) => {
      for (const reference of found[i] ?? []) {
        const child = visit(reference, parent);
        const standard = reference.nodeId.namespace === STANDARD_NAMESPACE && parent === root && isObjectsFolder(root);
        if (standard || met.has(child.nodeId)) continue;
        met.add(child.nodeId);
        if (reference.nodeClass === NODE_CLASS.Variable) variables.push(child);
        below.push(child);
      }
    });
    level = below;
  }
  return variables.slice(0, limit);
}

/** The tags with the unit of every variable that has `EngineeringUnits`. */
export async function withUnits(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  tags: readonly Tag[],
  namespaces: readonly string[],
): Promise<Tag[]> {
  const nodes = tags.map(({ nodeId }) => indexed(nodeId, namespaces));
  const units = (await readProperty(session, limits, opcua, nodes, ".EngineeringUnits")) as UnitInformation[];
  return tags.map((tag, i) => {
    const unit = units[i]?.displayName?.text;
    return unit ? { ...tag, unit } : tag;
  });
}

/** The part of an EUInformation that is shown. */
type UnitInformation = { readonly displayName?: { readonly text?: string | null } } | null | undefined;
