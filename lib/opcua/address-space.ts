import type { ClientSession, ReferenceDescription } from "node-opcua";
import { FplusError } from "../errors/index.ts";
import { readAttribute } from "./attributes.ts";
import { readValues, type ShownValue } from "./current-value.ts";
import { variablesBelow, withUnits } from "./discover.ts";
import type { Endpoint } from "./endpoint.ts";
import type { EnumTexts } from "./enumeration.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { stableNodeId } from "./node-id.ts";
import { NodeIndex, type SearchAnswer } from "./node-index.ts";
import { browseDown, NODE_CLASS } from "./references.ts";
import type { Tag } from "./tag.ts";
import { metricOf, OBJECTS_FOLDER, pathTo, TagNames, type Visited, visit, visitRoot, wayTo } from "./visited.ts";

/** One node of the tree, as a dialog shows it. */
export interface TreeNode {
  /** The server's own form of the id, for further questions. */
  readonly nodeId: string;
  readonly name: string;
  readonly nodeClass: "object" | "variable" | "method";
  /** Name of the object's type, where it is more than a folder or a mere object. */
  readonly type?: string;
  /** There may be something below it. */
  readonly open: boolean;
}

/** Some of the nodes below another. */
export interface TreePage {
  readonly nodes: readonly TreeNode[];
  /** How many there are in all. */
  readonly total: number;
}

/** A node that was chosen. */
export interface Pick {
  readonly nodeId: string;
  /** All variables below it, too. */
  readonly below?: boolean;
}

/** What is made of chosen nodes. */
export interface PickOptions {
  /** How the tags name their variables; NodeIds where left out. */
  readonly by?: "nodeId" | "path";
  /** NodeId of an object: the tags are a template, for every object of the type that this one has. */
  readonly template?: string;
}

const CLASSES = NODE_CLASS.Object | NODE_CLASS.Variable | NODE_CLASS.Method;
const MAX_TAGS = 10_000;
/** Types of objects that say nothing: BaseObjectType and FolderType. */
const PLAIN_TYPES: ReadonlySet<string> = new Set(["ns=0;i=58", "ns=0;i=61", "i=58", "i=61"]);

/**
 * The address space of a server as somebody looks through it: what is below a node, what has a certain text, what the values
 * are now, and which tags the chosen nodes make. What was seen is kept until `close`, in the order the server gave it.
 */
export class AddressSpace {
  readonly #endpoint: Endpoint;
  readonly #nodes = new Map<string, Visited>();
  readonly #below = new Map<string, readonly ReferenceDescription[]>();
  readonly #typeNames = new Map<string, string>();
  readonly #types = new Map<string, string>();
  readonly #texts = new Map<string, EnumTexts | undefined>();
  readonly #names = new TagNames();
  readonly #index: NodeIndex;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    const root = visitRoot();
    this.#nodes.set(OBJECTS_FOLDER, root);
    this.#index = new NodeIndex(endpoint, root, (node) => this.#remember(node));
  }

  /**
   * The nodes below a node, from `offset` on.
   * @throws FplusError `opcua.unreachable`, `opcua.node-unknown`
   */
  children(nodeId: string, offset: number, count: number): Promise<TreePage> {
    return this.#endpoint.withSession(async (session, limits, opcua) => {
      const parent = this.#known(nodeId);
      const references = await this.#referencesOf(session, limits, opcua, parent);
      const page = references.slice(offset, offset + count);
      for (const reference of page) this.#meet(reference, parent);
      await this.#nameTypes(session, limits, page);
      const variables = page.filter(({ nodeClass }) => nodeClass === NODE_CLASS.Variable);
      await this.#lookBelow(session, limits, opcua, variables);
      return { total: references.length, nodes: page.map((reference) => this.#shown(reference)) };
    });
  }

  /**
   * The values of variables now, in the order asked.
   * @throws FplusError `opcua.unreachable`
   */
  values(nodeIds: readonly string[]): Promise<ShownValue[]> {
    return this.#endpoint.withSession((session, limits, opcua) =>
      readValues(session, limits, opcua, nodeIds, this.#texts),
    );
  }

  /** What is found so far; the first question begins a walk through the whole tree, later ones find more. */
  search(text: string): SearchAnswer {
    return this.#index.search(text);
  }

  /**
   * The tags of chosen nodes, named as discovery names them, each variable once.
   * @throws FplusError `opcua.unreachable`, `opcua.node-unknown`
   */
  tags(picks: readonly Pick[], { by = "nodeId", template }: PickOptions = {}): Promise<Tag[]> {
    return this.#endpoint.withSession(async (session, limits, opcua) => {
      const namespaces = await session.readNamespaceArray();
      const variables = new Map<string, Visited>();
      for (const { nodeId, below = false } of picks) {
        const node = this.#known(nodeId);
        if (!below) variables.set(nodeId, node);
        else
          for (const found of await variablesBelow(session, limits, opcua, node, MAX_TAGS - variables.size)) {
            this.#remember(found);
            variables.set(found.nodeId, found);
          }
      }
      const holder = template === undefined ? undefined : this.#known(template);
      const tags = [...variables.values()].map((variable) => {
        const tag = this.#names.tagOf(variable, namespaces);
        if (holder !== undefined) return this.#templateTag(holder, variable, namespaces);
        return by === "path" ? { ...tag, nodeId: pathTo(variable, namespaces) } : tag;
      });
      const units = await withUnits(
        session,
        limits,
        opcua,
        [...variables.values()].map(({ nodeId }) => ({ device: "", metric: "", nodeId })),
        namespaces,
      );
      return tags.map((tag, i) => (units[i]?.unit === undefined ? tag : { ...tag, unit: units[i].unit }));
    });
  }

  /**
   * How a node that was seen is addressed from now on, and the one above it, by the URI of their namespaces.
   * @throws FplusError `opcua.unreachable`, `opcua.node-unknown`
   */
  address(nodeId: string): Promise<{ address: string; parent: string }> {
    return this.#endpoint.withSession(async (session) => {
      const namespaces = await session.readNamespaceArray();
      const node = this.#known(nodeId);
      return {
        address: stableNodeId(node.nodeId, namespaces),
        parent: stableNodeId(node.parent?.nodeId ?? OBJECTS_FOLDER, namespaces),
      };
    });
  }

  /** Ends a walk that is under way. */
  close(): void {
    this.#index.close();
    this.#below.clear();
    this.#nodes.clear();
  }

  #templateTag(holder: Visited, variable: Visited, namespaces: readonly string[]): Tag {
    const type = this.#types.get(holder.nodeId);
    if (type === undefined || PLAIN_TYPES.has(type)) {
      throw new FplusError("opcua.node-unknown", `${holder.name} has no type of its own`, {
        field: holder.nodeId,
        hint: "Choose a device that is of a type; a folder is none.",
      });
    }
    return {
      device: this.#typeNames.get(type) ?? type,
      metric: metricOf(wayTo(variable, holder)),
      nodeId: pathTo(variable, namespaces, holder),
      type: stableNodeId(type, namespaces),
    };
  }

  #known(nodeId: string): Visited {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) {
      throw new FplusError("opcua.node-unknown", `${nodeId} has not been browsed`, {
        field: nodeId,
        hint: "Open the tree anew.",
      });
    }
    return node;
  }

  async #referencesOf(
    session: ClientSession,
    limits: ServerLimits,
    opcua: Opcua,
    { nodeId }: Visited,
  ): Promise<readonly ReferenceDescription[]> {
    const known = this.#below.get(nodeId);
    if (known !== undefined) return known;
    const [references] = await browseDown(session, limits, opcua, [nodeId], { classes: CLASSES });
    if (references === undefined)
      throw new FplusError("opcua.node-unknown", `the server has no node ${nodeId}`, { field: nodeId });
    const own = distinct(references);
    this.#below.set(nodeId, own);
    return own;
  }

  /** Variables mostly have nothing below them; those that have are opened like objects. */
  async #lookBelow(
    session: ClientSession,
    limits: ServerLimits,
    opcua: Opcua,
    references: readonly ReferenceDescription[],
  ): Promise<void> {
    const unknown = references.map(({ nodeId }) => nodeId.toString()).filter((nodeId) => !this.#below.has(nodeId));
    const found = await browseDown(session, limits, opcua, unknown, { classes: CLASSES });
    unknown.forEach((nodeId, i) => this.#below.set(nodeId, distinct(found[i] ?? [])));
  }

  async #nameTypes(
    session: ClientSession,
    limits: ServerLimits,
    references: readonly ReferenceDescription[],
  ): Promise<void> {
    const types = new Set(
      references
        .filter(({ nodeClass }) => nodeClass === NODE_CLASS.Object)
        .map(({ typeDefinition }) => typeDefinition.toString())
        .filter((type) => !this.#typeNames.has(type) && !PLAIN_TYPES.has(type)),
    );
    const asked = [...types];
    const names = await readAttribute(session, limits, asked, BROWSE_NAME);
    asked.forEach((type, i) => {
      const name = (names[i]?.value?.value as { name?: string | null } | null | undefined)?.name;
      this.#typeNames.set(type, name || type);
    });
  }

  #meet(reference: ReferenceDescription, parent: Visited): void {
    const node = visit(reference, parent);
    this.#remember(node);
    if (reference.nodeClass === NODE_CLASS.Object) this.#types.set(node.nodeId, reference.typeDefinition.toString());
  }

  /** A node that is met on two ways keeps its first one, so that its name stays. */
  #remember(node: Visited): void {
    if (!this.#nodes.has(node.nodeId)) this.#nodes.set(node.nodeId, node);
  }

  #shown(reference: ReferenceDescription): TreeNode {
    const nodeId = reference.nodeId.toString();
    const type = this.#types.get(nodeId);
    const isObject = reference.nodeClass === NODE_CLASS.Object;
    const isVariable = reference.nodeClass === NODE_CLASS.Variable;
    return {
      nodeId,
      name: reference.displayName.text || reference.browseName.name || nodeId,
      nodeClass: isObject ? "object" : isVariable ? "variable" : "method",
      ...(isObject && type !== undefined && !PLAIN_TYPES.has(type) ? { type: this.#typeNames.get(type) ?? type } : {}),
      open: isObject || (isVariable && (this.#below.get(nodeId)?.length ?? 0) > 0),
    };
  }
}

const BROWSE_NAME = 3;

/** Some servers reach a node by several references; the tree shows it once. */
function distinct(references: readonly ReferenceDescription[]): readonly ReferenceDescription[] {
  return [...new Map(references.map((reference) => [reference.nodeId.toString(), reference])).values()];
}
