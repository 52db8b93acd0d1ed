import { FplusError } from "../errors/index.ts";

/** First level of every Sparkplug B topic. */
export const NAMESPACE = "spBv1.0";

/** Message types of edge nodes and devices. */
export type MessageType = "NBIRTH" | "NDATA" | "NDEATH" | "NCMD" | "DBIRTH" | "DDATA" | "DDEATH" | "DCMD";

const NODE_TYPES: ReadonlySet<string> = new Set(["NBIRTH", "NDATA", "NDEATH", "NCMD"]);
const DEVICE_TYPES: ReadonlySet<string> = new Set(["DBIRTH", "DDATA", "DDEATH", "DCMD"]);

/** A topic taken apart. */
export interface SparkplugTopic {
  readonly group: string;
  readonly type: MessageType;
  readonly edgeNode: string;
  /** Empty for messages of the edge node itself. */
  readonly device: string;
}

/** `spBv1.0/group/TYPE/edge node[/device]`. */
export function sparkplugTopic(group: string, type: MessageType, edgeNode: string, device = ""): string {
  const node = `${NAMESPACE}/${group}/${type}/${edgeNode}`;
  return device === "" ? node : `${node}/${device}`;
}

/** Where a host application says whether it is online (Sparkplug 3.0, 5.13). */
export function stateTopic(hostId: string): string {
  return `${NAMESPACE}/STATE/${hostId}`;
}

/** The same in version 2 of the specification, where the payload is a plain text. */
export function legacyStateTopic(hostId: string): string {
  return `STATE/${hostId}`;
}

/** @throws FplusError `sparkplug.topic` where it is none of edge node or device */
export function parseTopic(topic: string): SparkplugTopic {
  const [namespace, group = "", type = "", edgeNode = "", device = "", ...rest] = topic.split("/");
  const wellFormed =
    namespace === NAMESPACE &&
    group !== "" &&
    edgeNode !== "" &&
    rest.length === 0 &&
    (device === "" ? NODE_TYPES.has(type) : DEVICE_TYPES.has(type));
  if (!wellFormed) throw new FplusError("sparkplug.topic", "not a Sparkplug topic", { field: topic });
  return { group, type: type as MessageType, edgeNode, device };
}

/**
 * Checks a group, edge node or device id: not empty, no `/`, `+`, `#` or NUL, whole UTF-8.
 * @throws FplusError `config.invalid` naming the field
 */
export function checkId(id: string, field: string): string {
  if (id !== "" && id.isWellFormed() && !/[/+#\0]/.test(id)) return id;
  throw new FplusError(
    "config.invalid",
    id === "" ? "is empty" : `${JSON.stringify(id)} has a character that topics forbid`,
    {
      field,
      hint: "Sparkplug ids may hold all but /, + and #.",
    },
  );
}
