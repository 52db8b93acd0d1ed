import { iconOf, part, showValue, tickBox } from "./node-row.ts";
import type { Selection } from "./selection.ts";
import type { NodeClass, ServerView } from "./server-view.ts";
import { ancestors, type TreeLine, TreeModel } from "./tree-model.ts";
import type { ValueFeed } from "./value-feed.ts";
import { VirtualList } from "./virtual-list.ts";

const ROOT = "i=85";
const ROW_PX = 26;
const INDENT_PX = 18;

/** Where tree and search results are: what they look through, and what may be ticked there. */
export interface BrowsePlace {
  readonly view: ServerView;
  readonly selection: Selection;
  readonly values: () => ValueFeed;
  readonly classes: ReadonlySet<NodeClass>;
}

/** The live tree of a server: children are asked for when a node is opened, and further pages when they come into view. */
export class ServerTree {
  readonly #model = new TreeModel();
  readonly #place: BrowsePlace;
  readonly #onReady: () => void;
  readonly #onError: (text: string) => void;
  readonly #list: VirtualList;
  #active = 0;

  constructor(place: BrowsePlace, onReady: () => void, onError: (text: string) => void) {
    this.#place = place;
    this.#onReady = onReady;
    this.#onError = onError;
    this.#list = new VirtualList({
      role: "tree",
      rowRole: "treeitem",
      label: "Address space of the server",
      rowHeight: ROW_PX,
      render: (row, index) => this.#render(row, this.#model.lines[index]!, index),
      onVisible: (from, to) => this.#loadVisible(from, to),
      onKey: (event) => this.#key(event),
    });
    this.load();
  }

  /** Asks for what is at the top. */
  load(): void {
    this.#load(this.#model.root, ROOT, 0);
  }

  get isEmpty(): boolean {
    return this.#model.lines.length === 0;
  }

  get element(): HTMLElement {
    return this.#list.element;
  }

  /** Variables that can be seen. */
  visibleVariables(): string[] {
    const [from, to] = this.#list.visible;
    return this.#model.lines
      .slice(from, to)
      .flatMap(({ node }) => (node?.nodeClass === "variable" ? [node.nodeId] : []));
  }

  showValues(): void {
    this.#list.each((row, index) => {
      const node = this.#model.lines[index]?.node;
      const place = row.querySelector<HTMLElement>(".fplus-value");
      if (node !== undefined && place !== null) showValue(place, this.#place.values().get(node.nodeId));
    });
  }

  redraw(): void {
    this.#list.show(this.#model.lines.length);
  }

  close(): void {
    this.#list.close();
  }

  #load(line: TreeLine, nodeId: string, offset: number): void {
    if (line.loading) return;
    line.loading = true;
    this.#place.view
      .children(nodeId, offset)
      .then(({ nodes, total }) => {
        line.loading = false;
        line.expanded = true;
        this.#model.add(line, nodes, total);
        // A single folder at the top is opened at once: nobody came to see its name.
        const [only, ...others] = nodes.filter(({ name }) => name !== "Server");
        if (line.depth < 3 && only?.nodeClass === "object" && others.length === 0)
          this.#toggle(
            line.children!.find(({ node }) => node === only)!,
            true,
          );
        this.redraw();
        if (line === this.#model.root && offset === 0) this.#onReady();
      })
      .catch((error: unknown) => {
        line.loading = false;
        this.redraw();
        this.#onError(error instanceof Error ? error.message : String(error));
      });
  }

  #loadVisible(from: number, to: number): void {
    for (const line of this.#model.lines.slice(from, to)) {
      const { parent, offset } = line;
      if (line.node === undefined && parent?.loading === false) this.#load(parent, parent.node?.nodeId ?? ROOT, offset);
    }
  }

  #toggle(line: TreeLine, expanded = !line.expanded): void {
    if (line.node?.open !== true) return;
    if (expanded && line.children === undefined) this.#load(line, line.node.nodeId, 0);
    else {
      line.expanded = expanded;
      this.#model.arrange();
    }
    this.redraw();
  }

  #render(row: HTMLElement, line: TreeLine, index: number): void {
    const { node } = line;
    row.style.paddingLeft = `${8 + line.depth * INDENT_PX}px`;
    row.setAttribute("aria-level", String(line.depth + 1));
    row.classList.toggle("fplus-active", index === this.#active);
    if (node === undefined) {
      row.append(part("span", "fplus-muted", `${line.missing.toLocaleString("en")} more …`));
      return;
    }
    if (node.open) row.setAttribute("aria-expanded", String(line.expanded));
    const arrow = line.loading ? "fa-spinner fa-spin" : line.expanded ? "fa-angle-down" : "fa-angle-right";
    row.append(part("i", node.open ? `fa ${arrow} fplus-arrow` : "fplus-arrow"));
    const isCovered = this.#isCovered(line);
    const isTicked = isCovered || this.#place.selection.has(node.nodeId);
    row.setAttribute("aria-selected", String(isTicked));
    if (!this.#place.classes.has(node.nodeClass)) row.append(part("span", "fplus-tick"));
    else row.append(tickBox(labelOf(node.name, node.nodeClass), isTicked, isCovered, (on) => this.#tick(line, on)));
    row.append(iconOf(node.nodeClass, node.type), part("span", "fplus-name", node.name));
    if (node.type !== undefined) row.append(part("span", "fplus-muted", node.type));
    if (node.nodeClass === "variable") {
      const place = part("span", "fplus-value");
      showValue(place, this.#place.values().get(node.nodeId));
      row.append(place);
    }
    row.title = `${node.name} · ${node.nodeId}`;
    row.addEventListener("click", () => {
      this.#activate(index);
      if (node.open) this.#toggle(line);
      else if (this.#place.classes.has(node.nodeClass) && !isCovered)
        this.#tick(line, !this.#place.selection.has(node.nodeId));
    });
  }

  #isCovered(line: TreeLine): boolean {
    for (const { nodeId } of ancestors(line)) if (this.#place.selection.isWhole(nodeId)) return true;
    return false;
  }

  #tick(line: TreeLine, ticked: boolean): void {
    const node = line.node!;
    this.#place.selection.set(node.nodeId, ticked, {
      below: node.nodeClass === "object",
      name: node.name,
      devices: [node, ...ancestors(line)].flatMap(({ nodeId, type }) => (type === undefined ? [] : [{ nodeId, type }])),
    });
    this.redraw();
  }

  #activate(index: number): void {
    const before = this.#active;
    this.#active = index;
    this.#list.redraw(before);
    this.#list.redraw(index);
  }

  #key(event: KeyboardEvent): void {
    const line = this.#model.lines[this.#active];
    const { key } = event;
    const move = (to: number): void => {
      this.#activate(Math.max(0, Math.min(this.#model.lines.length - 1, to)));
      this.#list.reveal(this.#active);
    };
    if (key === "ArrowDown") move(this.#active + 1);
    else if (key === "ArrowUp") move(this.#active - 1);
    else if (key === "Home") move(0);
    else if (key === "End") move(this.#model.lines.length - 1);
    else if (line?.node === undefined) return;
    else if (key === "ArrowRight" && !line.expanded) this.#toggle(line, true);
    else if (key === "ArrowLeft") {
      if (line.expanded) this.#toggle(line, false);
      else if (line.parent?.node !== undefined) move(this.#model.lines.indexOf(line.parent));
    } else if (key === " " && this.#place.classes.has(line.node.nodeClass) && !this.#isCovered(line))
      this.#tick(line, !this.#place.selection.has(line.node.nodeId));
    else return;
    event.preventDefault();
  }
}

function labelOf(name: string, nodeClass: string): string {
  return nodeClass === "object" ? `All variables below ${name}` : name;
}
