import { cellText, type Column, COLUMN_TITLES, type TagRow, withCell } from "../../tag-table/tag-row.ts";

/** What is wrong with a row. */
export interface RowMistake {
  readonly row: number;
  readonly field: string;
  readonly reason: string;
}

const MOST_STEPS = 100;
const COLUMNS = Object.keys(COLUMN_TITLES) as Column[];

/** The rows of the table with their history, and the order and choice in which they are shown. */
export class TagModel {
  #rows: readonly TagRow[];
  readonly #past: (readonly TagRow[])[] = [];
  readonly #future: (readonly TagRow[])[] = [];
  readonly #onChange: () => void;
  #view: readonly number[] = [];
  #filter = "";
  #sort: { readonly column: Column; readonly descending: boolean } | undefined;
  #onlyMistakes = false;
  #mistakes = new Map<number, RowMistake>();
  /** Indexes of the rows that are ticked. */
  readonly chosen = new Set<number>();

  constructor(rows: readonly TagRow[], onChange: () => void) {
    this.#rows = rows;
    this.#onChange = onChange;
    this.#arrange();
  }

  get rows(): readonly TagRow[] {
    return this.#rows;
  }

  /** Indexes of the rows that are shown, in their order. */
  get view(): readonly number[] {
    return this.#view;
  }

  get sort(): { readonly column: Column; readonly descending: boolean } | undefined {
    return this.#sort;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  get mistakes(): readonly RowMistake[] {
    return [...this.#mistakes.values()];
  }

  mistakeOf(row: number): RowMistake | undefined {
    return this.#mistakes.get(row);
  }

  /** Adds rows at the end; those whose address and name are there already are left out. @returns how many were added */
  add(rows: readonly TagRow[]): number {
    const key = ({ device, metric, nodeId, type = "" }: TagRow): string => [device, metric, nodeId, type].join("\n");
    const known = new Set(this.#rows.map(key));
    const fresh = rows.filter((row) => {
      const isKnown = known.has(key(row));
      known.add(key(row));
      return !isKnown;
    });
    if (fresh.length > 0) this.#step([...this.#rows, ...fresh]);
    return fresh.length;
  }

  /** Writes one text into a column of some rows. */
  write(rows: Iterable<number>, column: Column, text: string): void {
    const wanted = new Set(rows);
    const next = this.#rows.map((row, i) => (wanted.has(i) ? withCell(row, column, text) : row));
    // A row keeps its place while it is edited, though it may no longer fit the order.
    this.#step(next, false);
  }

  remove(rows: Iterable<number>): void {
    const gone = new Set(rows);
    this.#step(this.#rows.filter((_, i) => !gone.has(i)));
  }

  undo(): void {
    const before = this.#past.pop();
    if (before === undefined) return;
    this.#future.push(this.#rows);
    this.#set(before);
  }

  redo(): void {
    const after = this.#future.pop();
    if (after === undefined) return;
    this.#past.push(this.#rows);
    this.#set(after);
  }

  sortBy(column: Column): void {
    const isSame = this.#sort?.column === column;
    if (isSame && this.#sort?.descending === true) this.#sort = undefined;
    else this.#sort = { column, descending: isSame };
    this.#arrange();
    this.#onChange();
  }

  filter(text: string, onlyMistakes: boolean): void {
    this.#filter = text.trim().toLowerCase();
    this.#onlyMistakes = onlyMistakes;
    this.#arrange();
    this.#onChange();
  }

  /** Says that other rows are ticked. */
  touch(): void {
    this.#onChange();
  }

  /** Takes in what a check has found. */
  judge(mistakes: readonly RowMistake[]): void {
    this.#mistakes = new Map(mistakes.map((mistake) => [mistake.row, mistake]));
    if (this.#onlyMistakes) this.#arrange();
    this.#onChange();
  }

  #step(rows: readonly TagRow[], rearrange = true): void {
    this.#past.push(this.#rows);
    if (this.#past.length > MOST_STEPS) this.#past.shift();
    this.#future.length = 0;
    this.#set(rows, rearrange);
  }

  #set(rows: readonly TagRow[], rearrange = true): void {
    const sameLength = rows.length === this.#rows.length;
    this.#rows = rows;
    if (!sameLength) this.chosen.clear();
    if (rearrange || !sameLength) this.#arrange();
    this.#onChange();
  }

  #arrange(): void {
    const words = this.#filter.split(/\s+/).filter(Boolean);
    const shown = this.#rows.flatMap((row, i) => {
      if (this.#onlyMistakes && !this.#mistakes.has(i)) return [];
      if (words.length === 0) return [i];
      const text = COLUMNS.map((column) => cellText(row, column))
        .join(" ")
        .toLowerCase();
      return words.every((word) => text.includes(word)) ? [i] : [];
    });
    const sort = this.#sort;
    if (sort !== undefined) {
      const order = new Intl.Collator("en", { numeric: true });
      const text = (i: number): string => cellText(this.#rows[i]!, sort.column);
      shown.sort((a, b) => (sort.descending ? -1 : 1) * order.compare(text(a), text(b)));
    }
    this.#view = shown;
  }
}
