import type { ClientSession, NodeId } from "node-opcua";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { stableNodeId } from "./node-id.ts";
import { browseDown, NODE_CLASS } from "./references.ts";
import { resolveAddresses, resolvePaths } from "./resolve.ts";
import type { Tag } from "./tag.ts";
import { levelsOf, TagNames, type Visited, visit, visitRoot, wayTo } from "./visited.ts";

/** A table with its templates worked out. */
export interface ExpandedTags {
  /** The tags as they were, and one for every object of a template's type. */
  readonly tags: Tag[];
  /** Sentences: types without any object, objects that lack a variable of their template. */
  readonly gaps: string[];
}

/** An object of some type. */
interface Instance {
  readonly node: Visited;
  readonly type: string;
}

const MAX_DEPTH = 20;
/** Objects looked at; a plant that has more is asked by tags. */
const MAX_OBJECTS = 100_000;

/** Works out the templates of a table on a server: one tag for every object of the template's type, by its browse path. */
export async function expandTemplates(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  table: readonly Tag[],
): Promise<ExpandedTags> {
  const templates = table.filter(({ type }) => type !== undefined);
  const tags = table.filter(({ type }) => type === undefined);
  if (templates.length === 0) return { tags, gaps: [] };
  const gaps: string[] = [];
  const namespaces = await session.readNamespaceArray();
  const types = [...new Set(templates.map(({ type }) => type!))];
  const families = await familiesOf(session, limits, opcua, types);
  const instances = await findInstances(
    session,
    limits,
    opcua,
    new Set([...families.values()].flatMap((all) => [...all])),
  );
  const names = new TagNames();
  const wanted: { readonly tag: Tag; readonly start: NodeId; readonly path: string }[] = [];
  for (const type of types) {
    const family = families.get(type)!;
    const members = instances.filter((instance) => family.has(instance.type));
    const rows = templates.filter((template) => template.type === type);
    if (members.length === 0) gaps.push(`the server has no ${rows[0]!.device} (${type})`);
    for (const { node } of members) {
      const device = names.deviceOf(node);
      const hierarchy = levelsOf(wayTo(node).slice(0, -1));
      const start = opcua.resolveNodeId(node.nodeId);
      for (const { type: _type, ...row } of rows)
        wanted.push({ tag: { ...row, device, hierarchy }, start, path: row.nodeId });
    }
  }
  const found = await resolvePaths(session, limits, opcua, wanted);
  found.forEach((nodeId, i) => {
    const { tag } = wanted[i]!;
    if (typeof nodeId === "string") gaps.push(`${tag.device} has no ${tag.metric}: ${nodeId}`);
    else tags.push({ ...tag, nodeId: stableNodeId(nodeId.toString(), namespaces) });
  });
  return { tags, gaps };
}

/** Each type with all its subtypes, as the server's NodeIds; empty where it lacks the type. */
async function familiesOf(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  types: readonly string[],
): Promise<Map<string, Set<string>>> {
  const families = new Map<string, Set<string>>();
  const nodeIds = await resolveAddresses(session, limits, opcua, types);
  for (const [i, type] of types.entries()) {
    const family = new Set<string>();
    families.set(type, family);
    const nodeId = nodeIds[i]!;
    let level = typeof nodeId === "string" ? [] : [nodeId.toString()];
    while (level.length > 0) {
      for (const member of level) family.add(member);
      const below = await browseDown(session, limits, opcua, level, { classes: 0, subtypes: true });
      level = below.flatMap((references) => (references ?? []).map((reference) => reference.nodeId.toString()));
      level = level.filter((member) => !family.has(member));
    }
  }
  return families;
}

/** Objects of certain types in the whole tree below the Objects folder. */
async function findInstances(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  types: ReadonlySet<string>,
): Promise<Instance[]> {
  const instances: Instance[] = [];
  if (types.size === 0) return instances;
  const root = visitRoot();
  const met = new Set([root.nodeId]);
  let level = [root];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0 && met.size < MAX_OBJECTS; depth++) {
    const nodeIds = level.map(({ nodeId }) => nodeId);
    const found = await browseDown(session, limits, opcua, nodeIds, { classes: NODE_CLASS.Object });
    const below: Visited[] = [];
    level.forEach((parent, i) => {
      for (const reference of found[i] ?? []) {
        const node = visit(reference, parent);
        if (met.has(node.nodeId)) continue;
        met.add(node.nodeId);
        below.push(node);
        const type = reference.typeDefinition.toString();
        if (types.has(type)) instances.push({ node, type });
      }
    });
    level = below;
  }
  return instances;
}
