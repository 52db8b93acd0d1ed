import type { IConnectPacket, IPublishPacket, Packet } from "mqtt-packet";
import { decodeWithProtobufJs } from "../../support/sparkplug/schema.ts";
import type { TappedPacket } from "./tap.ts";

/** A metric by the letter of the schema: names of the fields, 64-bit integers as text. */
export interface RawMetric {
  readonly name?: string;
  readonly alias?: string;
  readonly timestamp?: string;
  readonly datatype?: number;
  readonly is_historical?: boolean;
  readonly is_null?: boolean;
  readonly properties?: { readonly keys?: string[]; readonly values?: RawProperty[] };
  readonly dataset_value?: RawDataSet;
  readonly template_value?: RawTemplate;
  readonly [field: string]: unknown;
}
/** A property by the letter of the schema. */
export interface RawProperty {
  readonly type?: number;
  readonly int_value?: number;
  readonly [field: string]: unknown;
}
/** A data set by the letter of the schema. */
export interface RawDataSet {
  readonly num_of_columns?: string;
  readonly columns?: string[];
  readonly types?: number[];
  readonly rows?: { elements?: Record<string, unknown>[] }[];
}
/** A template by the letter of the schema. */
export interface RawTemplate {
  readonly version?: string;
  readonly metrics?: RawMetric[];
  readonly parameters?: { name?: string; type?: number; [field: string]: unknown }[];
  readonly template_ref?: string;
  readonly is_definition?: boolean;
}

/** A Sparkplug message that a client published, decoded by an implementation that is not ours. */
export interface Message {
  readonly index: number;
  readonly at: number;
  readonly connection: number;
  readonly topic: string;
  readonly type: string;
  readonly device: string;
  readonly packet: IPublishPacket;
  readonly timestamp: string | undefined;
  readonly seq: number | undefined;
  readonly metrics: readonly RawMetric[];
}

/** What passed on the wire during the scenario, and what was noted besides. */
export class Recording {
  readonly version: 4 | 5;
  readonly packets: TappedPacket[] = [];
  /** Places in `packets` by name. */
  readonly marks = new Map<string, number>();
  /** What the parts themselves showed, by name. */
  readonly facts = new Map<string, unknown>();

  constructor(version: 4 | 5) {
    this.version = version;
  }

  mark(name: string): void {
    this.marks.set(name, this.packets.length);
  }

  at(name: string): number {
    const index = this.marks.get(name);
    if (index === undefined) throw new Error(`the scenario has no mark ${name}`);
    return index;
  }

  fact<T>(name: string): T {
    if (!this.facts.has(name)) throw new Error(`the scenario notes no ${name}`);
    return this.facts.get(name) as T;
  }

  /** Packets of one kind that clients with that text in their id sent. */
  sent<C extends Packet["cmd"]>(
    clientId: string,
    cmd: C,
  ): { index: number; connection: number; at: number; packet: Extract<Packet, { cmd: C }> }[] {
    return this.packets.flatMap(({ clientId: id, from, packet, connection, at }, index) =>
      from === "client" && id.includes(clientId) && packet?.cmd === cmd
        ? [{ index, connection, at, packet: packet as Extract<Packet, { cmd: C }> }]
        : [],
    );
  }

  connects(clientId: string): { index: number; connection: number; at: number; packet: IConnectPacket }[] {
    return this.sent(clientId, "connect");
  }

  /** Sparkplug messages of edge nodes or devices that a client published, of the given types. */
  messages(clientId: string, ...types: string[]): Message[] {
    return this.sent(clientId, "publish").flatMap(({ index, at, connection, packet }) => {
      const [namespace, , type = "", , device = ""] = packet.topic.split("/");
      if (namespace !== "spBv1.0" || type === "STATE" || (types.length > 0 && !types.includes(type))) return [];
      return [
        { index, at, connection, topic: packet.topic, type, device, packet, ...payloadOf(packet.payload as Buffer) },
      ];
    });
  }

  /** STATE messages that a client published. */
  states(
    clientId: string,
  ): { index: number; at: number; connection: number; packet: IPublishPacket; state: HostState }[] {
    return this.sent(clientId, "publish").flatMap((sent) =>
      sent.packet.topic.startsWith("spBv1.0/STATE/")
        ? [{ ...sent, state: JSON.parse(String(sent.packet.payload)) as HostState }]
        : [],
    );
  }
}

/** The content of a STATE message. */
export interface HostState {
  readonly online: boolean;
  readonly timestamp: number;
}

/** A payload taken apart. */
export function payloadOf(bytes: Uint8Array): {
  timestamp: string | undefined;
  seq: number | undefined;
  metrics: RawMetric[];
} {
  const raw = decodeWithProtobufJs(bytes) as { timestamp?: string; seq?: string; metrics?: RawMetric[] };
  return {
    timestamp: raw.timestamp,
    seq: raw.seq === undefined ? undefined : Number(raw.seq),
    metrics: raw.metrics ?? [],
  };
}
