import type { CreateMonitoredItemsResponse, EventFilter, NodeId } from "node-opcua";
import { FplusError } from "../errors/index.ts";
import { perform } from "./internals.ts";
import type { SessionLink } from "./session-link.ts";

/** An item for the events of a node. */
export interface EventItem {
  readonly subscriptionId: number;
  readonly nodeId: NodeId;
  /** How the user named the node. */
  readonly notifier: string;
  readonly filter: EventFilter;
  /** Events the server keeps between two publish responses. */
  readonly queueSize: number;
}

/** Answers that mean: without the condition it would have worked. */
const FILTER_REFUSED = /^BadEventFilterInvalid|^BadMonitoredItemFilter|^BadFilter|^BadContentFilterInvalid/;

/**
 * Makes the item on the server; where the server cannot judge the filter's condition, one without it, which sends every event.
 * @returns the StatusCode with which the condition was refused; empty where it was not
 * @throws FplusError `opcua.event` where the node reports no events; Error of node-opcua
 */
export async function createEventItem(link: SessionLink, item: EventItem): Promise<string> {
  const { filter, notifier } = item;
  let status = await create(link, item);
  let refused = "";
  if (FILTER_REFUSED.test(status) && (filter.whereClause.elements?.length ?? 0) > 0) {
    refused = status;
    const all = new link.opcua.EventFilter({ selectClauses: filter.selectClauses ?? [] });
    status = await create(link, { ...item, filter: all });
  }
  if (status === "Good") return refused;
  throw new FplusError("opcua.event", `the server does not report events of this node: ${status}`, {
    field: notifier || "notifier",
    hint: "Choose a node whose EventNotifier says SubscribeToEvents; the Server object reports all.",
  });
}

async function create({ opcua, session }: SessionLink, item: EventItem): Promise<string> {
  const { subscriptionId, nodeId, filter, queueSize } = item;
  const response = await perform<CreateMonitoredItemsResponse>(
    session,
    new opcua.CreateMonitoredItemsRequest({
      subscriptionId,
      timestampsToReturn: opcua.TimestampsToReturn.Neither,
      itemsToCreate: [
        {
          itemToMonitor: { nodeId, attributeId: opcua.AttributeIds.EventNotifier },
          monitoringMode: opcua.MonitoringMode.Reporting,
          requestedParameters: { clientHandle: 1, samplingInterval: 0, queueSize, discardOldest: true, filter },
        },
      ],
    }),
  );
  return response.results?.[0]?.statusCode.name ?? "no result";
}
