import type { NodeId, Variant } from "node-opcua";
import { type PlainEvent, receivedEvent } from "./event.ts";
import type { EventField, EventSelection } from "./event-filter.ts";
import type { EventTypes } from "./event-types.ts";
import type { Opcua } from "./load.ts";
import type { NotificationMessage } from "./publish-loop.ts";

/** What may stand in a message. */
export interface EventHandlers {
  /** An event that was asked for. */
  event(event: PlainEvent): void;
  refreshBegins(): void;
  refreshEnds(): void;
  /** The server asks to be asked for the state of its conditions. */
  refreshWanted(): void;
  /** Its queue was too small. */
  overflowed(): void;
  /** One event could not be read. */
  failed(error: unknown): void;
}

/** What is asked for, and what is known of it. */
export interface EventReaderOptions {
  readonly fields: readonly EventField[];
  readonly selection: EventSelection;
  readonly types: EventTypes;
  /** The type asked for, as a NodeId of this session; undefined for all. */
  readonly type: NodeId | undefined;
}

interface EventList {
  readonly events?: readonly { readonly eventFields?: readonly Variant[] | null }[] | null;
}

/** Events that the server sends about its events (OPC 10000-9 and -4). */
const NOTICE = {
  refreshStart: "i=2787",
  refreshEnd: "i=2788",
  refreshRequired: "i=2789",
  overflow: "i=3035",
} as const;

/** Reads the events of a subscription's messages. It judges for itself what was asked for: not every server does. */
export class EventReader {
  readonly #opcua: Opcua;
  readonly #options: EventReaderOptions;
  readonly #handlers: EventHandlers;
  readonly #notices: Readonly<Record<keyof typeof NOTICE, NodeId>>;

  constructor(opcua: Opcua, options: EventReaderOptions, handlers: EventHandlers) {
    this.#opcua = opcua;
    this.#options = options;
    this.#handlers = handlers;
    this.#notices = {
      refreshStart: opcua.resolveNodeId(NOTICE.refreshStart),
      refreshEnd: opcua.resolveNodeId(NOTICE.refreshEnd),
      refreshRequired: opcua.resolveNodeId(NOTICE.refreshRequired),
      overflow: opcua.resolveNodeId(NOTICE.overflow),
    };
  }

  read({ others }: NotificationMessage): void {
    for (const part of others) {
      for (const { eventFields } of (part as EventList).events ?? []) {
        try {
          this.#event(eventFields ?? []);
        } catch (error) {
          this.#handlers.failed(error);
        }
      }
    }
  }

  #event(values: readonly Variant[]): void {
    const { fields, types } = this.#options;
    const { type, event } = receivedEvent(fields, values, types);
    const isA = (known: keyof typeof NOTICE): boolean =>
      type !== undefined && this.#opcua.sameNodeId(type, this.#notices[known]);
    if (isA("refreshStart")) this.#handlers.refreshBegins();
    else if (isA("refreshEnd")) this.#handlers.refreshEnds();
    else if (isA("refreshRequired")) this.#handlers.refreshWanted();
    else if (isA("overflow")) this.#handlers.overflowed();
    else if (this.#isWanted(type, event)) this.#handlers.event(event);
  }

  #isWanted(type: NodeId | undefined, event: PlainEvent): boolean {
    const { selection, types, type: wanted } = this.#options;
    const { minSeverity = 0, sources = [] } = selection;
    if (event.severity < minSeverity || (sources.length > 0 && !sources.includes(event.sourceName))) return false;
    return wanted === undefined || type === undefined || types.isKindOf(type, wanted);
  }
}
