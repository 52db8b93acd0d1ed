import { part, tickBox } from "./node-row.ts";
import type { TagModel } from "./tag-model.ts";
import { cellText, type Column, COLUMN_TITLES, type TagRow } from "../../tag-table/tag-row.ts";
import { VirtualList } from "./virtual-list.ts";

const ROW_PX = 34;
const HINTS: Partial<Readonly<Record<Column, string>>> = {
  nodeId: "A NodeId, or a browse path like /Objects/2:Line/2:Speed",
  samplingMs: "Milliseconds between two samples of this tag; blank as for all",
  queueSize: "Values the server keeps of this tag; blank as for all",
  deadband: "Smaller changes are not reported: 0.5, or 2% of the range; blank for none",
  trigger: "What counts as a change; blank for a change of value or status",
};
const TRIGGERS = ["", "status", "value", "timestamp"] as const;
const COLUMNS = Object.keys(COLUMN_TITLES) as Column[];

/** The rows of the table as fields, only those that can be seen; columns sort, arrows go from row to row. */
export class TagGrid {
  readonly #model: TagModel;
  readonly #list: VirtualList;
  readonly #head = part("div", "fplus-grid-row fplus-grid-head");

  constructor(model: TagModel) {
    this.#model = model;
    this.#list = new VirtualList({
      role: "grid",
      rowRole: "row",
      label: "Tags",
      rowHeight: ROW_PX,
      render: (row, index) => this.#render(row, this.#model.view[index]!),
    });
    this.#list.element.classList.add("fplus-grid");
    this.#list.element.removeAttribute("tabindex");
    this.#head.setAttribute("role", "row");
    this.#list.element.prepend(this.#head);
  }

  get element(): HTMLElement {
    return this.#list.element;
  }

  /** Draws what is seen anew; the field that has the focus keeps it. */
  show(): void {
    const focused = document.activeElement?.closest<HTMLElement>("[data-cell]")?.dataset["cell"];
    this.#showHead();
    this.#list.show(this.#model.view.length);
    if (focused !== undefined) this.#cell(focused)?.focus();
  }

  reveal(place: number): void {
    this.#list.reveal(Math.max(0, place));
  }

  /** Puts the cursor into the first cell of a row. */
  focus(row: number): void {
    this.reveal(this.#model.view.indexOf(row));
    this.#cell(`${row} device`)?.focus();
  }

  close(): void {
    this.#list.close();
  }

  #cell(name: string): HTMLElement | null {
    return this.#list.element.querySelector<HTMLElement>(`[data-cell="${CSS.escape(name)}"]`);
  }

  #showHead(): void {
    const { chosen, view, sort } = this.#model;
    this.#head.replaceChildren();
    const all = tickBox("Tick all that are shown", view.length > 0 && view.every((i) => chosen.has(i)), false, (on) => {
      for (const i of view)
        if (on) chosen.add(i);
        else chosen.delete(i);
      this.#model.touch();
    });
    all.tabIndex = 0;
    this.#head.append(part("span", "fplus-cell-flag"), all);
    for (const column of COLUMNS) {
      const head = part("button", `fplus-cell fplus-cell-${column}`, COLUMN_TITLES[column]) as HTMLButtonElement;
      head.type = "button";
      head.title = HINTS[column] ?? `Sort by ${COLUMN_TITLES[column]}`;
      const isSorted = sort?.column === column;
      head.setAttribute("role", "columnheader");
      head.setAttribute("aria-sort", isSorted ? (sort.descending ? "descending" : "ascending") : "none");
      if (isSorted) head.append(part("i", `fa ${sort.descending ? "fa-caret-down" : "fa-caret-up"}`));
      head.addEventListener("click", () => this.#model.sortBy(column));
      this.#head.append(head);
    }
    this.#head.append(part("span", "fplus-cell-remove"));
  }

  #render(element: HTMLElement, index: number): void {
    const row = this.#model.rows[index]!;
    const mistake = this.#model.mistakeOf(index);
    element.classList.add("fplus-grid-row");
    element.setAttribute("aria-selected", String(this.#model.chosen.has(index)));
    const flag = part("span", "fplus-cell-flag");
    if (mistake !== undefined) {
      const icon = part("i", "fa fa-exclamation-triangle");
      icon.title = `${COLUMN_TITLES[mistake.field as Column] ?? mistake.field} ${mistake.reason}`;
      icon.setAttribute("role", "img");
      icon.setAttribute("aria-label", icon.title);
      flag.append(icon);
    }
    const tick = tickBox(`Tick row ${index + 1}`, this.#model.chosen.has(index), false, (on) => {
      if (on) this.#model.chosen.add(index);
      else this.#model.chosen.delete(index);
      this.#model.touch();
    });
    tick.tabIndex = 0;
    element.append(flag, tick);
    for (const column of COLUMNS) {
      const cell = part("span", `fplus-cell fplus-cell-${column}`);
      cell.append(this.#field(row, index, column));
      if (mistake?.field === column || (column === "deadband" && mistake?.field === "deadbandPercent")) {
        cell.firstElementChild!.classList.add("input-error");
        (cell.firstElementChild as HTMLElement).title = mistake!.reason;
      }
      element.append(cell);
    }
    const remove = part("button", "fplus-cell-remove red-ui-button red-ui-button-small") as HTMLButtonElement;
    remove.type = "button";
    remove.title = "Delete";
    remove.setAttribute("aria-label", `Delete row ${index + 1}`);
    remove.append(part("i", "fa fa-remove"));
    remove.addEventListener("click", () => this.#model.remove([index]));
    element.append(remove);
  }

  #field(row: TagRow, index: number, column: Column): HTMLElement {
    if (column === "device" && row.type !== undefined) {
      const every = part("span", "fplus-template", `every ${row.device}`);
      every.title = `One tag for every device of the type ${row.type}`;
      return every;
    }
    const field = document.createElement(column === "trigger" ? "select" : "input");
    if (field instanceof HTMLSelectElement) for (const trigger of TRIGGERS) field.append(new Option(trigger, trigger));
    else field.type = "text";
    field.value = cellText(row, column);
    field.dataset["cell"] = `${index} ${column}`;
    field.setAttribute("aria-label", `${COLUMN_TITLES[column]} of row ${index + 1}`);
    field.addEventListener("change", () => this.#model.write([index], column, field.value));
    field.addEventListener("keydown", (event) => this.#key(event as KeyboardEvent, index, column));
    return field;
  }

  /** Up, down and Enter go to the same column of the next row. */
  #key(event: KeyboardEvent, index: number, column: Column): void {
    const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" || event.key === "Enter" ? 1 : 0;
    if (step === 0 || (event.target instanceof HTMLSelectElement && event.key !== "Enter")) return;
    event.preventDefault();
    const place = this.#model.view.indexOf(index) + step;
    const next = this.#model.view[place];
    if (next === undefined) return (event.target as HTMLElement).blur();
    this.#list.reveal(place);
    this.#cell(`${next} ${column}`)?.focus();
  }
}
