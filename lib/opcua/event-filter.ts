import type { ContentFilterElementOptions, EventFilter, NodeId, Variant } from "node-opcua";
import { parseBrowsePath } from "./browse-path.ts";
import type { Opcua } from "./load.ts";
import { resolveNodeId } from "./resolve.ts";

/** A field that is asked of every event. */
export interface EventField {
  /** What it is called in the flow. */
  readonly name: string;
  /** Browse path below the type, `/ActiveState/Id`; empty for the NodeId of the condition. */
  readonly path: string;
  /** NodeId of the event type that declares it. */
  readonly type: string;
}

const BASE_EVENT = "i=2041";
const CONDITION = "i=2782";
const ACKNOWLEDGEABLE = "i=2881";
const ALARM = "i=2915";
const EXCLUSIVE_LIMIT = "i=9341";

/** What is asked of every event, with the plain names these fields get (OPC 10000-5 6.4.2, OPC 10000-9 5). */
export const STANDARD_FIELDS: readonly EventField[] = [
  { name: "eventId", path: "/EventId", type: BASE_EVENT },
  { name: "eventType", path: "/EventType", type: BASE_EVENT },
  { name: "time", path: "/Time", type: BASE_EVENT },
  { name: "receiveTime", path: "/ReceiveTime", type: BASE_EVENT },
  { name: "sourceName", path: "/SourceName", type: BASE_EVENT },
  { name: "sourceNode", path: "/SourceNode", type: BASE_EVENT },
  { name: "severity", path: "/Severity", type: BASE_EVENT },
  { name: "message", path: "/Message", type: BASE_EVENT },
  { name: "conditionId", path: "", type: CONDITION },
  { name: "conditionName", path: "/ConditionName", type: CONDITION },
  { name: "branchId", path: "/BranchId", type: CONDITION },
  { name: "retain", path: "/Retain", type: CONDITION },
  { name: "enabled", path: "/EnabledState/Id", type: CONDITION },
  { name: "comment", path: "/Comment", type: CONDITION },
  { name: "user", path: "/ClientUserId", type: CONDITION },
  { name: "acked", path: "/AckedState/Id", type: ACKNOWLEDGEABLE },
  { name: "confirmed", path: "/ConfirmedState/Id", type: ACKNOWLEDGEABLE },
  { name: "active", path: "/ActiveState/Id", type: ALARM },
  { name: "shelving", path: "/ShelvingState/CurrentState", type: ALARM },
  { name: "suppressed", path: "/SuppressedOrShelved", type: ALARM },
  { name: "limit", path: "/LimitState/CurrentState", type: EXCLUSIVE_LIMIT },
];

/** Which events are wanted. */
export interface EventSelection {
  /** NodeId of the event type; every kind of event where left out. */
  readonly eventType?: string;
  readonly minSeverity?: number;
  /** Names of sources; all where empty. Judged here: servers take lists of names in too many ways. */
  readonly sources?: readonly string[];
}

/**
 * The filter of a monitored item: the fields in their order, and the conditions all of which an event must meet.
 * @returns the sentence why not, where a field or the type is none
 */
export function eventFilter(
  opcua: Opcua,
  fields: readonly EventField[],
  selection: EventSelection,
  namespaces: readonly string[],
): EventFilter | string {
  const selectClauses = [];
  for (const { name, path, type } of fields) {
    const operand = fieldOperand(opcua, path, type, namespaces);
    if (typeof operand === "string") return `field ${name}: ${operand}`;
    selectClauses.push(operand);
  }
  const elements = whereElements(opcua, selection, namespaces);
  if (typeof elements === "string") return elements;
  return new opcua.EventFilter({ selectClauses, whereClause: { elements } });
}

function fieldOperand(opcua: Opcua, path: string, type: string, namespaces: readonly string[]) {
  const typeDefinitionId = resolveNodeId(opcua, type, namespaces);
  if (typeof typeDefinitionId === "string") return typeDefinitionId;
  const steps = path === "" ? [] : parseBrowsePath(path);
  if (typeof steps === "string") return `the path ${steps}`;
  const browsePath = [];
  for (const { namespace, name } of steps) {
    const namespaceIndex = typeof namespace === "number" ? namespace : namespaces.indexOf(namespace);
    if (namespaceIndex < 0) return `the server has no namespace ${namespace}`;
    browsePath.push({ namespaceIndex, name });
  }
  const { NodeId: ofTheNode, Value } = opcua.AttributeIds;
  return new opcua.SimpleAttributeOperand({
    typeDefinitionId,
    browsePath,
    attributeId: path === "" ? ofTheNode : Value,
  });
}

/** The first element is the whole: an And of the first condition and the next And, down to the last two. */
function whereElements(
  opcua: Opcua,
  { eventType, minSeverity = 0 }: EventSelection,
  namespaces: readonly string[],
): ContentFilterElementOptions[] | string {
  const { FilterOperator, DataType, LiteralOperand, ElementOperand } = opcua;
  const literal = (dataType: number, value: unknown) => new LiteralOperand({ value: { dataType, value } });
  const conditions: ContentFilterElementOptions[] = [];
  if (eventType !== undefined) {
    const type = resolveNodeId(opcua, eventType, namespaces);
    if (typeof type === "string") return `event type: ${type}`;
    conditions.push({ filterOperator: FilterOperator.OfType, filterOperands: [literal(DataType.NodeId, type)] });
  }
  const severity = fieldOperand(opcua, "/Severity", BASE_EVENT, namespaces);
  if (minSeverity > 1 && typeof severity !== "string") {
    conditions.push({
      filterOperator: FilterOperator.GreaterThanOrEqual,
      filterOperands: [severity, literal(DataType.UInt16, minSeverity)],
    });
  }
  const joints = Math.max(0, conditions.length - 1);
  const ands = Array.from({ length: joints }, (_, i) => ({
    filterOperator: FilterOperator.And,
    filterOperands: [joints + i, i === joints - 1 ? joints + i + 1 : i + 1].map(
      (index) => new ElementOperand({ index }),
    ),
  }));
  return [...ands, ...conditions];
}

/** The NodeId in a field; undefined where it holds none. */
export function nodeIdIn(variant: Variant | undefined): NodeId | undefined {
  const value: unknown = variant?.value;
  return typeof value === "object" && value !== null && "identifierType" in value ? (value as NodeId) : undefined;
}
