import type { BrowseResult, ClientSession, NodeIdLike, ReferenceDescription } from "node-opcua";
import { batchSize } from "./batches.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";

/** Node classes by their bit (OPC 10000-3 8.29); those that stand in the tree of a plant. */
export const NODE_CLASS = { Object: 1, Variable: 2, Method: 4 } as const;

const HIERARCHICAL_REFERENCES = "i=33";
const HAS_SUBTYPE = "i=45";
const HAS_PROPERTY = 46;
/**
 * What stands beside a node and not below it: HasProperty, HasEventSource and HasNotifier (who tells of whose events),
 * HasHistoricalConfiguration.
 */
const BESIDE: ReadonlySet<unknown> = new Set([HAS_PROPERTY, 36, 48, 56]);
/** Names, class and type of what a reference leads to (OPC 10000-4 5.8.2.2). */
const ALL_FIELDS = 63;

/** What to look for below a node. */
export interface BrowseOptions {
  /** Bits of `NODE_CLASS`; 0 for every class. */
  readonly classes: number;
  /** Subtypes in place of what is below in the tree. */
  readonly subtypes?: boolean;
  /** Properties too. */
  readonly properties?: boolean;
}

/**
 * References down from each node, without properties and event sources, in as few calls as the limits allow; continuation points are followed
 * at once, because servers keep few of them.
 * @returns one entry a node; undefined where it does not exist or may not be browsed
 */
export async function browseDown(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  nodeIds: readonly NodeIdLike[],
  { classes, subtypes = false, properties = false }: BrowseOptions,
): Promise<(ReferenceDescription[] | undefined)[]> {
  const found: (ReferenceDescription[] | undefined)[] = [];
  const request = (nodeId: NodeIdLike) => ({
    nodeId,
    referenceTypeId: subtypes ? HAS_SUBTYPE : HIERARCHICAL_REFERENCES,
    includeSubtypes: true,
    browseDirection: opcua.BrowseDirection.Forward,
    nodeClassMask: classes,
    resultMask: ALL_FIELDS,
  });
  await batchSize(limits, "nodesPerBrowse").run(nodeIds, async (part, at) => {
    const results = await session.browse(part.map(request));
    for (const [i, result] of results.entries()) {
      // The server has not as many continuation points as this call needed: asked alone, the node gets one.
      const isShort = result.statusCode === opcua.StatusCodes.BadNoContinuationPoints && part.length > 1;
      const own = isShort ? await session.browse(request(part[i]!)) : result;
      found[at + i] = own.statusCode.isNotGood() ? undefined : await complete(session, own, properties);
    }
  });
  return found;
}

async function complete(
  session: ClientSession,
  result: BrowseResult,
  properties: boolean,
): Promise<ReferenceDescription[]> {
  const references = [...(result.references ?? [])];
  let { continuationPoint } = result;
  while (continuationPoint !== undefined && continuationPoint !== null && continuationPoint.length > 0) {
    const next = await session.browseNext(continuationPoint, false);
    references.push(...(next.references ?? []));
    ({ continuationPoint } = next);
  }
  return references.filter(
    ({ referenceTypeId }) =>
      !(referenceTypeId.namespace === 0 && BESIDE.has(referenceTypeId.value)) ||
      (properties && referenceTypeId.value === HAS_PROPERTY && referenceTypeId.namespace === 0),
  );
}
