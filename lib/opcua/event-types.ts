import type { ClientSession, NodeId } from "node-opcua";
import { formatStep } from "./browse-path.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { stableNodeId } from "./node-id.ts";
import { browseDown, NODE_CLASS } from "./references.ts";
import { resolveAddresses } from "./resolve.ts";

/** One kind of event that a server knows. */
export interface EventType {
  readonly nodeId: string;
  readonly name: string;
  /** NodeId of the type it is a kind of; empty for BaseEventType. */
  readonly parent: string;
}

/** A field of a kind of event. */
export interface TypeField {
  /** Browse path below the type: `/ActiveState/Id`, `/nsu=urn:x;Machine`. */
  readonly path: string;
  readonly name: string;
  /** NodeId of the type that declares it. */
  readonly type: string;
}

const BASE_EVENT_TYPE = "i=2041";
const OBJECT_TYPE = 8;
/** `LimitState/CurrentState/Id` is as deep as conditions go. */
const FIELD_DEPTH = 3;
/** More kinds of events than any server has; a loop in its types must end. */
const MOST_TYPES = 5_000;

/** The kinds of events of a server: their names, and which is a kind of which. */
export class EventTypes {
  readonly #byId: ReadonlyMap<string, EventType>;

  private constructor(types: ReadonlyMap<string, EventType>) {
    this.#byId = types;
  }

  /** Reads the whole tree below BaseEventType, level by level. */
  static async read(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<EventTypes> {
    const types = new Map<string, EventType>();
    types.set(key(BASE_EVENT_TYPE), { nodeId: BASE_EVENT_TYPE, name: "BaseEventType", parent: "" });
    let level = [BASE_EVENT_TYPE];
    while (level.length > 0 && types.size < MOST_TYPES) {
      const below: string[] = [];
      const found = await browseDown(session, limits, opcua, level, { classes: OBJECT_TYPE, subtypes: true });
      found.forEach((references, i) => {
        for (const { nodeId, browseName } of references ?? []) {
          const id = nodeId.toString();
          if (types.has(key(id))) continue;
          types.set(key(id), { nodeId: id, name: browseName.name ?? id, parent: level[i]! });
          below.push(id);
        }
      });
      level = below;
    }
    return new EventTypes(types);
  }

  all(): EventType[] {
    return [...this.#byId.values()];
  }

  /** Its name; the NodeId as text where the server does not list it. */
  nameOf(type: NodeId): string {
    return this.#byId.get(key(type.toString()))?.name ?? type.toString();
  }

  /** Whether a type is `ancestor` or a kind of it. */
  isKindOf(type: NodeId, ancestor: NodeId): boolean {
    const wanted = key(ancestor.toString());
    for (let at: string | undefined = key(type.toString()); at !== undefined && at !== "";) {
      if (at === wanted) return true;
      const parent: string | undefined = this.#byId.get(at)?.parent;
      at = parent === undefined ? undefined : key(parent);
    }
    return false;
  }
}

/** The kinds of events of an endpoint's server, for choosing; NodeIds by namespace URI. */
export function eventTypes(endpoint: Endpoint): Promise<EventType[]> {
  return endpoint.withSession(async (session, limits, opcua) => {
    const namespaces = await session.readNamespaceArray();
    const types = await EventTypes.read(session, limits, opcua);
    return types.all().map(({ nodeId, name, parent }) => ({
      nodeId: stableNodeId(nodeId, namespaces),
      name,
      parent: stableNodeId(parent, namespaces),
    }));
  });
}

/**
 * The fields that events of a type have, its own first and then those of the types above it.
 * @returns none where the server has no such type
 */
export function eventTypeFields(endpoint: Endpoint, type: string): Promise<TypeField[]> {
  return endpoint.withSession(async (session, limits, opcua) => {
    const namespaces = await session.readNamespaceArray();
    const [found] = await resolveAddresses(session, limits, opcua, [type]);
    const classes = NODE_CLASS.Object | NODE_CLASS.Variable;
    const fields: TypeField[] = [];
    if (found === undefined || typeof found === "string") return fields;
    for (const at of await typeAndAbove(session, limits, opcua, found.toString())) {
      const declaredBy = stableNodeId(at, namespaces);
      let level = [{ nodeId: at, path: "", name: "" }];
      for (let depth = 0; depth < FIELD_DEPTH && level.length > 0; depth++) {
        const ids = level.map(({ nodeId }) => nodeId);
        const below = await browseDown(session, limits, opcua, ids, { classes, properties: true });
        const next: typeof level = [];
        below.forEach((references, i) => {
          for (const { nodeId, browseName, nodeClass } of references ?? []) {
            const step = browseName.name ?? "";
            const path = level[i]!.path + formatStep(step, browseName.namespaceIndex, namespaces);
            const name = level[i]!.name === "" ? step : `${level[i]!.name}.${step}`;
            if (nodeClass === NODE_CLASS.Variable) fields.push({ path, name, type: declaredBy });
            next.push({ nodeId: nodeId.toString(), path, name });
          }
        });
        level = next;
      }
    }
    return [...new Map(fields.map((field) => [field.path, field])).values()];
  });
}

async function typeAndAbove(
  session: ClientSession,
  limits: ServerLimits,
  opcua: Opcua,
  type: string,
): Promise<string[]> {
  const types = await EventTypes.read(session, limits, opcua);
  const byId = new Map(types.all().map((one) => [key(one.nodeId), one]));
  const way: string[] = [];
  for (let at = byId.get(key(type)); at !== undefined; at = byId.get(key(at.parent))) way.push(at.nodeId);
  return way.length > 0 ? way : [type];
}

/** `i=2041` and `ns=0;i=2041` are one. */
function key(nodeId: string): string {
  return nodeId.startsWith("ns=0;") ? nodeId.slice(5) : nodeId;
}
