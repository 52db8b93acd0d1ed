import type { ClientSession, ExtensionObject, NodeId } from "node-opcua";
import type { EnumTexts } from "./enumeration.ts";
import type { Opcua } from "./load.ts";
import type { StructureField, StructureShape } from "./shape.ts";

/** The part of node-opcua's schemas that is read here. */
interface Schema {
  readonly name: string;
  readonly fields?: readonly SchemaField[];
  readonly subType?: string;
  readonly enumValues?: Readonly<Record<string, unknown>>;
  getBaseSchema?(): Schema | null;
}

interface SchemaField {
  readonly name: string;
  readonly originalName?: string;
  readonly category: string;
  readonly fieldType: string;
  readonly isArray?: boolean;
  readonly schema?: Schema;
  readonly switchBit?: number;
  readonly switchValue?: number;
}

/** A structure within a structure within …: a type may hold itself. */
const MOST_NESTED = 8;
const ALIASES = 10;

/** The shape of a structured DataType; undefined where the server does not describe it. */
export async function structureShape(
  session: ClientSession,
  opcua: Opcua,
  dataType: NodeId,
): Promise<StructureShape | undefined> {
  try {
    const manager = await opcua.getExtraDataTypeManager(session);
    const Constructor = await manager.getExtensionObjectConstructorFromDataTypeAsync(dataType);
    const { schema } = Constructor as unknown as { schema: Schema };
    return shapeOf(opcua, schema, (fields) => new Constructor(fields) as ExtensionObject, 0);
  } catch {
    // A type that is abstract or nowhere described has no shape; what is to be written of it is refused with a sentence.
    return undefined;
  }
}

function shapeOf(opcua: Opcua, schema: Schema, make: StructureShape["make"], depth: number): StructureShape {
  const fields: StructureField[] = [];
  for (let at: Schema | null = schema; at !== null; at = at.getBaseSchema?.() ?? null)
    fields.unshift(...(at.fields ?? []).map((field) => fieldOf(opcua, field, depth)));
  return { name: schema.name, fields, make };
}

function fieldOf(opcua: Opcua, field: SchemaField, depth: number): StructureField {
  const { name, originalName, category, schema, isArray = false, switchBit, switchValue } = field;
  const common = {
    name: originalName ?? name.charAt(0).toUpperCase() + name.slice(1),
    key: name,
    optional: switchBit !== undefined || switchValue !== undefined,
    rank: isArray ? 1 : -1,
  };
  const { DataType } = opcua;
  if (category === "enumeration") return { ...common, dataType: DataType.Int32, texts: textsOf(schema) };
  if (category !== "complex" || schema === undefined) return { ...common, dataType: builtIn(opcua, field) };
  // What is nested is made by the structure around it, from its plain fields.
  const make = (fields: Readonly<Record<string, unknown>>) => fields as unknown as ExtensionObject;
  const nested = depth < MOST_NESTED ? { structure: shapeOf(opcua, schema, make, depth + 1) } : {};
  return { ...common, dataType: DataType.ExtensionObject, ...nested };
}

/** The built-in type behind a name like Duration or UtcTime. */
function builtIn(opcua: Opcua, { fieldType, schema }: SchemaField): number {
  const types = opcua.DataType as unknown as Readonly<Record<string, number>>;
  for (const name of [fieldType, schema?.subType ?? ""]) if (typeof types[name] === "number") return types[name];
  let at: Schema | null = schema ?? null;
  for (let i = 0; at !== null && i < ALIASES; i++) {
    const found = types[at.name];
    if (typeof found === "number") return found;
    at = at.getBaseSchema?.() ?? null;
  }
  return opcua.DataType.Null;
}

function textsOf(schema: Schema | undefined): EnumTexts {
  return new Map(
    Object.entries(schema?.enumValues ?? {}).flatMap(([text, number]) =>
      typeof number === "number" ? [[number, text] as const] : [],
    ),
  );
}
