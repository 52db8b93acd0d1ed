/** What a list asks of its owner. */
export interface ListOptions {
  /** ARIA role of the whole and of a row. */
  readonly role: "tree" | "listbox" | "grid";
  readonly rowRole: "treeitem" | "option" | "row";
  readonly label: string;
  /** Pixels; every row has the same. */
  readonly rowHeight: number;
  /** Fills an empty row. */
  readonly render: (row: HTMLElement, index: number) => void;
  /** Told when other rows can be seen. */
  readonly onVisible?: (from: number, to: number) => void;
  readonly onKey?: (event: KeyboardEvent) => void;
}

/** Rows kept above and below those that can be seen, so that slow scrolling never shows a gap. */
const MARGIN_ROWS = 6;

/** A list of any length that holds only the rows that can be seen. */
export class VirtualList {
  readonly element: HTMLElement;
  readonly #inner: HTMLElement;
  readonly #options: ListOptions;
  readonly #rows = new Map<number, HTMLElement>();
  readonly #watcher: ResizeObserver;
  #count = 0;
  #frame = 0;

  constructor(options: ListOptions) {
    this.#options = options;
    this.element = document.createElement("div");
    this.element.className = "fplus-list";
    this.element.tabIndex = 0;
    this.element.setAttribute("role", options.role);
    this.element.setAttribute("aria-label", options.label);
    this.#inner = document.createElement("div");
    this.#inner.className = "fplus-list-inner";
    this.#inner.setAttribute("role", "presentation");
    this.element.append(this.#inner);
    this.element.addEventListener("scroll", () => this.#later());
    if (options.onKey !== undefined) this.element.addEventListener("keydown", options.onKey);
    this.#watcher = new ResizeObserver(() => this.#later());
    this.#watcher.observe(this.element);
  }

  get count(): number {
    return this.#count;
  }

  /** The first row that can be seen, and the one after the last. */
  get visible(): readonly [from: number, to: number] {
    const { scrollTop, clientHeight } = this.element;
    const from = Math.floor(scrollTop / this.#options.rowHeight);
    return [from, Math.min(this.#count, from + Math.ceil(clientHeight / this.#options.rowHeight) + 1)];
  }

  /** Shows so many rows, all drawn anew. */
  show(count: number): void {
    this.#count = count;
    this.#inner.style.height = `${count * this.#options.rowHeight}px`;
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
    this.#draw();
  }

  /** Draws one row anew, where it is on the page. */
  redraw(index: number): void {
    const row = this.#rows.get(index);
    if (row === undefined) return;
    row.remove();
    this.#rows.delete(index);
    this.#draw();
  }

  /** Calls for every row that is on the page. */
  each(visit: (row: HTMLElement, index: number) => void): void {
    for (const [index, row] of this.#rows) visit(row, index);
  }

  /** Brings a row into view. */
  reveal(index: number): void {
    const { rowHeight } = this.#options;
    const { scrollTop, clientHeight } = this.element;
    if (index * rowHeight < scrollTop) this.element.scrollTop = index * rowHeight;
    else if ((index + 1) * rowHeight > scrollTop + clientHeight)
      this.element.scrollTop = (index + 1) * rowHeight - clientHeight;
    this.#draw();
  }

  rowAt(index: number): HTMLElement | undefined {
    return this.#rows.get(index);
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    this.#watcher.disconnect();
  }

  #later(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    const [first, end] = this.visible;
    const from = Math.max(0, first - MARGIN_ROWS);
    const to = Math.min(this.#count, end + MARGIN_ROWS);
    for (const [index, row] of this.#rows) {
      // A field that is being edited stays, wherever it is scrolled to.
      if ((index < from || index >= to) && !row.contains(document.activeElement)) {
        row.remove();
        this.#rows.delete(index);
      }
    }
    for (let index = from; index < to; index++) if (!this.#rows.has(index)) this.#add(index);
    this.#options.onVisible?.(first, end);
  }

  #add(index: number): void {
    const row = document.createElement("div");
    row.className = "fplus-row";
    row.setAttribute("role", this.#options.rowRole);
    row.style.top = `${index * this.#options.rowHeight}px`;
    row.style.height = `${this.#options.rowHeight}px`;
    row.dataset["index"] = String(index);
    this.#options.render(row, index);
    this.#rows.set(index, row);
    this.#inner.append(row);
  }
}
