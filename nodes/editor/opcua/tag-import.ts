import { part } from "./node-row.ts";
import { readTagCsv } from "../../tag-table/tag-csv.ts";
import type { TagRow } from "../../tag-table/tag-row.ts";

const SHOWN_MISTAKES = 5;

/** A box for a table from a spreadsheet or a file, with what will come of it shown while it is edited. */
export function importTags(text: string, onTags: (rows: TagRow[]) => void): void {
  const content = part("div", "fplus-import");
  const area = document.createElement("textarea");
  area.rows = 9;
  area.value = text;
  area.placeholder =
    "Device,Metric,NodeId,Sampling ms,Deadband,Unit\nPress01,Temperature,ns=2;s=Press01.Temperature,500,0.5,Cel";
  area.setAttribute("aria-label", "Tag lines");
  const file = document.createElement("input");
  file.type = "file";
  file.accept = ".csv,.txt,.tsv,text/csv,text/plain";
  file.setAttribute("aria-label", "File");
  const result = part("div", "fplus-status");
  result.setAttribute("role", "status");
  const show = (): void => {
    const { rows, mistakes } = readTagCsv(area.value);
    const named = mistakes.slice(0, SHOWN_MISTAKES).map(({ line, reason }) => `line ${line}: ${reason}`);
    const more = mistakes.length > named.length ? `; and ${mistakes.length - named.length} more` : "";
    const bad = mistakes.length === 0 ? "" : ` ${mistakes.length} lines are left out: ${named.join("; ")}${more}.`;
    result.textContent = area.value.trim() === "" ? "" : `${rows.length.toLocaleString("en")} tags.${bad}`;
    result.classList.toggle("fplus-error", mistakes.length > 0);
  };
  const take = (chosen: File | undefined): void => {
    chosen?.text().then(
      (read) => {
        area.value = read;
        show();
      },
      () => (result.textContent = `${chosen.name} cannot be read.`),
    );
  };
  area.addEventListener("input", show);
  area.addEventListener("dragover", (event) => event.preventDefault());
  area.addEventListener("drop", (event) => {
    if (event.dataTransfer?.files.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    take(event.dataTransfer?.files[0]);
  });
  file.addEventListener("change", () => take(file.files?.[0]));
  const hint = part(
    "p",
    "",
    "Paste lines from a spreadsheet, choose a file or drop one here: comma, semicolon or tab between the fields. Headings of Kepware, Ignition and Neuron exports are known.",
  );
  content.append(hint, file, area, result);
  show();
  const notice = RED.notify($(content), {
    modal: true,
    fixed: true,
    width: 620,
    buttons: [
      { text: "Cancel", click: () => notice.close() },
      {
        text: "Add",
        class: "primary",
        click: () => {
          onTags(readTagCsv(area.value).rows);
          notice.close();
        },
      },
    ],
  });
}
