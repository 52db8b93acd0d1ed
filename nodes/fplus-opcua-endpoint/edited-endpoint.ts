import type { NodeAPI, NodeDef } from "node-red";
import path from "node:path";
import { FplusError, messageOf } from "../../lib/errors/index.ts";
import { Endpoint, type EndpointOptions } from "../../lib/opcua/index.ts";
import { plantOf } from "../frame/plant.ts";
import { substitute } from "../frame/substitute.ts";
import { type EndpointConfig, type EndpointCredentials, endpointOptions } from "./options.ts";

/** An endpoint as the editor has it: deployed, changed or quite new. Credentials are those typed since the last deploy. */
export interface EditedEndpoint extends EndpointConfig {
  readonly id: string;
  readonly credentials?: EndpointCredentials;
}

const CONNECT_MS = 10_000;

/** The options of a connection with the values that the editor has. */
export function optionsOfEdited(RED: NodeAPI, edited: EditedEndpoint): EndpointOptions {
  const { credentials: typed = {}, ...fields } = edited;
  // What is stored is sent to the stored address only: whoever changes the address types the password again.
  const stored = hasAddress(RED, edited)
    ? ((RED.nodes.getCredentials(edited.id) ?? {}) as Record<string, string | undefined>)
    : {};
  const credentials = { ...stored, ...typed };
  return endpointOptions(fromEnvironment(fields), fromEnvironment(credentials), pkiFolderOf(RED));
}

/** Where this plant's certificates lie. */
export function pkiFolderOf(RED: NodeAPI): string {
  return path.join(plantOf(RED).stateDir, "pki", "client");
}

/**
 * A connection with a dialog's values, once it stands; the caller closes it.
 * @throws FplusError saying why it could not be made
 */
export async function connectEdited(options: EndpointOptions): Promise<Endpoint> {
  const failure: { error?: unknown } = {};
  const endpoint = new Endpoint({ ...options, patienceMs: 0 });
  endpoint.listen({ onError: (error) => (failure.error ??= error) });
  try {
    endpoint.start();
    const deadline = Date.now() + CONNECT_MS;
    while (endpoint.state !== "up") {
      if (failure.error !== undefined) throw failure.error;
      if (Date.now() > deadline)
        throw new FplusError("opcua.unreachable", endpoint.reason || "no answer", { field: options.url });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return endpoint;
  } catch (error) {
    await endpoint.close();
    throw error;
  }
}

function hasAddress(RED: NodeAPI, { id, url, standIns = "" }: EditedEndpoint): boolean {
  let same = false;
  RED.nodes.eachNode((definition) => {
    const node = definition as NodeDef & EndpointConfig;
    if (node.id === id) same = node.url === url && (node.standIns ?? "") === standIns;
  });
  return same;
}

/** The same object, with what is `${NAME}` as a whole taken from the environment. */
export function fromEnvironment<T extends object>(fields: T): T {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === "string" ? substitute(value, (variable) => process.env[variable]) : (value as unknown),
    ]),
  ) as T;
}

/** An error as a dialog says it: what is wrong and the way out, without the code that is for flows and logs. */
export function sentenceOf(error: unknown): string {
  const text = error instanceof FplusError ? error.message : messageOf(error);
  const hint = error instanceof FplusError && error.hint !== undefined ? ` ${error.hint}` : "";
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}${hint}`;
}
