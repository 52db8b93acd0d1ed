import type { Argument, ClientSession, DataType, NodeId } from "node-opcua";
import { enumTextsOfTypes, readEnumerations } from "./enumeration.ts";
import { readAttribute, readProperty } from "./attributes.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import type { StructureShape, ValueShape } from "./shape.ts";
import { structureShape } from "./structure-shape.ts";

/** DataTypes that say nothing of a value: what it holds now tells more. */
const STRUCTURE = "ns=0;i=22";
const ENUMERATION = 29;
const HAS_SUBTYPE = "i=45";
const MOST_SUPERTYPES = 20;

/** What some variables take; undefined for one that is not there. */
export async function readValueShapes(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  variables: readonly NodeId[],
): Promise<(ValueShape | undefined)[]> {
  const texts = await readEnumerations(session, limits, opcua, variables);
  const ranks = await goodValues(session, limits, variables, opcua.AttributeIds.ValueRank);
  const dataTypes = await goodValues(session, limits, variables, opcua.AttributeIds.DataType);
  const ranges = (await readProperty(session, limits, opcua, variables, ".EURange")).map(rangeOf);
  const shapes: (ValueShape | undefined)[] = [];
  for (const [i, nodeId] of variables.entries()) {
    const rank = ranks[i];
    const named = dataTypes[i] as NodeId | undefined;
    if (typeof rank !== "number" || named === undefined) {
      shapes.push(undefined);
      continue;
    }
    const dataType = await builtInType(session, opcua, named);
    const isStructure = dataType === opcua.DataType.ExtensionObject;
    const declared = isStructure ? await declaredStructure(session, opcua, named, nodeId) : undefined;
    shapes.push({
      dataType,
      rank,
      ...(texts[i] === undefined ? {} : { texts: texts[i] }),
      ...(ranges[i] === undefined ? {} : { range: ranges[i] }),
      ...(declared === undefined ? {} : { structure: declared }),
    });
  }
  return shapes;
}

/** What the arguments of a method take. */
export async function readArgumentShapes(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  declared: readonly Argument[],
): Promise<ValueShape[]> {
  const texts = await enumTextsOfTypes(
    session,
    limits,
    opcua,
    declared.map(({ dataType }) => dataType),
  );
  const shapes: ValueShape[] = [];
  for (const [i, { dataType: named, valueRank: rank }] of declared.entries()) {
    const dataType = await builtInType(session, opcua, named);
    const structure =
      dataType === opcua.DataType.ExtensionObject ? await structureShape(session, opcua, named) : undefined;
    shapes.push({
      dataType,
      rank,
      ...(texts[i] === undefined ? {} : { texts: texts[i] }),
      ...(structure === undefined ? {} : { structure }),
    });
  }
  return shapes;
}

/** The built-in type at the end of the way up from a DataType; node-opcua's own function takes ids of any namespace for it. */
async function builtInType(session: ClientSession, opcua: Opcua, named: NodeId): Promise<DataType> {
  let at = named;
  for (let step = 0; step < MOST_SUPERTYPES; step++) {
    const id = at.namespace === 0 ? Number(at.value) : Number.NaN;
    if (id === ENUMERATION) return opcua.DataType.Int32;
    if (id <= opcua.DataType.DiagnosticInfo) return id;
    const { references } = await session.browse({
      nodeId: at,
      referenceTypeId: HAS_SUBTYPE,
      browseDirection: opcua.BrowseDirection.Inverse,
      includeSubtypes: false,
      resultMask: 0,
    });
    const above = references?.[0]?.nodeId;
    if (above === undefined) break;
    at = new opcua.NodeId(above.identifierType, above.value, above.namespace);
  }
  return opcua.DataType.Null;
}

/** The DataType's own structure; that of the present value where the DataType is the abstract Structure. */
async function declaredStructure(
  session: ClientSession,
  opcua: Opcua,
  named: NodeId,
  nodeId: NodeId,
): Promise<StructureShape | undefined> {
  if (named.toString() !== STRUCTURE) return structureShape(session, opcua, named);
  const { value } = await session.read({ nodeId, attributeId: opcua.AttributeIds.Value });
  const { schema } = (value?.value ?? {}) as { schema?: { dataTypeNodeId?: NodeId } };
  return schema?.dataTypeNodeId === undefined ? undefined : structureShape(session, opcua, schema.dataTypeNodeId);
}

/** One attribute of many nodes; undefined where a node has none. */
async function goodValues(
  session: ClientSession,
  limits: ServerLimits,
  nodes: readonly NodeId[],
  attributeId: number,
): Promise<unknown[]> {
  const values = await readAttribute(session, limits, nodes, attributeId);
  return values.map(({ statusCode, value }) => (statusCode.isGood() ? (value?.value as unknown) : undefined));
}

function rangeOf(value: unknown): readonly [number, number] | undefined {
  const { low, high } = (value ?? {}) as { low?: number; high?: number };
  return typeof low === "number" && typeof high === "number" && low < high ? [low, high] : undefined;
}
