import type { ClientSession, NodeId } from "node-opcua";
import { type Signal, signals } from "../sample/index.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { resolveAddresses } from "./resolve.ts";
import { addressMistake } from "./tag.ts";

const UNHEARD = "no NodeId like ns=2;s=Name, and no reader of this endpoint knows it by that name";

/**
 * The NodeIds of what users name: a NodeId or browse path, or `device/metric` as a reader of the endpoint knows it.
 * @returns one entry a target: its NodeId, or the sentence why there is none
 */
export async function resolveTargets(
  endpoint: Endpoint,
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  targets: readonly string[],
): Promise<(NodeId | string)[]> {
  const addresses = targets.map((target) =>
    addressMistake(target) === undefined ? target : endpoint.names.nodeIdOf(target),
  );
  const known = addresses.filter((address) => address !== undefined);
  const found = await resolveAddresses(session, limits, opcua, known);
  let next = 0;
  return addresses.map((address) => (address === undefined ? UNHEARD : found[next++]!));
}

/** The signal that samples of a target belong to: that of the reader who knows it, otherwise one named like the address. */
export function signalOfTarget(endpoint: Endpoint, target: string): Signal {
  const name = endpoint.names.nodeIdOf(target) === undefined ? endpoint.names.nameOf(target) : target;
  const slash = name?.indexOf("/") ?? -1;
  return signals.intern({
    source: endpoint.options.name,
    device: name === undefined ? "" : name.slice(0, slash),
    metric: name === undefined ? target : name.slice(slash + 1),
  });
}
