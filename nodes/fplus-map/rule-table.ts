import type { RowPreview } from "./map-requests.ts";
import { type Field, type RuleRow, ruleOf } from "./rule-row.ts";

const ROW_HEIGHT = 30;
/** Rows kept above and below those in sight. */
const MARGIN = 4;
const COLUMNS: readonly { field: Field; label: string; hint: string }[] = [
  { field: "device", label: "Device", hint: "every device" },
  { field: "tag", label: "Raw tag", hint: "blank: derived" },
  { field: "name", label: "Metric", hint: "the tag's own" },
  { field: "unit", label: "Unit", hint: "as it is" },
];
const STEPS_BACK = 50;

/** What is wrong with a row. */
export interface Mistake {
  readonly field: string;
  readonly reason: string;
}

/** The table of rows: only those in sight exist on the page, so that thousands are as quick as ten. */
export class RuleTable {
  readonly #body: HTMLElement;
  readonly #space: HTMLElement;
  readonly #shown = new Map<number, HTMLElement>();
  readonly #before: RuleRow[][] = [];
  readonly #onSelect: (row: RuleRow | undefined) => void;
  readonly #onChange: () => void;
  #rows: RuleRow[];
  /** Indexes of the rows that the search lets through. */
  #view: number[] = [];
  #search = "";
  #mistakes = new Map<number, Mistake>();
  #previews = new Map<RuleRow, RowPreview>();
  selected = -1;

  constructor(
    body: HTMLElement,
    rows: readonly RuleRow[],
    listeners: { onSelect: (row: RuleRow | undefined) => void; onChange: () => void },
  ) {
    this.#body = body;
    this.#rows = [...rows];
    this.#onSelect = listeners.onSelect;
    this.#onChange = listeners.onChange;
    this.#space = document.createElement("div");
    this.#space.style.position = "relative";
    body.replaceChildren(this.#space);
    body.addEventListener("scroll", () => this.#draw());
    this.#viewAgain();
    this.select(rows.length > 0 ? 0 : -1);
  }

  get rows(): readonly RuleRow[] {
    return this.#rows;
  }

  get canUndo(): boolean {
    return this.#before.length > 0;
  }

  /** Puts rows behind the selected one, or at the end, and shows the first of them. */
  add(rows: readonly RuleRow[], place: "below" | "end" = "end"): void {
    if (rows.length === 0) return;
    this.#remember();
    const at = place === "below" && this.selected >= 0 ? this.selected + 1 : this.#rows.length;
    this.#rows.splice(at, 0, ...rows);
    this.search("");
    this.select(at);
    this.#onChange();
  }

  remove(): void {
    if (this.selected < 0) return;
    this.#remember();
    this.#rows.splice(this.selected, 1);
    this.#viewAgain();
    this.select(Math.min(this.selected, this.#rows.length - 1));
    this.#onChange();
  }

  /** Moves the selected row one place: among rows with wildcards the first that fits counts. */
  move(by: 1 | -1): void {
    const to = this.selected + by;
    const row = this.#rows[this.selected];
    if (row === undefined || to < 0 || to >= this.#rows.length) return;
    this.#remember();
    this.#rows.splice(this.selected, 1);
    this.#rows.splice(to, 0, row);
    this.#viewAgain();
    this.select(to);
    this.#onChange();
  }

  /** Takes back the last row added, removed or moved, or the last edit of one. */
  undo(): void {
    const before = this.#before.pop();
    if (before === undefined) return;
    this.#rows = before;
    this.#viewAgain();
    this.select(Math.min(Math.max(this.selected, 0), this.#rows.length - 1));
    this.#onChange();
  }

  /** Writes a field of the selected row; returns nothing to undo where it is already so. */
  set(field: Field, text: string): void {
    this.#write(this.selected, field, text);
    const input = this.#shown.get(this.selected)?.querySelector<HTMLInputElement>(`[data-field="${field}"]`);
    if (input !== null && input !== undefined && document.activeElement !== input) input.value = text;
  }

  select(index: number): void {
    const row = this.#rows[index];
    this.selected = row === undefined ? -1 : index;
    const place = this.#view.indexOf(this.selected) * ROW_HEIGHT;
    if (
      place >= 0 &&
      (place < this.#body.scrollTop || place + ROW_HEIGHT > this.#body.scrollTop + this.#body.clientHeight)
    )
      this.#body.scrollTop = Math.max(0, place - ROW_HEIGHT);
    this.#draw();
    this.#onSelect(row);
  }

  search(text: string): void {
    if (text === this.#search) {
      this.#viewAgain();
      return;
    }
    this.#search = text;
    this.#body.scrollTop = 0;
    this.#viewAgain();
  }

  showMistakes(mistakes: ReadonlyMap<number, Mistake>): void {
    this.#mistakes = new Map(mistakes);
    for (const [index, element] of this.#shown) this.#dress(element, index);
  }

  /** The rows in sight, for a preview of them. */
  inSight(): RuleRow[] {
    return [...this.#shown.keys()].flatMap((index) => this.#rows[index] ?? []);
  }

  showPreviews(rows: readonly RuleRow[], previews: readonly RowPreview[]): void {
    this.#previews = new Map(rows.flatMap((row, i) => (previews[i] === undefined ? [] : [[row, previews[i]]])));
    for (const [index, element] of this.#shown) this.#dress(element, index);
  }

  #write(index: number, field: Field, text: string): void {
    const row = this.#rows[index];
    if (row === undefined || (row[field] ?? "") === text) return;
    this.#remember();
    if (text === "") delete row[field];
    else row[field] = text;
    this.#onChange();
  }

  #remember(): void {
    this.#before.push(this.#rows.map((row) => ({ ...row })));
    if (this.#before.length > STEPS_BACK) this.#before.shift();
  }

  #viewAgain(): void {
    const text = this.#search.toLowerCase();
    this.#view = this.#rows.flatMap((row, i) =>
      text === "" || JSON.stringify(ruleOf(row)).toLowerCase().includes(text) ? [i] : [],
    );
    for (const element of this.#shown.values()) element.remove();
    this.#shown.clear();
    this.#space.style.height = `${this.#view.length * ROW_HEIGHT}px`;
    this.#draw();
  }

  #draw(): void {
    const first = Math.max(0, Math.floor(this.#body.scrollTop / ROW_HEIGHT) - MARGIN);
    const count = Math.ceil((this.#body.clientHeight || 240) / ROW_HEIGHT) + 2 * MARGIN;
    const wanted = new Set(this.#view.slice(first, first + count));
    for (const [index, element] of this.#shown) {
      if (wanted.has(index)) continue;
      element.remove();
      this.#shown.delete(index);
    }
    this.#view.slice(first, first + count).forEach((index, i) => {
      let element = this.#shown.get(index);
      if (element === undefined) {
        element = this.#element(index);
        this.#shown.set(index, element);
        this.#space.append(element);
      }
      element.style.top = `${(first + i) * ROW_HEIGHT}px`;
      this.#dress(element, index);
    });
  }

  #element(index: number): HTMLElement {
    const row = this.#rows[index]!;
    const element = document.createElement("div");
    element.className = "fplus-map-row";
    const number = document.createElement("span");
    number.className = "fplus-map-number";
    number.textContent = String(index + 1);
    element.append(number);
    for (const { field, label, hint } of COLUMNS) {
      const input = document.createElement("input");
      input.type = "text";
      input.dataset["field"] = field;
      input.setAttribute("aria-label", `${label} of row ${index + 1}`);
      input.placeholder = hint;
      input.value = row[field] ?? "";
      input.addEventListener("change", () => {
        this.#write(index, field, input.value.trim());
        if (this.selected === index) this.#onSelect(this.#rows[index]);
      });
      element.append(input);
    }
    const value = document.createElement("span");
    value.className = "fplus-map-value";
    element.append(value);
    element.addEventListener("focusin", () => {
      if (this.selected !== index) this.select(index);
    });
    element.addEventListener("click", () => {
      if (this.selected !== index) this.select(index);
    });
    return element;
  }

  /** Selection, mistake and last value of a row. */
  #dress(element: HTMLElement, index: number): void {
    const row = this.#rows[index]!;
    const preview = this.#previews.get(row);
    const mistake = this.#mistakes.get(index) ?? preview?.mistake;
    element.classList.toggle("fplus-map-selected", index === this.selected);
    element.classList.toggle("fplus-map-wrong", mistake !== undefined);
    for (const input of element.querySelectorAll<HTMLInputElement>("input"))
      input.classList.toggle("input-error", mistake !== undefined && input.dataset["field"] === mistake.field);
    const value = element.querySelector<HTMLElement>(".fplus-map-value")!;
    const text = mistake === undefined ? previewText(preview) : `✗ ${mistake.field}: ${mistake.reason}`;
    value.textContent = text;
    value.title = preview?.tag === undefined ? text : `${text}\n${preview.tag} → ${preview.target ?? ""}`;
    value.classList.toggle("fplus-map-bad", preview?.reason !== undefined && mistake === undefined);
  }
}

function previewText(preview: RowPreview | undefined): string {
  if (preview === undefined) return "";
  if (preview.value === undefined) return "no value yet";
  const [raw, value] = [shown(preview.raw), shown(preview.value)];
  const from = preview.raw === undefined ? "" : `${raw}${preview.rawUnit ? ` ${preview.rawUnit}` : ""} → `;
  const more = preview.tags > 1 ? ` (${preview.tags} tags)` : "";
  if (preview.reason !== undefined) return `${from}✗ ${preview.reason}${more}`;
  return `${from}${value}${preview.unit ? ` ${preview.unit}` : ""}${more}`;
}

function shown(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  return value === null || value === undefined ? "–" : String(value).slice(0, 40);
}
