import { part } from "./node-row.ts";
import { post } from "./server-view.ts";
import { installStyle } from "./style.ts";
import { browseTags } from "./tag-browser.ts";
import { writeTagCsv } from "../../tag-table/tag-csv.ts";
import { TagGrid } from "./tag-grid.ts";
import { importTags } from "./tag-import.ts";
import { type RowMistake, TagModel } from "./tag-model.ts";
import { type Column, COLUMN_TITLES, type TagRow } from "../../tag-table/tag-row.ts";

const CHECK_AFTER_MS = 300;
const SHOWN_MISTAKES = 3;

/** The table of tags in the reader's dialog: chosen from the server, typed or imported; edited one by one or many at once. */
export class TagTable {
  readonly #model: TagModel;
  readonly #grid: TagGrid;
  readonly #filter = document.createElement("input");
  readonly #only = document.createElement("input");
  readonly #undo = button("fa-undo", "Undo", () => this.#model.undo());
  readonly #redo = button("fa-repeat", "Redo", () => this.#model.redo());
  readonly #many = part("div", "fplus-many");
  readonly #manyCount = part("span", "fplus-chosen");
  readonly #summary = part("div", "fplus-status");
  #checked: readonly TagRow[] | undefined;
  #timer = 0;

  constructor(place: HTMLElement, rows: readonly TagRow[]) {
    installStyle();
    this.#model = new TagModel(rows, () => this.#changed());
    this.#grid = new TagGrid(this.#model);
    this.#summary.setAttribute("role", "status");
    this.#buildMany();
    place.classList.add("fplus-tags");
    place.append(this.#tools(), this.#many, this.#grid.element, this.#summary);
    this.#takeDrops(place);
    this.#changed();
  }

  rows(): TagRow[] {
    return [...this.#model.rows];
  }

  /** Opens the tree of the endpoint's server. */
  browse(endpoint: string): void {
    if (endpoint === "" || endpoint === "_ADD_") RED.notify("Choose an endpoint first.", "warning");
    else browseTags(endpoint, (rows) => this.#add(rows));
  }

  import(text = ""): void {
    importTags(text, (rows) => this.#add(rows));
  }

  export(): void {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([writeTagCsv(this.#model.rows)], { type: "text/csv" }));
    link.download = "tags.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#grid.close();
  }

  #add(rows: readonly TagRow[]): void {
    const added = this.#model.add(rows);
    const known = rows.length - added;
    if (known > 0) RED.notify(`${known} of ${rows.length} were in the table already.`);
    this.#grid.reveal(this.#model.view.length - 1);
  }

  #tools(): HTMLElement {
    const tools = part("div", "fplus-tools");
    this.#filter.type = "search";
    this.#filter.placeholder = "Filter";
    this.#filter.setAttribute("aria-label", "Filter tags");
    this.#only.type = "checkbox";
    const only = part("label", "fplus-choice", "");
    only.append(this.#only, " mistakes only");
    const filter = (): void => this.#model.filter(this.#filter.value, this.#only.checked);
    this.#filter.addEventListener("input", filter);
    this.#only.addEventListener("change", filter);
    const add = button("fa-plus", "Add a tag", () => {
      this.#model.add([{ device: "", metric: "", nodeId: "" }]);
      this.#grid.focus(this.#model.rows.length - 1);
    });
    tools.append(this.#filter, only, part("span", "fplus-gap"), this.#undo, this.#redo, add);
    return tools;
  }

  /** Shown while rows are ticked: one value into a column of all of them, or all of them gone. */
  #buildMany(): void {
    const column = document.createElement("select");
    column.setAttribute("aria-label", "Column");
    for (const [key, title] of Object.entries(COLUMN_TITLES)) column.append(new Option(title, key));
    column.value = "samplingMs";
    const text = document.createElement("input");
    text.type = "text";
    text.setAttribute("aria-label", "Value for the ticked rows");
    text.placeholder = "value; blank for none";
    const set = button("fa-check", "Set", () =>
      this.#model.write(this.#model.chosen, column.value as Column, text.value),
    );
    const remove = button("fa-trash", "Delete", () => this.#model.remove([...this.#model.chosen]));
    set.append(" Set");
    remove.append(" Delete");
    this.#many.append(this.#manyCount, column, text, set, remove);
  }

  #takeDrops(place: HTMLElement): void {
    place.addEventListener("dragover", (event) => event.preventDefault());
    place.addEventListener("drop", (event) => {
      const file = event.dataTransfer?.files[0];
      if (file === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      file.text().then(
        (text) => this.import(text),
        () => RED.notify(`${file.name} cannot be read.`, "error"),
      );
    });
  }

  #changed(): void {
    const { rows, view, mistakes, chosen } = this.#model;
    this.#undo.disabled = !this.#model.canUndo;
    this.#redo.disabled = !this.#model.canRedo;
    this.#grid.show();
    this.#many.hidden = chosen.size === 0;
    this.#manyCount.textContent = `${chosen.size.toLocaleString("en")} ticked`;
    const shown = view.length === rows.length ? "" : `, ${view.length.toLocaleString("en")} shown`;
    const named = mistakes
      .slice(0, SHOWN_MISTAKES)
      .map(({ row, field, reason }) => `row ${row + 1}: ${COLUMN_TITLES[field as Column] ?? field} ${reason}`);
    const more = mistakes.length > named.length ? `; and ${mistakes.length - named.length} more` : "";
    this.#summary.textContent = `${rows.length.toLocaleString("en")} ${rows.length === 1 ? "tag" : "tags"}${shown}${
      mistakes.length === 0 ? "" : `. Not read: ${named.join("; ")}${more}.`
    }`;
    this.#summary.classList.toggle("fplus-error", mistakes.length > 0);
    if (this.#checked !== rows) this.#checkSoon();
  }

  /** The rows are judged by the reader's own rules. */
  #checkSoon(): void {
    clearTimeout(this.#timer);
    const { rows } = this.#model;
    this.#checked = rows;
    this.#timer = window.setTimeout(() => {
      post<{ mistakes: RowMistake[] }>("fplus/opcua/check-tags", { rows }).then(
        ({ mistakes }) => this.#model.rows === rows && this.#model.judge(mistakes),
        // Without an answer the table is as it was; deploying names the mistakes, too.
        () => undefined,
      );
    }, CHECK_AFTER_MS);
  }
}

function button(icon: string, label: string, onClick: () => void): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "red-ui-button red-ui-button-small";
  element.title = label;
  element.setAttribute("aria-label", label);
  element.append(part("i", `fa ${icon}`));
  element.addEventListener("click", onClick);
  return element;
}
