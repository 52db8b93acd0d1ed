import { iconOf, part, showValue, tickBox } from "./node-row.ts";
import type { BrowsePlace } from "./server-tree.ts";
import type { SearchHit } from "./server-view.ts";
import { VirtualList } from "./virtual-list.ts";

const ROW_PX = 40;
/** While the server's tree is still being walked. */
const AGAIN_MS = 400;

/** What a search on the server has found, as a flat list that grows while the search goes on. */
export class SearchResults {
  readonly #place: BrowsePlace;
  readonly #onProgress: (text: string) => void;
  readonly #list: VirtualList;
  #hits: readonly SearchHit[] = [];
  #text = "";
  #timer = 0;

  constructor(place: BrowsePlace, onProgress: (text: string) => void) {
    this.#place = place;
    this.#onProgress = onProgress;
    this.#list = new VirtualList({
      role: "listbox",
      rowRole: "option",
      label: "Nodes found",
      rowHeight: ROW_PX,
      render: (row, index) => this.#render(row, this.#hits[index]!),
    });
  }

  get element(): HTMLElement {
    return this.#list.element;
  }

  visibleVariables(): string[] {
    const [from, to] = this.#list.visible;
    return this.#hits.slice(from, to).flatMap(({ nodeId, nodeClass }) => (nodeClass === "variable" ? [nodeId] : []));
  }

  showValues(): void {
    this.#list.each((row, index) => {
      const place = row.querySelector<HTMLElement>(".fplus-value");
      const hit = this.#hits[index];
      if (place !== null && hit !== undefined) showValue(place, this.#place.values().get(hit.nodeId));
    });
  }

  /** Looks for words; an empty text ends the search. */
  search(text: string): void {
    this.#text = text;
    clearTimeout(this.#timer);
    if (text === "") this.#show([]);
    else this.#ask(text);
  }

  redraw(): void {
    this.#list.show(this.#hits.length);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#text = "";
    this.#list.close();
  }

  #ask(text: string): void {
    this.#place.view.search(text).then(
      ({ hits, matches, visited, complete, reason }) => {
        if (text !== this.#text) return;
        this.#show(hits);
        const shown = matches > hits.length ? `, the first ${hits.length} are shown` : "";
        const state = reason === "" ? (complete ? "" : " …") : ` (${reason})`;
        this.#onProgress(
          `${matches.toLocaleString("en")} found in ${visited.toLocaleString("en")} nodes${state}${shown}`,
        );
        if (!complete) this.#timer = window.setTimeout(() => this.#ask(text), AGAIN_MS);
      },
      (error: unknown) =>
        text === this.#text && this.#onProgress(error instanceof Error ? error.message : String(error)),
    );
  }

  #show(hits: readonly SearchHit[]): void {
    const before = this.#hits.map(({ nodeId }) => nodeId).join();
    this.#hits = hits;
    if (hits.map(({ nodeId }) => nodeId).join() !== before) this.redraw();
  }

  #render(row: HTMLElement, { nodeId, name, path, description, nodeClass }: SearchHit): void {
    const isTicked = this.#place.selection.has(nodeId);
    const tick = (ticked: boolean): void => {
      this.#place.selection.set(nodeId, ticked, { name, below: nodeClass === "object", devices: [] });
      this.redraw();
    };
    row.setAttribute("aria-selected", String(isTicked));
    row.title = `${path}/${name} · ${nodeId}`;
    const names = part("span", "fplus-hit");
    names.append(
      part("span", "fplus-name", name),
      part("span", "fplus-muted", [path, description].filter(Boolean).join(" · ")),
    );
    const isFixed = !this.#place.classes.has(nodeClass);
    row.append(
      isFixed ? part("span", "fplus-tick") : tickBox(name, isTicked, false, tick),
      iconOf(nodeClass, nodeClass === "object" ? "object" : undefined),
      names,
    );
    if (nodeClass === "variable") {
      const place = part("span", "fplus-value");
      showValue(place, this.#place.values().get(nodeId));
      row.append(place);
    }
    if (!isFixed) row.addEventListener("click", () => tick(!this.#place.selection.has(nodeId)));
  }
}
