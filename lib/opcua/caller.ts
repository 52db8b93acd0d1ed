import type { Argument, ClientSession, NodeId, Variant } from "node-opcua";
import { FplusError } from "../errors/index.ts";
import type { Endpoint } from "./endpoint.ts";
import { type ServerLimits, tooLarge } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { resolveAddresses } from "./resolve.ts";
import { plainOfVariant, StructureTypes } from "./structure.ts";
import { addressMistake } from "./tag.ts";
import type { ValueShape } from "./shape.ts";
import { readArgumentShapes } from "./value-shape.ts";
import { variantFor } from "./variant.ts";

/** One argument as the method declares it. */
export interface MethodArgument {
  readonly name: string;
  /** Name of its built-in type or structure; arrays end in `[]`. */
  readonly type: string;
  readonly description: string;
  /** Texts of its values, where it is an enumeration or a Boolean. */
  readonly choices?: readonly string[];
  /** A value to begin with, where it is an array or a structure. */
  readonly example?: unknown;
}

/** A method and the object it is called on. */
export interface MethodTarget {
  /** NodeIds or browse paths, as users write them. */
  readonly object: string;
  readonly method: string;
}

/** What a call came to. */
export interface CallResult {
  /** StatusCode by name; `Good` where the server just did it. */
  readonly status: string;
  /** Output arguments by name, structures and arrays as plain JSON. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Arguments in the method's order, or by name. */
export type CallArguments = readonly unknown[] | Readonly<Record<string, unknown>>;

interface Definition {
  readonly inputs: readonly Argument[];
  readonly outputs: readonly Argument[];
  readonly shapes: readonly ValueShape[];
}

/** What methods declare, by NodeId and for as long as the session lives. */
const known = new WeakMap<ClientSession, Map<string, Definition>>();

/**
 * The arguments a method takes and gives.
 * @throws FplusError `opcua.unreachable`, `opcua.call` naming the NodeId
 */
export function methodArguments(
  endpoint: Endpoint,
  target: MethodTarget,
): Promise<{ inputs: MethodArgument[]; outputs: MethodArgument[] }> {
  return endpoint.withSession(async (session, limits, opcua) => {
    const { method } = await resolve(session, limits, opcua, target);
    const { inputs, outputs, shapes } = await definitionOf(session, limits, opcua, method, target);
    const given = await readArgumentShapes(session, limits, opcua, outputs);
    return {
      inputs: inputs.map((argument, i) => described(opcua, argument, shapes[i]!)),
      outputs: outputs.map((argument, i) => described(opcua, argument, given[i]!)),
    };
  });
}

/**
 * Calls a method, with arguments made to fit the types it declares.
 * @throws FplusError `opcua.unreachable`; `opcua.call` naming the argument that does not fit, or the server's StatusCode
 */
export function callMethod(endpoint: Endpoint, target: MethodTarget, given: CallArguments): Promise<CallResult> {
  return endpoint.withSession(async (session, limits, opcua) => {
    const { object, method } = await resolve(session, limits, opcua, target);
    const { inputs, outputs, shapes } = await definitionOf(session, limits, opcua, method, target);
    const values = inOrder(inputs, given, target);
    const inputArguments = inputs.map(({ name }, i) => {
      const variant = variantFor(opcua, shapes[i]!, values[i]);
      const flaw = typeof variant === "string" ? variant : tooLarge(variant.value, limits);
      if (flaw !== undefined || typeof variant === "string") throw fault(`${name}: ${flaw}`, String(name));
      return variant;
    });
    const result = await session.call({ objectId: object, methodId: method, inputArguments });
    if (!result.statusCode.isGoodish()) {
      const refused = (result.inputArgumentResults ?? []).flatMap((code, i) =>
        code.isGood() ? [] : [`${inputs[i]?.name ?? i}: ${code.name}`],
      );
      throw fault(`the server answered ${[result.statusCode.name, ...refused].join("; ")}`, target.method);
    }
    const outputArguments = result.outputArguments ?? [];
    const isStructured = outputArguments.some(({ dataType }) => dataType === opcua.DataType.ExtensionObject);
    const structures = isStructured ? await StructureTypes.all(session, opcua) : undefined;
    return { status: result.statusCode.name, outputs: outputsOf(outputs, outputArguments, structures) };
  });
}

async function resolve(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  target: MethodTarget,
): Promise<{ object: NodeId; method: NodeId }> {
  const addresses = [target.object, target.method];
  for (const address of addresses) {
    const mistake = addressMistake(address);
    if (mistake !== undefined) throw fault(mistake, address);
  }
  const [object, method] = (await resolveAddresses(session, limits, opcua, addresses)).map((found, i) => {
    if (typeof found === "string") throw fault(found, addresses[i]!);
    return found;
  });
  return { object: object!, method: method! };
}

async function definitionOf(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  method: NodeId,
  target: MethodTarget,
): Promise<Definition> {
  const ofSession = known.get(session) ?? new Map<string, Definition>();
  known.set(session, ofSession);
  const before = ofSession.get(method.toString());
  if (before !== undefined) return before;
  try {
    const { inputArguments: inputs, outputArguments: outputs } = await session.getArgumentDefinition(method);
    const definition = { inputs, outputs, shapes: await readArgumentShapes(session, limits, opcua, inputs) };
    ofSession.set(method.toString(), definition);
    return definition;
  } catch (error) {
    throw new FplusError("opcua.call", "the server has no such method", { field: target.method, cause: error });
  }
}

function described(opcua: Opcua, { name, description }: Argument, shape: ValueShape): MethodArgument {
  const { dataType, rank, texts, structure } = shape;
  const type = structure?.name ?? opcua.DataType[dataType];
  const choices = texts !== undefined ? [...texts.values()] : type === "Boolean" ? ["true", "false"] : undefined;
  return {
    name: name ?? "",
    type: rank >= 0 ? `${type}[]` : type,
    description: description.text ?? "",
    ...(choices === undefined || rank >= 0 ? {} : { choices }),
    ...(rank >= 0 || structure !== undefined ? { example: exampleOf(opcua, shape) } : {}),
  };
}

/** What such a value looks like. */
function exampleOf(opcua: Opcua, { dataType, rank, texts, structure }: ValueShape): unknown {
  const { DataType } = opcua;
  const one =
    texts !== undefined
      ? ([...texts.values()][0] ?? 0)
      : structure !== undefined
        ? Object.fromEntries(structure.fields.map((field) => [field.name, exampleOf(opcua, field)]))
        : dataType === DataType.Boolean
          ? false
          : dataType >= DataType.SByte && dataType <= DataType.Double
            ? 0
            : "";
  return rank >= 0 ? [one] : one;
}

function inOrder(declared: readonly Argument[], given: CallArguments, target: MethodTarget): unknown[] {
  if (Array.isArray(given)) {
    if (given.length !== declared.length) {
      const names = declared.map(({ name }) => name).join(", ") || "none";
      throw fault(`${given.length} arguments given, the method takes ${declared.length} (${names})`, target.method);
    }
    return [...(given as readonly unknown[])];
  }
  const byName = given as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(byName).find((name) => !declared.some((argument) => argument.name === name));
  if (unknown !== undefined) throw fault("the method has no argument of that name", unknown);
  return declared.map(({ name }) => byName[name ?? ""]);
}

function outputsOf(
  declared: readonly Argument[],
  variants: readonly Variant[],
  structures: StructureTypes | undefined,
): Record<string, unknown> {
  const outputs: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [i, variant] of variants.entries())
    outputs[declared[i]?.name ?? String(i)] = plainOfVariant(variant, structures);
  return outputs;
}

function fault(message: string, field: string): FplusError {
  return new FplusError("opcua.call", message, { field });
}
