import type { ClientSession, NodeId, NodeIdLike } from "node-opcua";
import { readProperty } from "./attributes.ts";
import { readDataTypes } from "./data-types.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";

/** Texts of an enumeration by number. */
export type EnumTexts = ReadonlyMap<number, string>;

const STANDARD_NAMESPACE = 0;
/** Standard DataTypes whose variables may have texts of their own: the integers, and what may hold one. */
const MAY_BE_DISCRETE: ReadonlySet<number> = new Set([2, 3, 4, 5, 6, 7, 8, 9, 24, 26, 27, 28]);

/**
 * Finds the enumeration behind each variable: by its DataType (`EnumStrings` or `EnumValues`), or by the variable's own
 * `EnumStrings` (MultiStateDiscreteType, OPC 10000-8 5.3.3.4).
 * @param known the DataTypes of the variables, where they were read already
 * @returns one entry a variable; undefined where it is no enumeration
 */
export async function readEnumerations(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  variables: readonly NodeIdLike[],
  known?: readonly (NodeId | undefined)[],
): Promise<(EnumTexts | undefined)[]> {
  const dataTypes = known ?? (await readDataTypes(session, limits, opcua, variables));
  const byType = await enumTextsOfTypes(session, limits, opcua, dataTypes);
  const discrete = variables.flatMap((nodeId, i) => (mayBeDiscrete(dataTypes[i]) ? [{ nodeId, i }] : []));
  const own = discrete.map(({ nodeId }) => nodeId);
  const texts = await readTexts(session, limits, opcua, own, ".EnumStrings");
  discrete.forEach(({ i }, place) => (byType[i] = texts[place] ?? byType[i]));
  return byType;
}

function mayBeDiscrete(dataType: NodeId | undefined): boolean {
  return (
    dataType === undefined || dataType.namespace !== STANDARD_NAMESPACE || MAY_BE_DISCRETE.has(Number(dataType.value))
  );
}

/** The texts of DataTypes that are enumerations; undefined for the others. */
export async function enumTextsOfTypes(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  dataTypes: readonly (NodeId | undefined)[],
): Promise<(EnumTexts | undefined)[]> {
  const byType = new Map<string, EnumTexts>();
  const own = distinct(dataTypes.filter((type) => type !== undefined && type.namespace !== STANDARD_NAMESPACE));
  for (const property of [".EnumStrings", ".EnumValues"]) {
    const texts = await readTexts(session, limits, opcua, own, property);
    texts.forEach((text, i) => text !== undefined && byType.set(String(own[i]), text));
  }
  return dataTypes.map((type) => byType.get(String(type)));
}

function distinct(types: readonly (NodeId | undefined)[]): NodeIdLike[] {
  return [...new Set(types.map(String))];
}

async function readTexts(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  nodes: readonly NodeIdLike[],
  property: string,
): Promise<(EnumTexts | undefined)[]> {
  return (await readProperty(session, limits, opcua, nodes, property)).map(textsIn);
}

/** `EnumStrings` is an array of LocalizedText, `EnumValues` one of EnumValueType. */
function textsIn(value: unknown): EnumTexts | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return new Map(
    value.map((entry: { text?: string | null; value?: unknown; displayName?: { text?: string | null } }, i) =>
      entry.displayName === undefined
        ? [i, entry.text ?? String(i)]
        : [numberOf(entry.value, i), entry.displayName.text ?? String(i)],
    ),
  );
}

/** node-opcua gives the Int64 of an EnumValueType as two words. */
function numberOf(value: unknown, otherwise: number): number {
  if (Array.isArray(value)) return Number(value[1]);
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : otherwise;
}
