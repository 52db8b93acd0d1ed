import type { DataType, ExtensionObject } from "node-opcua";
import type { EnumTexts } from "./enumeration.ts";

/** What the server says that a variable, an argument or a field takes. */
export interface ValueShape {
  /** The built-in type behind its DataType. */
  readonly dataType: DataType;
  /** ValueRank: -1 for one value only, 1 for a list, 2 and more for matrices, 0 for any array, below -1 either. */
  readonly rank: number;
  /** Texts of its numbers, where it is an enumeration. */
  readonly texts?: EnumTexts;
  /** `EURange`, where it has one. */
  readonly range?: readonly [low: number, high: number];
  /** Its fields, where it is a structure that the server describes. */
  readonly structure?: StructureShape;
}

/** A structure as its server declares it. */
export interface StructureShape {
  readonly name: string;
  readonly fields: readonly StructureField[];
  /** Makes one from its fields by `key`, each as node-opcua holds it. */
  readonly make: (fields: Readonly<Record<string, unknown>>) => ExtensionObject;
}

/** A field of a structure. */
export interface StructureField extends ValueShape {
  /** As the server writes it. */
  readonly name: string;
  /** As node-opcua writes it. */
  readonly key: string;
  /** May be left out: an optional field, or one branch of a union. */
  readonly optional: boolean;
}
