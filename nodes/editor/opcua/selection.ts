import type { Pick } from "./server-view.ts";

/** A node that was ticked, and what is known of it. */
export interface Ticked {
  readonly name: string;
  /** An object: all variables below it. */
  readonly below: boolean;
  /** The node itself and those above it that are devices of a type, nearest first. */
  readonly devices: readonly { readonly nodeId: string; readonly type: string }[];
}

/** What is ticked, in the tree or among what a search found. */
export class Selection {
  readonly #ticked = new Map<string, Ticked>();
  readonly #single: boolean;
  readonly #onChange: () => void;

  /** `single`: a tick takes the one before away. */
  constructor(single: boolean, onChange: () => void) {
    this.#single = single;
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#ticked.size;
  }

  has(nodeId: string): boolean {
    return this.#ticked.has(nodeId);
  }

  /** True where all below that node is ticked. */
  isWhole(nodeId: string): boolean {
    return !this.#single && this.#ticked.get(nodeId)?.below === true;
  }

  set(nodeId: string, ticked: boolean, what: Ticked): void {
    if (this.#single) this.#ticked.clear();
    if (ticked) this.#ticked.set(nodeId, what);
    else this.#ticked.delete(nodeId);
    this.#onChange();
  }

  picks(): Pick[] {
    return Array.from(this.#ticked, ([nodeId, { below }]) => ({ nodeId, below }));
  }

  /** The device of a type that everything ticked belongs to, the nearest one; undefined where there is none. */
  get device(): { readonly nodeId: string; readonly type: string } | undefined {
    const [first, ...others] = this.#ticked.values();
    return first?.devices.find(({ nodeId }) =>
      others.every(({ devices }) => devices.some((one) => one.nodeId === nodeId)),
    );
  }
}
