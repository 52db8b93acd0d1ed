import { STORED } from "../stored-secret.ts";
import { type Failure, reasonOf } from "../failure.ts";
import type { TagRow } from "../../tag-table/tag-row.ts";

/** Classes of nodes that the tree shows. */
export type NodeClass = "object" | "variable" | "method";

/** A node of the server's tree. */
export interface TreeNode {
  readonly nodeId: string;
  readonly name: string;
  readonly nodeClass: NodeClass;
  readonly type?: string;
  readonly open: boolean;
}

/** A node found by a search. */
export interface SearchHit {
  readonly nodeId: string;
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly nodeClass: NodeClass;
}

/** What a search has found by now. */
export interface SearchAnswer {
  readonly hits: readonly SearchHit[];
  readonly matches: number;
  readonly visited: number;
  readonly complete: boolean;
  readonly reason: string;
}

/** The value of a variable now. */
export interface ShownValue {
  readonly text: string;
  readonly type: string;
  readonly quality: "good" | "uncertain" | "bad";
  readonly status?: string;
}

/** How a node is addressed from now on. */
export interface NodeAddress {
  readonly address: string;
  /** The node above it: of a method, the object it belongs to. */
  readonly parent: string;
}

/** A node that was ticked. */
export interface Pick {
  readonly nodeId: string;
  readonly below: boolean;
}

/** The address space of an endpoint's server, looked through over Node-RED. */
export class ServerView {
  readonly #endpoint: string;
  #id: Promise<string> | undefined;
  /** The last values asked for have come, or never will. */
  #values: Promise<void> = Promise.resolve();
  #open = false;
  #closed = false;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** The server has answered; nothing but opening the tree tries to connect. */
  get isOpen(): boolean {
    return this.#open && !this.#closed;
  }

  children(node: string, offset: number): Promise<{ nodes: TreeNode[]; total: number }> {
    return this.#ask("children", { node, offset });
  }

  values(nodes: readonly string[]): Promise<ShownValue[]> {
    const values = this.#ask<ShownValue[]>("values", { nodes });
    this.#values = values.then(
      () => undefined,
      () => undefined,
    );
    return values;
  }

  search(text: string): Promise<SearchAnswer> {
    return this.#ask("search", { text });
  }

  tags(picks: readonly Pick[], options: { by: "nodeId" | "path"; template?: string }): Promise<TagRow[]> {
    return this.#ask("tags", { picks, options });
  }

  address(node: string): Promise<NodeAddress> {
    return this.#ask("address", { node });
  }

  /** Ends the view on the server's side, with all that it still does. */
  close(): void {
    this.#closed = true;
    this.#id?.then(
      // Values are asked for every second: those on their way would find a view that is gone.
      (id) => this.#values.then(() => $.ajax({ url: `fplus/opcua/browser/${id}`, method: "DELETE" })),
      () => undefined,
    );
  }

  /** @throws Error with the sentence to show */
  async #ask<A>(question: string, body: object): Promise<A> {
    if (this.#closed) throw new Error("closed");
    this.#id ??= post<{ id: string }>("fplus/opcua/browser", editedEndpoint(this.#endpoint)).then(({ id }) => id);
    let id: string;
    try {
      id = await this.#id;
      this.#open = true;
    } catch (error) {
      this.#id = undefined;
      throw error;
    }
    return post<A>(`fplus/opcua/browser/${id}/${question}`, body);
  }
}

/** An endpoint as the editor holds it, deployed or not; a stored password is not among its values and stays where it is. */
export function editedEndpoint(id: string): object {
  const node = RED.nodes.node(id);
  if (node === null) return { id };
  const values = Object.fromEntries(
    Object.keys(RED.nodes.getType(node.type)?.defaults ?? {}).map((name) => [name, node[name]]),
  );
  const typed = Object.entries(node.credentials ?? {}).filter(
    ([name, value]) => typeof value === "string" && value !== STORED && !name.startsWith("has_"),
  );
  return { ...values, id, credentials: Object.fromEntries(typed) };
}

/** Asks Node-RED. @throws Error with its sentence */
export function post<A>(url: string, body: object): Promise<A> {
  return new Promise((resolve, reject) => {
    $.ajax({ url, method: "POST", contentType: "application/json", data: JSON.stringify(body) }).then(
      (answer: A) => resolve(answer),
      (failure: Failure) => reject(new Error(reasonOf(failure))),
    );
  });
}
