import type { ClientSession, NodeId, NodeIdLike } from "node-opcua";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";

/** The DataTypes of variables, in their order; undefined where the server gives none. */
export async function readDataTypes(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  variables: readonly NodeIdLike[],
): Promise<(NodeId | undefined)[]> {
  const dataTypes: (NodeId | undefined)[] = [];
  for (let at = 0; at < variables.length; at += limits.nodesPerRead) {
    const part = variables.slice(at, at + limits.nodesPerRead);
    const found = await session.read(part.map((nodeId) => ({ nodeId, attributeId: opcua.AttributeIds.DataType })));
    for (const { statusCode, value } of found) {
      const dataType = statusCode.isGood() ? (value.value as NodeId | null) : null;
      dataTypes.push(dataType ?? undefined);
    }
  }
  return dataTypes;
}
