import type { ClientSession, ReferenceDescription } from "node-opcua";
import { messageOf } from "../errors/index.ts";
import { readAttribute } from "./attributes.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ServerLimits } from "./limits.ts";
import type { Opcua } from "./load.ts";
import { browseDown, NODE_CLASS } from "./references.ts";
import { levelsOf, type Visited, visit, wayTo } from "./visited.ts";

/** A node whose name, path or description has the words looked for. */
export interface SearchHit {
  readonly nodeId: string;
  readonly name: string;
  /** Names of the nodes above it, `/` between. */
  readonly path: string;
  readonly description: string;
  readonly nodeClass: "object" | "variable" | "method";
}

/** What a search has found by now. */
export interface SearchAnswer {
  readonly hits: readonly SearchHit[];
  /** How many there are; `hits` has the best of them. */
  readonly matches: number;
  /** Nodes looked at. */
  readonly visited: number;
  /** The whole tree has been looked at, or as much of it as the bound allows. */
  readonly complete: boolean;
  /** Why the walk ended early; empty where it did not. */
  readonly reason: string;
}

interface Entry extends SearchHit {
  readonly haystack: string;
}

const CLASSES = NODE_CLASS.Object | NODE_CLASS.Variable | NODE_CLASS.Method;
const STANDARD_NAMESPACE = 0;
const MAX_NODES = 100_000;
const MAX_DEPTH = 20;
const MAX_HITS = 200;
/** Nodes asked about at a time, so that a search never holds the session for long. */
const STEP = 100;

/** An index of a server's address space: filled by one walk, which the first question begins; searched at any time. */
export class NodeIndex {
  readonly #endpoint: Endpoint;
  readonly #root: Visited;
  readonly #onNode: (node: Visited) => void;
  readonly #entries: Entry[] = [];
  #state: "new" | "walking" | "complete" | "closed" = "new";
  #reason = "";

  constructor(endpoint: Endpoint, root: Visited, onNode: (node: Visited) => void) {
    this.#endpoint = endpoint;
    this.#root = root;
    this.#onNode = onNode;
  }

  /** What is known by now of nodes that have all the words; names that begin with the first word come first. */
  search(text: string): SearchAnswer {
    this.#begin();
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const found =
      words.length === 0 ? [] : this.#entries.filter(({ haystack }) => words.every((word) => haystack.includes(word)));
    const rank = ({ name }: Entry): number => {
      const at = name.toLowerCase().indexOf(words[0]!);
      return at < 0 ? 2 : Math.sign(at);
    };
    const best = found.toSorted((a, b) => rank(a) - rank(b)).slice(0, MAX_HITS);
    return {
      hits: best.map(({ haystack: _haystack, ...hit }) => hit),
      matches: found.length,
      visited: this.#entries.length,
      complete: this.#state !== "walking",
      reason: this.#reason,
    };
  }

  close(): void {
    this.#state = "closed";
    this.#entries.length = 0;
  }

  #begin(): void {
    if (this.#state !== "new") return;
    this.#state = "walking";
    this.#endpoint
      .withSession((session, limits, opcua) => this.#walk(session, limits, opcua))
      .catch((error: unknown) => (this.#reason = messageOf(error)))
      .finally(() => {
        // A walk that broke off is begun anew by the next question.
        if (this.#state === "walking") this.#state = this.#reason === "" ? "complete" : "new";
      });
  }

  async #walk(session: ClientSession, limits: ServerLimits, opcua: Opcua): Promise<void> {
    this.#entries.length = 0;
    this.#reason = "";
    const met = new Set([this.#root.nodeId]);
    let level = [this.#root];
    // The server's own objects are large and seldom looked for: they come last.
    const last: Visited[] = [];
    for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth++) {
      const below: Visited[] = [];
      for (let at = 0; at < level.length; at += STEP) {
        const slice = level.slice(at, at + STEP);
        const nodeIds = slice.map(({ nodeId }) => nodeId);
        const found = await browseDown(session, limits, opcua, nodeIds, { classes: CLASSES });
        const fresh: { node: Visited; reference: ReferenceDescription }[] = [];
        slice.forEach((parent, i) => {
          for (const reference of found[i] ?? []) {
            const node = visit(reference, parent);
            if (met.has(node.nodeId)) continue;
            met.add(node.nodeId);
            fresh.push({ node, reference });
          }
        });
        await this.#add(session, limits, opcua, fresh);
        if (this.#state !== "walking" || this.#entries.length >= MAX_NODES) return;
        for (const { node, reference } of fresh)
          (depth === 0 && reference.nodeId.namespace === STANDARD_NAMESPACE ? last : below).push(node);
      }
      level = below.length === 0 ? last.splice(0) : below;
    }
  }

  async #add(
    session: ClientSession,
    limits: ServerLimits,
    opcua: Opcua,
    fresh: readonly { readonly node: Visited; readonly reference: ReferenceDescription }[],
  ): Promise<void> {
    const nodeIds = fresh.map(({ reference }) => reference.nodeId);
    const descriptions = await readAttribute(session, limits, nodeIds, opcua.AttributeIds.Description);
    if (this.#state !== "walking") return;
    fresh.forEach(({ node, reference }, i) => {
      this.#onNode(node);
      const path = levelsOf(wayTo(node).slice(0, -1)).join("/");
      const name = reference.displayName.text || node.name;
      const description = (descriptions[i]?.value?.value as { text?: string | null } | null | undefined)?.text ?? "";
      this.#entries.push({
        nodeId: node.nodeId,
        name,
        path,
        description,
        nodeClass: classOf(reference.nodeClass),
        haystack: `${path}/${node.name} ${name} ${description} ${node.nodeId}`.toLowerCase(),
      });
    });
  }
}

function classOf(nodeClass: number): SearchHit["nodeClass"] {
  return nodeClass === NODE_CLASS.Object ? "object" : nodeClass === NODE_CLASS.Variable ? "variable" : "method";
}
