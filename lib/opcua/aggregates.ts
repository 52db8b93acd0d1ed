import type { ClientSession, NodeId } from "node-opcua";
import { FplusError } from "../errors/index.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Opcua } from "./load.ts";

/** HistoryServerCapabilities.AggregateFunctions, and ServerCapabilities.AggregateFunctions where the first is empty. */
const AGGREGATE_FOLDERS = ["i=11201", "i=2997"] as const;
const HIERARCHICAL_REFERENCES = "i=33";
const NAME_ONLY = 8;

/** The aggregates of history that a server offers, by name (`Average`, `Minimum`, …); empty where it lists none. */
export function historyAggregates(endpoint: Endpoint): Promise<string[]> {
  return endpoint.withSession(async (session, _limits, opcua) => [...(await listed(session, opcua)).keys()]);
}

/**
 * The NodeId of an aggregate: as the server lists it, otherwise the standard's own of that name.
 * @throws FplusError `opcua.history` naming those that there are
 */
export async function aggregateNode(session: ClientSession, opcua: Opcua, name: string): Promise<NodeId> {
  const known = await listed(session, opcua);
  const found = known.get(name) ?? [...known].find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
  if (found !== undefined) return found;
  const standard = (opcua.AggregateFunction as unknown as Readonly<Record<string, unknown>>)[name];
  if (known.size === 0 && typeof standard === "number") return opcua.resolveNodeId(`i=${standard}`);
  throw new FplusError("opcua.history", `the server has no aggregate ${name}`, {
    field: "aggregate",
    hint: known.size === 0 ? "It lists none." : `It has ${[...known.keys()].join(", ")}.`,
  });
}

async function listed(session: ClientSession, opcua: Opcua): Promise<Map<string, NodeId>> {
  const results = await session.browse(
    AGGREGATE_FOLDERS.map((nodeId) => ({
      nodeId,
      referenceTypeId: HIERARCHICAL_REFERENCES,
      includeSubtypes: true,
      browseDirection: opcua.BrowseDirection.Forward,
      resultMask: NAME_ONLY,
    })),
  );
  const references = results.find(({ references: found }) => found != null && found.length > 0)?.references ?? [];
  return new Map(references.map(({ browseName, nodeId }) => [browseName.name ?? "", nodeId]));
}
