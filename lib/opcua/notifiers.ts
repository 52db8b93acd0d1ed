import { readAttribute } from "./attributes.ts";
import { batchSize } from "./batches.ts";
import type { Endpoint } from "./endpoint.ts";
import { stableNodeId } from "./node-id.ts";

/** Something that reports events, or is their source. */
export interface Notifier {
  readonly nodeId: string;
  readonly name: string;
  /** Whether it can be subscribed to; otherwise its events are heard from what stands above it. */
  readonly reports: boolean;
}

const SERVER_OBJECT = "i=2253";
/** HasEventSource, with its subtype HasNotifier (OPC 10000-3 7.18). */
const HAS_EVENT_SOURCE = "i=36";
const NAME_AND_CLASS = 63;
const SUBSCRIBE_TO_EVENTS = 1;
const MOST_NOTIFIERS = 1_000;

/** What a server says reports events: the tree of HasNotifier and HasEventSource below the Server object, nearest first. */
export function eventNotifiers(endpoint: Endpoint): Promise<Notifier[]> {
  return endpoint.withSession(async (session, limits, opcua) => {
    const namespaces = await session.readNamespaceArray();
    const found = new Map<string, string>();
    let level = [SERVER_OBJECT];
    while (level.length > 0 && found.size < MOST_NOTIFIERS) {
      const below: string[] = [];
      await batchSize(limits, "nodesPerBrowse").run(level, async (part) => {
        const results = await session.browse(
          part.map((nodeId) => ({
            nodeId,
            referenceTypeId: HAS_EVENT_SOURCE,
            includeSubtypes: true,
            browseDirection: opcua.BrowseDirection.Forward,
            resultMask: NAME_AND_CLASS,
          })),
        );
        for (const { nodeId, displayName, browseName } of results.flatMap(({ references }) => references ?? [])) {
          const id = nodeId.toString();
          if (found.has(id) || found.size >= MOST_NOTIFIERS) continue;
          found.set(id, displayName.text || browseName.name || id);
          below.push(id);
        }
      });
      level = below;
    }
    const nodeIds = [...found.keys()];
    const values = await readAttribute(session, limits, nodeIds, opcua.AttributeIds.EventNotifier);
    return nodeIds.map((nodeId, i) => {
      const bits = Number(values[i]?.value?.value ?? 0);
      return {
        nodeId: stableNodeId(nodeId, namespaces),
        name: found.get(nodeId)!,
        reports: (bits & SUBSCRIBE_TO_EVENTS) !== 0,
      };
    });
  });
}
