import type { NodeId, Variant } from "node-opcua";
import { type EventField, nodeIdIn } from "./event-filter.ts";
import type { EventTypes } from "./event-types.ts";
import { plainOfVariant } from "./structure.ts";

/** An event as it goes into a flow. Fields of a condition are there where it is one; fields of the type's own follow. */
export interface PlainEvent {
  /** Hexadecimal: what acknowledging it takes. */
  readonly eventId: string;
  /** BrowseName of its type. */
  readonly eventType: string;
  readonly eventTypeId: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly sourceName: string;
  /** 1 to 1000. */
  readonly severity: number;
  readonly message: string;
  readonly conditionId?: string;
  readonly conditionName?: string;
  /** There where it is an earlier state of the condition that still wants attention. */
  readonly branchId?: string;
  readonly retain?: boolean;
  readonly enabled?: boolean;
  readonly active?: boolean;
  readonly acked?: boolean;
  readonly confirmed?: boolean;
  readonly [field: string]: unknown;
}

/** What the monitor itself must know of an event. */
export interface ReceivedEvent {
  readonly type: NodeId | undefined;
  readonly event: PlainEvent;
}

/** 1 January 1601, with which OPC UA says that there is no time. */
const NO_TIME = -11_644_473_600_000;
const NULL_NODE = /^(ns=0;)?i=0$/;

/** Puts the fields of a notification together; those that the event does not have are left out. */
export function receivedEvent(
  fields: readonly EventField[],
  values: readonly Variant[],
  types: EventTypes,
): ReceivedEvent {
  const event: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  Object.assign(event, {
    eventId: "",
    eventType: "",
    eventTypeId: "",
    time: 0,
    sourceName: "",
    severity: 0,
    message: "",
  });
  let type: NodeId | undefined;
  fields.forEach(({ name }, i) => {
    const variant = values[i];
    const value = fieldValue(variant);
    if (value === null || value === undefined) return;
    if (name === "eventType") {
      type = nodeIdIn(variant);
      event["eventTypeId"] = value;
      event["eventType"] = type === undefined ? value : types.nameOf(type);
    } else if ((name === "branchId" || name === "conditionId") && NULL_NODE.test(String(value))) return;
    else event[name] = value;
  });
  return { type, event: event as unknown as PlainEvent };
}

function fieldValue(variant: Variant | undefined): unknown {
  const value: unknown = variant?.value;
  if (variant === undefined || value === null || value === undefined) return undefined;
  if (value instanceof Date) return value.getTime() > NO_TIME ? value.getTime() : undefined;
  if (Buffer.isBuffer(value)) return value.toString("hex");
  return nodeIdIn(variant)?.toString() ?? plainOfVariant(variant);
}
