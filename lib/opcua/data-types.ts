import type { ClientSession, NodeId, NodeIdLike } from "node-opcua";
import { readAttribute } from "./attributes.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";

/** The DataTypes of variables, in their order; undefined where the server gives none. */
export async function readDataTypes(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  variables: readonly NodeIdLike[],
): Promise<(NodeId | undefined)[]> {
  const found = await readAttribute(session, limits, variables, opcua.AttributeIds.DataType);
  return found.map(({ statusCode, value }) =>
    statusCode.isGood() ? ((value.value as NodeId | null) ?? undefined) : undefined,
  );
}
