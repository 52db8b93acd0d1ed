import type { ClientSession, ExtraDataTypeManager, NodeId, Variant } from "node-opcua";
import { readAttribute } from "./attributes.ts";
import { readDataTypes } from "./data-types.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { stableNodeId } from "./node-id.ts";

/** A structure as it came off the wire, because its type was not known there: the id of its encoding, and the bytes. */
interface OpaqueStructure {
  readonly nodeId: NodeId;
  readonly buffer: Buffer;
}

/** The part of node-opcua's schemas that is read here. */
interface StructureSchema {
  readonly name: string;
  readonly fields: readonly {
    readonly name: string;
    /** As the server writes it; node-opcua begins its own names with a small letter. */
    readonly originalName?: string;
    readonly fieldType: string;
    /** Of a field that is an enumeration: numbers by name. */
    readonly schema?: { readonly enumValues?: Readonly<Record<string, unknown>> };
  }[];
  getBaseSchema?(): StructureSchema | null;
}

const STANDARD_NAMESPACE = 0;
/** DataTypes that say nothing of what a value holds: BaseDataType, Structure, and Union. */
const ABSTRACT_TYPES: ReadonlySet<number> = new Set([24, 22, 12756]);
/** What is nested deeper is left out: no plant has it, and hostile bytes may. */
const MAX_DEPTH = 30;
const MATRIX = 2;
/** By number of their built-in type, the integers that node-opcua gives as two words. */
const WIDE_TYPES: Readonly<Record<number, string>> = { 8: "Int64", 9: "UInt64" };

/** The structures that a server defines itself: learnt once a session, decoded value by value without waiting. */
export class StructureTypes {
  readonly #session: ClientSession;
  readonly #opcua: Opcua;
  #manager: ExtraDataTypeManager | undefined;
  #namespaces: readonly string[] = [];
  #learning = false;
  readonly #onUndecoded: () => void;

  private constructor(session: ClientSession, opcua: Opcua, onUndecoded: () => void) {
    this.#session = session;
    this.#opcua = opcua;
    this.#onUndecoded = onUndecoded;
  }

  /**
   * Looks which of some variables hold structures of the server's own, and learns their types if any does. `onUndecoded` is
   * told of every value that goes on as base64, because its type is unknown or its bytes do not fit it; `known` are the
   * DataTypes of the variables, where they were read already.
   */
  static async of(
    session: ClientSession,
    limits: ServerLimits,
    opcua: Opcua,
    variables: readonly NodeId[],
    onUndecoded: () => void,
    known?: readonly (NodeId | undefined)[],
  ): Promise<StructureTypes> {
    const types = new StructureTypes(session, opcua, onUndecoded);
    const { AttributeIds, DataType } = opcua;
    const dataTypes = known ?? (await readDataTypes(session, limits, opcua, variables));
    const asked = new Set<string>();
    const candidates = variables.filter((_, i) => {
      const dataType = dataTypes[i];
      if (dataType === undefined) return false;
      const isAbstract = dataType.namespace === STANDARD_NAMESPACE && ABSTRACT_TYPES.has(Number(dataType.value));
      if (isAbstract) return true;
      const isKnown = dataType.namespace === STANDARD_NAMESPACE && Number(dataType.value) > 0;
      const key = dataType.toString();
      if (isKnown || asked.has(key)) return false;
      asked.add(key);
      return true;
    });
    const values = await readAttribute(session, limits, candidates, AttributeIds.Value);
    if (values.some(({ value }) => value?.dataType === DataType.ExtensionObject)) await types.#learn();
    return types;
  }

  /** Knows every structure that the server describes. */
  static async all(
    session: ClientSession,
    opcua: Opcua,
    onUndecoded: () => void = () => undefined,
  ): Promise<StructureTypes> {
    const types = new StructureTypes(session, opcua, onUndecoded);
    await types.#learn();
    return types;
  }

  /** The structure in some bytes; undefined where its type is unknown or they do not fit. */
  decode(opaque: OpaqueStructure): object | undefined {
    if (this.#manager === undefined) {
      this.#onUndecoded();
      if (!this.#learning) this.#learn().catch(() => undefined);
      return undefined;
    }
    try {
      const Constructor = this.#manager.getExtensionObjectConstructorFromBinaryEncoding(opaque.nodeId);
      const structure = new Constructor();
      structure.decode(new this.#opcua.BinaryStream(opaque.buffer));
      return structure;
    } catch {
      this.#onUndecoded();
      return undefined;
    }
  }

  /** The id of an encoding, by the URI of its namespace. */
  typeId({ nodeId }: OpaqueStructure): string {
    return stableNodeId(nodeId.toString(), this.#namespaces);
  }

  async #learn(): Promise<void> {
    this.#learning = true;
    try {
      this.#namespaces = await this.#session.readNamespaceArray();
      this.#manager = await this.#opcua.getExtraDataTypeManager(this.#session);
    } catch {
      // A server whose type descriptions cannot be read still has its values, as base64; it is not asked again and again.
      this.#manager = undefined;
    }
  }
}

/**
 * A value that has no Sparkplug type, as text: names and localized texts as they are, everything else as JSON. Structures
 * have the server's names of their fields, matrices are nested arrays, 64-bit integers beyond 2^53 and bytes (base64) are text.
 */
export function textOfVariant(variant: Variant, structures?: StructureTypes): string {
  const plain = plainOfVariant(variant, structures, 0);
  return typeof plain === "string" ? plain : (JSON.stringify(plain) ?? "null");
}

/** Any value that node-opcua decodes, as plain JSON: see `textOfVariant`. */
export function plainOfVariant(variant: Variant, structures?: StructureTypes, depth = 0): unknown {
  const { value, dimensions } = variant as { value: unknown; dimensions: readonly number[] | null };
  const wide = WIDE_TYPES[variant.dataType] ?? "";
  if (variant.arrayType !== MATRIX || dimensions === null || dimensions.length < 2)
    return plainOf(value, wide, structures, depth);
  return nested(value as ArrayLike<unknown>, dimensions, (part) => plainOf(part, wide, structures, depth + 1));
}

/** A list in row order as arrays within arrays. */
function nested(values: ArrayLike<unknown>, dimensions: readonly number[], of: (part: unknown) => unknown): unknown {
  const build = (level: number, from: number): unknown => {
    const size = dimensions[level]!;
    if (level === dimensions.length - 1) return Array.from({ length: size }, (_, i) => of(values[from + i]));
    const stride = dimensions.slice(level + 1).reduce((product, length) => product * length, 1);
    return Array.from({ length: size }, (_, i) => build(level + 1, from + i * stride));
  };
  return build(0, 0);
}

/** Anything that node-opcua decodes, as plain JSON. */
function plainOf(value: unknown, fieldType: string, structures: StructureTypes | undefined, depth: number): unknown {
  if (typeof value === "bigint") return wideOf(value);
  if (typeof value !== "object" || value === null) return value ?? null;
  if (depth > MAX_DEPTH) return "…";
  if (/^U?Int64$/.test(fieldType) && isWords(value)) return wideOf(joined(value, fieldType === "Int64"));
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value) && fieldType !== "Byte") return value.toString("base64");
  if (Array.isArray(value) || ArrayBuffer.isView(value))
    return Array.from(value as ArrayLike<unknown>, (part) => plainOf(part, fieldType, structures, depth + 1));
  const named = value as Record<string, unknown>;
  if ("locale" in named && "text" in named) return named["text"] ?? "";
  if ("namespaceIndex" in named && "name" in named) return named["name"] ?? "";
  if ("identifierType" in named || value.constructor.name.endsWith("StatusCode")) return nameOf(named);
  if ("arrayType" in named && "dataType" in named) return plainOfVariant(value as Variant, structures, depth + 1);
  if (isOpaque(value)) {
    const decoded = structures?.decode(value);
    if (decoded !== undefined) return plainOf(decoded, "", structures, depth + 1);
    return {
      type: structures?.typeId(value) ?? value.nodeId.toString(),
      base64: value.buffer.toString("base64"),
    };
  }
  const { schema } = value as { readonly schema?: StructureSchema };
  return schema === undefined ? fieldsOf(named, structures, depth) : structureOf(named, schema, structures, depth);
}

function structureOf(
  value: Record<string, unknown>,
  schema: StructureSchema,
  structures: StructureTypes | undefined,
  depth: number,
): Record<string, unknown> {
  const base = schema.getBaseSchema?.() ?? null;
  const plain = base === null ? {} : structureOf(value, base, structures, depth);
  for (const { name, originalName, fieldType, schema: field } of schema.fields) {
    const part = value[name];
    // An optional field that is absent, or the branches of a union that do not hold.
    if (part === undefined) continue;
    const text = typeof part === "number" ? enumText(field?.enumValues, part) : undefined;
    plain[originalName ?? name] = text ?? plainOf(part, fieldType, structures, depth + 1);
  }
  return plain;
}

function enumText(values: Readonly<Record<string, unknown>> | undefined, number: number): string | undefined {
  return values && Object.keys(values).find((name) => values[name] === number);
}

function fieldsOf(value: Record<string, unknown>, structures: StructureTypes | undefined, depth: number): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, plainOf(part, "", structures, depth + 1)]),
  );
}

function isOpaque(value: object): value is OpaqueStructure {
  return "nodeId" in value && "buffer" in value && Buffer.isBuffer(value.buffer);
}

function nameOf(value: Record<string, unknown>): string {
  return typeof value["name"] === "string" ? value["name"] : String(value);
}

function isWords(value: object): value is readonly [high: number, low: number] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "number";
}

function joined([high, low]: readonly [number, number], signed: boolean): bigint {
  const wide = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return signed ? BigInt.asIntN(64, wide) : wide;
}

/** Exact as a number, or else as text. */
function wideOf(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}
