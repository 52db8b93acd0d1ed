import type { Argument, ClientSession, DataValue, NodeId, Variant } from "node-opcua";
import { FplusError } from "../errors/index.ts";
import { SampleBatch, type SampleValue } from "../sample/index.ts";
import { addDataValue } from "./data-value.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { resolveAddresses } from "./resolve.ts";
import { addressMistake } from "./tag.ts";
import { variantFor } from "./variant.ts";

/** One argument as the method declares it. */
export interface MethodArgument {
  readonly name: string;
  /** Name of its built-in type; arrays end in `[]`. */
  readonly type: string;
  readonly description: string;
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
  /** Output arguments by name. */
  readonly outputs: Readonly<Record<string, SampleValue>>;
}

/** Arguments in the method's order, or by name. */
export type CallArguments = readonly unknown[] | Readonly<Record<string, unknown>>;

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
    const { inputArguments, outputArguments } = await definitionOf(session, method, target);
    return {
      inputs: await Promise.all(inputArguments.map((argument) => described(session, opcua, argument))),
      outputs: await Promise.all(outputArguments.map((argument) => described(session, opcua, argument))),
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
    const { inputArguments, outputArguments } = await definitionOf(session, method, target);
    const values = inOrder(inputArguments, given, target);
    const inputs: Variant[] = [];
    for (const [i, argument] of inputArguments.entries()) {
      const type = { dataType: await opcua.findBasicDataType(session, argument.dataType), rank: argument.valueRank };
      const variant = variantFor(opcua, type, values[i]);
      if (typeof variant === "string") throw fault(`${argument.name}: ${variant}`, String(argument.name));
      inputs.push(variant);
    }
    const result = await session.call({ objectId: object, methodId: method, inputArguments: inputs });
    if (!result.statusCode.isGood()) {
      const refused = (result.inputArgumentResults ?? []).flatMap((code, i) =>
        code.isGood() ? [] : [`${inputArguments[i]?.name ?? i}: ${code.name}`],
      );
      throw fault(`the server answered ${[result.statusCode.name, ...refused].join("; ")}`, target.method);
    }
    return { status: result.statusCode.name, outputs: outputsOf(outputArguments, result.outputArguments ?? []) };
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
  method: NodeId,
  target: MethodTarget,
): Promise<{ inputArguments: Argument[]; outputArguments: Argument[] }> {
  try {
    return await session.getArgumentDefinition(method);
  } catch (error) {
    throw new FplusError("opcua.call", "the server has no such method", { field: target.method, cause: error });
  }
}

async function described(session: ClientSession, opcua: Opcua, argument: Argument): Promise<MethodArgument> {
  const type = opcua.DataType[await opcua.findBasicDataType(session, argument.dataType)];
  return {
    name: argument.name ?? "",
    type: argument.valueRank >= 0 ? `${type}[]` : type,
    description: argument.description.text ?? "",
  };
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

function outputsOf(declared: readonly Argument[], variants: readonly Variant[]): Record<string, SampleValue> {
  const outputs: Record<string, SampleValue> = Object.create(null) as Record<string, SampleValue>;
  for (const [i, value] of variants.entries()) {
    const batch = new SampleBatch(1);
    const data = { value, statusCode: { value: 0 }, sourceTimestamp: null, serverTimestamp: null };
    addDataValue(batch, 0, data as unknown as DataValue, Date.now());
    outputs[declared[i]?.name ?? String(i)] = batch.value(0);
  }
  return outputs;
}

function fault(message: string, field: string): FplusError {
  return new FplusError("opcua.call", message, { field });
}
