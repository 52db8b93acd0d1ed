import type { AddressSpace, UAObject, UAVariable } from "node-opcua";
import type { Opcua } from "../load.ts";
import type { Machine } from "./machine.ts";

const NAMESPACE = "urn:factory-plus:simulator:recipes";

/** Structures of its own and an enumeration: what a client must ask the server about. */
const TYPES = `<?xml version="1.0" encoding="utf-8"?>
<UANodeSet xmlns="http://opcfoundation.org/UA/2011/03/UANodeSet.xsd">
<NamespaceUris><Uri>${NAMESPACE}</Uri></NamespaceUris>
<Models><Model ModelUri="${NAMESPACE}" Version="1.0.0" PublicationDate="2026-01-01T00:00:00Z"><RequiredModel ModelUri="http://opcfoundation.org/UA/"/></Model></Models>
<Aliases><Alias Alias="HasSubtype">i=45</Alias><Alias Alias="HasEncoding">i=38</Alias><Alias Alias="HasTypeDefinition">i=40</Alias></Aliases>
${enumeration(3000, "RecipeMode", ["Manual", "Automatic", "Cleaning"])}
${structure(3001, "RecipeStep", [
  ["Temperature", "i=11"],
  ["Seconds", "i=7"],
])}
${structure(3002, "Recipe", [
  ["Name", "i=12"],
  ["Mode", "ns=1;i=3000"],
  ["Parts", "i=8"],
  ["Steps", "ns=1;i=3001", "1"],
])}
</UANodeSet>`;

interface RecipeValue {
  readonly name: string;
  readonly steps: readonly { readonly temperature: number; readonly seconds: number }[] | null;
}

/**
 * Gives a machine a recipe: a structure that holds an enumeration, a 64-bit integer and an array of structures, a method
 * that takes it, a writable array and a writable matrix.
 */
export async function addRecipe(opcua: Opcua, space: AddressSpace, machine: Machine, object: UAObject): Promise<void> {
  const { DataType, VariantArrayType } = opcua;
  await opcua.generateAddressSpaceRaw(space, [NAMESPACE], async () => TYPES, {});
  const index = space.getNamespaceIndex(NAMESPACE);
  const type = space.findDataType("Recipe", index)!;
  const namespace = space.getOwnNamespace();
  const holder = namespace.addObject({ componentOf: object, browseName: "Recipe", nodeId: `s=${machine.name}.Recipe` });
  const add = (
    name: string,
    dataType: typeof type.nodeId | string,
    rank: number,
    value: object,
    dimensions?: number[],
  ) =>
    namespace.addVariable({
      componentOf: holder,
      browseName: name,
      nodeId: `s=${machine.name}.Recipe.${name}`,
      dataType,
      valueRank: rank,
      ...(dimensions === undefined ? {} : { arrayDimensions: dimensions }),
      accessLevel: "CurrentRead | CurrentWrite",
      userAccessLevel: "CurrentRead | CurrentWrite",
      minimumSamplingInterval: 0,
      value,
    });
  const first = space.constructExtensionObject(type, {
    name: "Bread",
    mode: 1,
    parts: 400,
    steps: [
      { temperature: 180, seconds: 600 },
      { temperature: 215, seconds: 1200 },
    ],
  });
  const current = add("Current", type.nodeId, -1, { dataType: DataType.ExtensionObject, value: first });
  add("Offsets", "Int32", 1, {
    dataType: DataType.Int32,
    arrayType: VariantArrayType.Array,
    value: Int32Array.from([0, -2, 3, 0]),
  });
  add(
    "HeatMap",
    "Double",
    2,
    {
      dataType: DataType.Double,
      arrayType: VariantArrayType.Matrix,
      dimensions: [2, 3],
      value: Float64Array.from([210, 215, 211, 209, 214, 210]),
    },
    [2, 3],
  );
  addLoadMethod(opcua, space, machine, object, current);
}

function addLoadMethod(
  opcua: Opcua,
  space: AddressSpace,
  machine: Machine,
  object: UAObject,
  current: UAVariable,
): void {
  const { DataType, StatusCodes } = opcua;
  const text = (name: string, description: string, dataType: unknown, rank = -1) =>
    ({ name, description: { text: description }, dataType, valueRank: rank }) as never;
  const index = space.getNamespaceIndex(NAMESPACE);
  const method = space.getOwnNamespace().addMethod(object, {
    browseName: "LoadRecipe",
    nodeId: `s=${machine.name}.LoadRecipe`,
    inputArguments: [
      text("Recipe", "the new recipe", space.findDataType("Recipe", index)!.nodeId),
      text("Mode", "how it is run", space.findDataType("RecipeMode", index)!.nodeId),
      text("Offsets", "correction of each zone, °C", DataType.Int32, 1),
    ],
    outputArguments: [text("Seconds", "how long it takes", DataType.UInt32), text("Name", "its name", DataType.String)],
  });
  method.bindMethod((input, _context, done) => {
    const recipe = input[0]?.value as RecipeValue | null | undefined;
    if (!recipe?.name) return done(null, { statusCode: StatusCodes.BadInvalidArgument, outputArguments: [] });
    current.setValueFromSource({ dataType: DataType.ExtensionObject, value: recipe as never });
    const seconds = (recipe.steps ?? []).reduce((sum, step) => sum + step.seconds, 0);
    return done(null, {
      statusCode: StatusCodes.Good,
      outputArguments: [
        { dataType: DataType.UInt32, value: seconds },
        { dataType: DataType.String, value: recipe.name },
      ],
    });
  });
}

function structure(id: number, name: string, fields: readonly (readonly [string, string, string?])[]): string {
  const lines = fields.map(
    ([field, type, rank]) =>
      `<Field Name="${field}" DataType="${type}"${rank === undefined ? "" : ` ValueRank="${rank}"`}/>`,
  );
  return `<UADataType NodeId="ns=1;i=${id}" BrowseName="1:${name}"><DisplayName>${name}</DisplayName>
<References><Reference ReferenceType="HasSubtype" IsForward="false">i=22</Reference></References>
<Definition Name="1:${name}">${lines.join("")}</Definition></UADataType>
<UAObject NodeId="ns=1;i=${id + 2000}" BrowseName="Default Binary" SymbolicName="DefaultBinary"><DisplayName>Default Binary</DisplayName>
<References><Reference ReferenceType="HasEncoding" IsForward="false">ns=1;i=${id}</Reference><Reference ReferenceType="HasTypeDefinition">i=76</Reference></References></UAObject>`;
}

function enumeration(id: number, name: string, texts: readonly string[]): string {
  const entry = (text: string): string => `<LocalizedText><Text>${text}</Text></LocalizedText>`;
  return `<UADataType NodeId="ns=1;i=${id}" BrowseName="1:${name}"><DisplayName>${name}</DisplayName>
<References><Reference ReferenceType="HasSubtype" IsForward="false">i=29</Reference><Reference ReferenceType="i=46">ns=1;i=${id + 3000}</Reference></References>
<Definition Name="1:${name}">${texts.map((text, value) => `<Field Name="${text}" Value="${value}"/>`).join("")}</Definition></UADataType>
<UAVariable NodeId="ns=1;i=${id + 3000}" BrowseName="EnumStrings" DataType="i=21" ValueRank="1" ParentNodeId="ns=1;i=${id}"><DisplayName>EnumStrings</DisplayName>
<References><Reference ReferenceType="i=46" IsForward="false">ns=1;i=${id}</Reference><Reference ReferenceType="HasTypeDefinition">i=68</Reference></References>
<Value><ListOfLocalizedText xmlns="http://opcfoundation.org/UA/2008/02/Types.xsd">${texts.map(entry).join("")}</ListOfLocalizedText></Value></UAVariable>`;
}
