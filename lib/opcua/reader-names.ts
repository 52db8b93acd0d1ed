import type { Tag } from "./tag.ts";

/** Under which names the readers of an endpoint know its variables, so that writers may use them. */
export class ReaderNames {
  readonly #tables = new Set<readonly Tag[]>();
  /** Made at the first question after a change. */
  #index: { readonly nodeIds: Map<string, string>; readonly names: Map<string, string> } | undefined;

  /** Adds a reader's table; returns what takes it off again. */
  add(tags: readonly Tag[]): () => void {
    // A table of its own, because two readers may have the same one.
    const table = [...tags];
    this.#tables.add(table);
    this.#index = undefined;
    return () => {
      if (this.#tables.delete(table)) this.#index = undefined;
    };
  }

  /** The NodeId of a variable that a reader knows as `device/metric`. */
  nodeIdOf(name: string): string | undefined {
    return this.#indexed().nodeIds.get(name);
  }

  /** `device/metric` of an address, where a reader has a name for it. */
  nameOf(nodeId: string): string | undefined {
    return this.#indexed().names.get(nodeId);
  }

  #indexed(): { readonly nodeIds: Map<string, string>; readonly names: Map<string, string> } {
    if (this.#index !== undefined) return this.#index;
    const nodeIds = new Map<string, string>();
    const names = new Map<string, string>();
    for (const table of this.#tables) {
      for (const { device, metric, nodeId } of table) {
        nodeIds.set(`${device}/${metric}`, nodeId);
        names.set(nodeId, `${device}/${metric}`);
      }
    }
    this.#index = { nodeIds, names };
    return this.#index;
  }
}
