import { NO_ANSWER } from "../editor/failure.ts";
import { askMistakes, askPreviews } from "./map-requests.ts";
import { type Field, FIELDS, isBlank, rowOf, rowsFromTable, type RuleRow, ruleOf, tableOf } from "./rule-row.ts";
import { RuleTable } from "./rule-table.ts";
import { pickTags } from "./tag-picker.ts";

const PREVIEW_MS = 2000;
const CHECK_MS = 500;
/** Fields below the table; the others are in it. */
const DETAILS = FIELDS.filter((field) => !["device", "tag", "name", "unit"].includes(field));

let table: RuleTable | undefined;
let timer: number | undefined;
let checking: number | undefined;

RED.nodes.registerType("fplus-map", {
  category: "Factory+",
  color: "#A6BBCF",
  icon: "fplus-map.svg",
  paletteLabel: "map",
  inputs: 1,
  outputs: 3,
  defaults: {
    name: { value: "" },
    rules: {
      value: [],
      validate(rows, _options) {
        const given = Array.isArray(rows) ? (rows as unknown[]) : [];
        const empty = given.findIndex((row) => {
          const { tag, name } = (row ?? {}) as { tag?: unknown; name?: unknown };
          return !tag && !name;
        });
        return empty < 0 || `Row ${empty + 1} has neither a tag nor a name.`;
      },
    },
    path: {
      value: "",
      validate(value, _options) {
        const levels = value === "" ? [] : value.split("/");
        const isWrong = levels.length > 5 || levels.some((level) => level.trim() === "");
        return !isWrong || "Write at most five levels, like Acme/Berlin/Press shop/Line 1/Cell 2.";
      },
    },
    unmapped: { value: "pass" },
    output: { value: "batch" },
  },
  label() {
    return this.name || "map";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "raw samples, writes from hosts",
  outputLabels: ["mapped samples", "bad values, with the reason", "writes, under raw names"],
  oneditprepare() {
    table = prepare(this.id, ((this["rules"] as Record<string, unknown>[] | undefined) ?? []).map(rowOf));
  },
  oneditsave() {
    this["rules"] = table?.rows.filter((row) => !isBlank(row)).map(ruleOf) ?? [];
    stop();
  },
  oneditcancel: stop,
});

function stop(): void {
  clearInterval(timer);
  clearTimeout(checking);
  table = undefined;
}

function prepare(id: string, rows: readonly RuleRow[]): RuleTable {
  const element = <E extends HTMLElement>(name: string): E => document.querySelector<E>(`#fplus-map-${name}`)!;
  const check = (): void => {
    clearTimeout(checking);
    checking = window.setTimeout(() => showMistakes(shown, element("summary")), CHECK_MS);
  };
  const shown = new RuleTable(element("body"), rows, {
    onSelect: (row) => showDetails(element, row),
    onChange: check,
  });
  for (const field of DETAILS) {
    element(field).addEventListener("change", () => shown.set(field, textOf(element(field))));
  }
  const click = (name: string, act: () => void): void => element(name).addEventListener("click", act);
  click("add", () => shown.add([{}], "below"));
  click("double", () => shown.selected >= 0 && shown.add([{ ...shown.rows[shown.selected] }], "below"));
  click("remove", () => shown.remove());
  click("up", () => shown.move(-1));
  click("down", () => shown.move(1));
  click("undo", () => shown.undo());
  click("summary", () => {
    const row = Number(element("summary").dataset["row"] ?? -1);
    if (row >= 0) shown.select(row);
  });
  click("fill", () => pickTags(id, (found) => shown.add(found)));
  click("paste", () => paste((found) => shown.add(found)));
  click("copy", () => copy(shown.rows.filter((row) => !isBlank(row))));
  click("expand", () => {
    if (shown.selected < 0) return;
    RED.editor.editExpression({
      value: textOf(element("formula")),
      complete: (text: string) => {
        element<HTMLInputElement>("formula").value = text;
        shown.set("formula", text.trim());
      },
    });
  });
  $("#fplus-map-search").searchBox({
    delay: 200,
    style: "compact",
    change: () => shown.search(textOf(element("search"))),
  });
  const preview = (): void => showPreviews(id, shown);
  timer = window.setInterval(preview, PREVIEW_MS);
  preview();
  check();
  return shown;
}

/** The fields of the selected row; without one they can take nothing. */
function showDetails(element: <E extends HTMLElement>(name: string) => E, row: RuleRow | undefined): void {
  for (const field of DETAILS) {
    const input = element<HTMLInputElement | HTMLSelectElement>(field);
    input.disabled = row === undefined;
    if (field === "clamp") (input as HTMLInputElement).checked = /^(true|yes|x|1)$/i.test(row?.clamp ?? "");
    else input.value = row?.[field] ?? "";
  }
}

function textOf(input: HTMLElement): string {
  if (input instanceof HTMLInputElement && input.type === "checkbox") return input.checked ? "true" : "";
  return (input as HTMLInputElement | HTMLSelectElement).value.trim();
}

function showMistakes(shown: RuleTable, summary: HTMLElement): void {
  const rows = shown.rows.filter((row) => !isBlank(row));
  const places = rows.map((row) => shown.rows.indexOf(row));
  askMistakes(rows).then(
    (mistakes) => {
      shown.showMistakes(new Map(mistakes.map(({ row, field, reason }) => [places[row]!, { field, reason }])));
      const first = mistakes[0];
      summary.classList.toggle("fplus-map-bad", first !== undefined);
      summary.style.cursor = first === undefined ? "" : "pointer";
      summary.dataset["row"] = String(first === undefined ? -1 : places[first.row]);
      summary.textContent =
        first === undefined
          ? `${rows.length.toLocaleString("en")} ${rows.length === 1 ? "row" : "rows"}`
          : `${mistakes.length} of ${rows.length} rows cannot be used. Row ${places[first.row]! + 1}, ${labelOf(first.field)}: ${first.reason}`;
    },
    () => {
      summary.textContent = NO_ANSWER;
    },
  );
}

function showPreviews(id: string, shown: RuleTable): void {
  const rows = shown.inSight();
  if (rows.length === 0) return;
  askPreviews(id, rows).then(
    (answer) => shown.showPreviews(rows, answer.rows),
    () => undefined,
  );
}

function labelOf(field: string): string {
  const inTable: Partial<Record<Field, string>> = { device: "device", tag: "raw tag", name: "metric", unit: "unit" };
  const label = document.querySelector(`label[for="fplus-map-${field}"]`)?.textContent;
  return inTable[field as Field] ?? label?.trim().toLowerCase() ?? field;
}

function paste(add: (rows: RuleRow[]) => void): void {
  const area = $("<textarea>")
    .attr({
      rows: 10,
      "aria-label": "Table of rows",
      placeholder: "device\ttag\tname\tunit\nPress*\tTemp_1\ttemperature\tCel",
    })
    .css({ width: "100%", fontFamily: "monospace" });
  const notice = RED.notify(
    $("<div>").append(
      $("<p>").text(
        `Paste a table from a spreadsheet or a CSV file. Its first line may name the columns, in any order: ${FIELDS.join(", ")}. Without it they are device, tag, name, unit.`,
      ),
      area,
    ),
    {
      modal: true,
      fixed: true,
      width: 600,
      buttons: [
        { text: "Cancel", click: () => notice.close() },
        {
          text: "Add",
          class: "primary",
          click: () => {
            add(rowsFromTable(String(area.val() ?? "")));
            notice.close();
          },
        },
      ],
    },
  );
}

function copy(rows: readonly RuleRow[]): void {
  const text = tableOf(rows);
  // Browsers give the clipboard to pages of https and of this machine only.
  if (!window.isSecureContext) showTable(text);
  else {
    navigator.clipboard.writeText(text).then(
      () => RED.notify(`${rows.length} rows are in the clipboard; paste them into a spreadsheet.`, "success"),
      () => showTable(text),
    );
  }
}

/** For the hand, where the browser gives no clipboard. */
function showTable(text: string): void {
  const area = $("<textarea>").attr({ rows: 12, "aria-label": "Rows" }).css({ width: "100%", fontFamily: "monospace" });
  const notice = RED.notify($("<div>").append($("<p>").text("Copy this into a spreadsheet."), area.val(text)), {
    modal: true,
    fixed: true,
    width: 600,
    buttons: [{ text: "Close", class: "primary", click: () => notice.close() }],
  });
  area.trigger("select");
}
