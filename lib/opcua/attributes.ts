import type { BrowsePath, BrowsePathResult, ClientSession, DataValue, NodeIdLike } from "node-opcua";
import { batchSize } from "./batches.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";

/** One attribute of many nodes, in as few calls as the server takes. @returns one DataValue a node */
export async function readAttribute(
  session: ClientSession,
  limits: ServerLimits,
  nodeIds: readonly NodeIdLike[],
  attributeId: number,
): Promise<DataValue[]> {
  const values: DataValue[] = [];
  await batchSize(limits, "nodesPerRead").run(nodeIds, async (part) => {
    values.push(...(await session.read(part.map((nodeId) => ({ nodeId, attributeId })))));
  });
  return values;
}

/** What browse paths lead to, in as few calls as the server takes. @returns one result a path */
export async function translatePaths(
  session: ClientSession,
  limits: ServerLimits,
  paths: readonly BrowsePath[],
): Promise<BrowsePathResult[]> {
  const results: BrowsePathResult[] = [];
  await batchSize(limits, "nodesPerTranslate").run(paths, async (part) => {
    results.push(...(await session.translateBrowsePath([...part])));
  });
  return results;
}

/**
 * The value of one property of many nodes.
 * @param property its name after a dot, as in `.EURange`
 * @returns one value a node; undefined where it has no such property
 */
export async function readProperty(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  nodes: readonly NodeIdLike[],
  property: string,
): Promise<unknown[]> {
  const paths = nodes.map((node) => opcua.makeBrowsePath(node, property));
  const results = await translatePaths(session, limits, paths);
  const targets = results.map((result): NodeIdLike | undefined => result.targets?.[0]?.targetId);
  const there = targets.filter((target) => target !== undefined);
  const values = await readAttribute(session, limits, there, opcua.AttributeIds.Value);
  let next = 0;
  return targets.map((target) => (target === undefined ? undefined : values[next++]?.value?.value));
}
