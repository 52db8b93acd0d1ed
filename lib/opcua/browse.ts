import type { ClientSession, ReferenceDescription } from "node-opcua";
import { FplusError } from "../errors/index.ts";
import { type Quality, qualityOf, SampleBatch, type SampleValue, statusName, valueTypeName } from "../sample/index.ts";
import { readAttribute } from "./attributes.ts";
import { isBrowsePath } from "./browse-path.ts";
import { addDataValue } from "./data-value.ts";
import type { Endpoint } from "./endpoint.ts";
import { readEnumerations } from "./enumeration.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { stableNodeId } from "./node-id.ts";
import { browseDown, NODE_CLASS } from "./references.ts";
import { resolveAddresses } from "./resolve.ts";
import { pathTo, type Visited, visit, visitRoot } from "./visited.ts";

/** Node classes by the words that flows use. */
export type NodeKind = "object" | "variable" | "method";

/** What to look for, and how much of it. */
export interface BrowseQuery {
  /** NodeId or browse path; the Objects folder where blank. */
  readonly start: string;
  /** Levels below the start; 1 for its children. */
  readonly depth: number;
  readonly kinds: readonly NodeKind[];
  /** Words that name, path or NodeId must have, in any case; blank for all. */
  readonly filter: string;
  /** Read the variables' values, too. */
  readonly values: boolean;
  /** Nodes to pass over: `next` of the answer before. */
  readonly offset: number;
  /** Nodes at most. */
  readonly limit: number;
}

/** A node as a flow gets it. */
export interface BrowsedNode {
  /** By the URI of its namespace. */
  readonly nodeId: string;
  /** What is shown to people. */
  readonly name: string;
  /** BrowseName as the server has it: `2:Speed`. */
  readonly browseName: string;
  /** Browse path; from the Root folder, or from the start where that is a NodeId. */
  readonly path: string;
  readonly class: NodeKind;
  /** NodeId of the object's or variable's type. */
  readonly type: string;
  /** Levels below the start. */
  readonly depth: number;
  readonly value?: SampleValue;
  readonly valueType?: string;
  /** Milliseconds since the epoch. */
  readonly timestamp?: number;
  readonly quality?: Quality;
  /** StatusCode by name, where it is not Good. */
  readonly status?: string;
}

/** Nodes found, and where to go on. */
export interface BrowseAnswer {
  readonly nodes: BrowsedNode[];
  /** `offset` of the next question; left out where there are no more. */
  readonly next?: number;
}

interface Found {
  readonly node: Visited;
  readonly reference: ReferenceDescription;
  readonly depth: number;
}

const MAX_DEPTH = 30;
const KINDS: Readonly<Record<number, NodeKind>> = {
  [NODE_CLASS.Object]: "object",
  [NODE_CLASS.Variable]: "variable",
  [NODE_CLASS.Method]: "method",
};

/**
 * Looks below a node, nearest first, each node once.
 * @throws FplusError `opcua.unreachable`; `opcua.node-unknown` where the start is not there
 */
export function browseNodes(endpoint: Endpoint, query: BrowseQuery): Promise<BrowseAnswer> {
  return endpoint.withSession(async (session, limits, opcua) => {
    const namespaces = await session.readNamespaceArray();
    const [start] = query.start === "" ? [undefined] : await resolveAddresses(session, limits, opcua, [query.start]);
    if (typeof start === "string") throw new FplusError("opcua.node-unknown", start, { field: query.start });
    const root = visitRoot(start?.toString());
    const above = query.start === "" ? "/Objects" : isBrowsePath(query.start) ? query.start : "";
    const pathOf = (node: Visited): string => above + pathTo(node, namespaces, root);
    const found = await walk(session, limits, opcua, root, query, pathOf);
    const page = found.slice(query.offset, query.offset + query.limit);
    const nodes = page.map(({ node, reference, depth }) => ({
      nodeId: stableNodeId(node.nodeId, namespaces),
      name: reference.displayName.text || node.name,
      browseName: node.namespaceIndex === 0 ? node.name : `${node.namespaceIndex}:${node.name}`,
      path: pathOf(node),
      class: KINDS[reference.nodeClass]!,
      type: stableNodeId(reference.typeDefinition.toString(), namespaces),
      depth,
    }));
    const more = found.length > query.offset + query.limit ? { next: query.offset + query.limit } : {};
    return { nodes: query.values ? await withValues(session, limits, opcua, nodes, page) : nodes, ...more };
  });
}

/** One more than is asked for, so that the end is known. */
async function walk(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  root: Visited,
  query: BrowseQuery,
  pathOf: (node: Visited) => string,
): Promise<Found[]> {
  const wanted = query.offset + query.limit + 1;
  const words = query.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const found: Found[] = [];
  const met = new Set([root.nodeId]);
  let level = [root];
  for (let depth = 1; depth <= Math.min(query.depth, MAX_DEPTH) && level.length > 0 && found.length < wanted; depth++) {
    const classes = NODE_CLASS.Object | NODE_CLASS.Variable | (query.kinds.includes("method") ? NODE_CLASS.Method : 0);
    const nodeIds = level.map(({ nodeId }) => nodeId);
    const references = await browseDown(session, limits, opcua, nodeIds, { classes });
    if (depth === 1 && references[0] === undefined)
      throw new FplusError("opcua.node-unknown", `the server has no node ${root.nodeId}`, { field: query.start });
    const below: Visited[] = [];
    level.forEach((parent, i) => {
      for (const reference of references[i] ?? []) {
        const node = visit(reference, parent);
        if (met.has(node.nodeId)) continue;
        met.add(node.nodeId);
        below.push(node);
        if (!query.kinds.includes(KINDS[reference.nodeClass]!)) continue;
        const text = `${reference.displayName.text ?? ""} ${pathOf(node)} ${node.nodeId}`.toLowerCase();
        if (words.every((word) => text.includes(word))) found.push({ node, reference, depth });
      }
    });
    level = below;
  }
  return found.slice(0, wanted);
}

async function withValues(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  nodes: readonly BrowsedNode[],
  found: readonly Found[],
): Promise<BrowsedNode[]> {
  const places = nodes.flatMap((node, i) => (node.class === "variable" ? [i] : []));
  const nodeIds = places.map((i) => found[i]!.reference.nodeId);
  const texts = await readEnumerations(session, limits, opcua, nodeIds);
  const batch = new SampleBatch(places.length);
  const values = await readAttribute(session, limits, nodeIds, opcua.AttributeIds.Value);
  const now = Date.now();
  values.forEach((value, i) => addDataValue(batch, 0, value, now, texts[i]));
  const answer = [...nodes];
  places.forEach((place, i) => {
    const status = batch.status[i]!;
    answer[place] = {
      ...nodes[place]!,
      value: batch.value(i),
      valueType: valueTypeName(batch.type[i]!),
      timestamp: batch.timeMs[i]!,
      quality: qualityOf(status),
      ...(status === 0 ? {} : { status: statusName(status) }),
    };
  });
  return answer;
}
