import { browseTags } from "./tag-browser.ts";
import { parseTagLines, type TagRow } from "../../fplus-opcua-read/tag-lines.ts";

const FIELDS = [
  { key: "device", label: "Device", width: "17%", hint: "" },
  { key: "metric", label: "Metric", width: "22%", hint: "" },
  { key: "nodeId", label: "NodeId", width: "26%", hint: "" },
  {
    key: "samplingMs",
    label: "Sample",
    width: "13%",
    hint: "Milliseconds between two samples of this tag; blank as for all",
  },
  {
    key: "deadband",
    label: "Band",
    width: "9%",
    hint: "Absolute deadband: smaller changes are not reported; blank for none",
  },
] as const;

/** The editable list of tags in the dialog, with paste and a browser of the server's variables. */
export class TagTable {
  readonly #list: JQuery;

  constructor(list: JQuery, rows: readonly TagRow[]) {
    this.#list = list;
    list.editableList({
      addItem: (container: JQuery, _index: number, row: Partial<TagRow>) => this.#showRow(container, row),
      removable: true,
      sortable: true,
      height: 220,
      addButton: "add a tag",
      header: $("<div>").append(
        ...FIELDS.map(({ label, width, hint }) =>
          $("<div>").css({ display: "inline-block", width, marginRight: "4px" }).attr("title", hint).text(label),
        ),
      ),
    });
    list.editableList("addItems", [...rows]);
  }

  rows(): TagRow[] {
    const rows: TagRow[] = [];
    (this.#list.editableList("items") as JQuery).each((_i, element) => {
      const item = $(element as unknown as HTMLElement);
      const { samplingMs: _samplingMs, deadband: _deadband, ...rest } = item.data("data") as TagRow;
      const field = (key: string): string => String(item.find(`.fplus-tag-${key}`).val() ?? "").trim();
      const number = (key: "samplingMs" | "deadband"): Partial<TagRow> =>
        field(key) === "" ? {} : { [key]: Number(field(key)) };
      const row = {
        ...rest,
        device: field("device"),
        metric: field("metric"),
        nodeId: field("nodeId"),
        ...number("samplingMs"),
        ...number("deadband"),
      };
      if (row.device !== "" || row.metric !== "" || row.nodeId !== "") rows.push(row);
    });
    return rows;
  }

  /** A box for lines of `device,metric,nodeId`, from a spreadsheet or a file. */
  paste(): void {
    const area = $("<textarea>")
      .attr({ rows: 8, "aria-label": "Tag lines", placeholder: "Press01,Temperature,ns=2;s=Press01.Temperature" })
      .css({ width: "100%", fontFamily: "monospace" });
    const notice = RED.notify(
      $("<div>").append(
        $("<p>").text(
          "Paste lines of device, metric, NodeId and, if you like, sampling in ms, deadband, unit (comma or tab between).",
        ),
        area,
      ),
      {
        modal: true,
        fixed: true,
        buttons: [
          { text: "Cancel", click: () => notice.close() },
          {
            text: "Add",
            class: "primary",
            click: () => {
              this.#list.editableList("addItems", parseTagLines(String(area.val() ?? "")));
              notice.close();
            },
          },
        ],
      },
    );
  }

  /** Opens the tree of the endpoint's server. */
  browse(endpoint: string): void {
    if (endpoint === "" || endpoint === "_ADD_") {
      RED.notify("Choose an endpoint first.", "warning");
      return;
    }
    browseTags(endpoint, (rows) => this.#add(rows));
  }

  #add(rows: readonly TagRow[]): void {
    const known = new Set(this.rows().map((row) => row.nodeId));
    this.#list.editableList(
      "addItems",
      rows.filter(({ nodeId }) => !known.has(nodeId)),
    );
  }

  #showRow(container: JQuery, row: Partial<TagRow>): void {
    for (const { key, label, width, hint } of FIELDS) {
      $("<input>")
        .attr({ type: "text", "aria-label": hint || label, placeholder: hint === "" ? label : "" })
        .addClass(`fplus-tag-${key}`)
        .css({ width, marginRight: "4px" })
        .val(row[key] ?? "")
        .appendTo(container);
    }
  }
}
