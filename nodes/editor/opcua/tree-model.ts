import type { TreeNode } from "./server-view.ts";

/** A line of the tree as it is shown: a node, or the place of those that are not loaded yet. */
export interface TreeLine {
  readonly node: TreeNode | undefined;
  readonly parent: TreeLine | undefined;
  readonly depth: number;
  /** Children as far as they are loaded; undefined before the first look. */
  children: TreeLine[] | undefined;
  expanded: boolean;
  loading: boolean;
  /** For the place of those not loaded: from which on. */
  readonly offset: number;
  readonly missing: number;
}

/** The tree's lines from top to bottom, with what is folded left out. */
export class TreeModel {
  readonly root: TreeLine = { ...lineOf(undefined, undefined, -1), children: [], expanded: true };
  #lines: readonly TreeLine[] = [];

  get lines(): readonly TreeLine[] {
    return this.#lines;
  }

  /** Adds what was loaded below a node; `total` tells how many there are in all. */
  add(parent: TreeLine, nodes: readonly TreeNode[], total: number): void {
    const known = (parent.children ?? []).filter(({ node }) => node !== undefined);
    const children = [...known, ...nodes.map((node) => lineOf(node, parent, parent.depth + 1))];
    const missing = total - children.length;
    if (missing > 0 && nodes.length > 0)
      children.push({ ...lineOf(undefined, parent, parent.depth + 1), offset: children.length, missing });
    parent.children = children;
    this.arrange();
  }

  /** Works out the lines anew, after something was folded or unfolded. */
  arrange(): void {
    const lines: TreeLine[] = [];
    const walk = (line: TreeLine): void => {
      for (const child of line.children ?? []) {
        lines.push(child);
        if (child.expanded) walk(child);
      }
    };
    walk(this.root);
    this.#lines = lines;
  }
}

function lineOf(node: TreeNode | undefined, parent: TreeLine | undefined, depth: number): TreeLine {
  return { node, parent, depth, children: undefined, expanded: false, loading: false, offset: 0, missing: 0 };
}

/** The nodes above a line, nearest first. */
export function* ancestors(line: TreeLine): Generator<TreeNode> {
  for (let at = line.parent; at?.node !== undefined; at = at.parent) yield at.node;
}
