import { isVariable, numberFrom } from "../editor/checks.ts";
import { type Failure, reasonOf } from "../editor/failure.ts";
import { addNodePicker } from "../editor/opcua/node-picker.ts";
import { durationOf, momentOf } from "../frame/moment.ts";

interface TriedRow {
  readonly name: string;
  readonly value: unknown;
  readonly timestamp: number;
  readonly quality: string;
}

const FIELDS = ["targets", "read", "from", "to", "order", "limit", "aggregate", "every", "times", "pageSize"] as const;

function isMoment(value: string, _options: unknown): boolean | string {
  if (value === "" || isVariable(value) || momentOf(value, 0) !== undefined) return true;
  return "Write now, now-1h, a date like 2026-01-31T12:00:00Z, or milliseconds.";
}

function field(name: string): string {
  return String($(`#node-input-${name}`).val() ?? "");
}

/** The range as the server will be asked for it, in the words of this browser. */
function rangeText(): string {
  const now = Date.now();
  const [from, to] = [momentOf(field("from"), now), momentOf(field("to") || "now", now)];
  if (from === undefined || to === undefined) return "";
  const shown = (time: number): string => new Date(time).toLocaleString();
  return `${shown(from)} – ${shown(to)}`;
}

function showRows(rows: readonly TriedRow[]): void {
  const table = $("#fplus-history-rows").toggle(rows.length > 0);
  const body = table.find("tbody").empty();
  for (const { name, value, timestamp, quality } of rows) {
    const row = $("<tr>").appendTo(body);
    $("<td>").css("white-space", "nowrap").text(new Date(timestamp).toLocaleString()).appendTo(row);
    $("<td>")
      .text(name.slice(name.indexOf("/") + 1))
      .attr("title", name)
      .css("overflow-wrap", "anywhere")
      .appendTo(row);
    $("<td>")
      .css({ textAlign: "right", padding: "0 8px" })
      .text(typeof value === "object" ? JSON.stringify(value) : String(value))
      .appendTo(row);
    $("<td>").text(quality).appendTo(row);
  }
}

RED.nodes.registerType("fplus-opcua-history", {
  category: "Factory+",
  color: "#A6BBCF",
  icon: "fplus-opcua-history.svg",
  paletteLabel: "opcua history",
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: "" },
    endpoint: { value: "", type: "fplus-opcua-endpoint", required: true },
    targets: { value: "" },
    read: { value: "raw" },
    from: { value: "now-1h", validate: isMoment },
    to: { value: "now", validate: isMoment },
    order: { value: "oldest" },
    limit: { value: "", validate: numberFrom(1) },
    bounds: { value: false },
    aggregate: { value: "Average" },
    every: {
      value: "1m",
      validate(value, _options) {
        return value === "" || durationOf(value) !== undefined || "Write it like 10s, 1m or 1h.";
      },
    },
    times: { value: "" },
    pageSize: { value: "10000", validate: numberFrom(1) },
    enums: { value: "text" },
    output: { value: "batch" },
  },
  label() {
    return this.name || "opcua history";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "ask",
  outputLabels: "history",
  oneditprepare() {
    const show = (): void => {
      const read = field("read");
      $(".fplus-history-range").toggle(read !== "at");
      for (const way of ["raw", "processed", "at"]) $(`.fplus-history-${way}`).toggle(read === way);
    };
    const showRange = (): void => void $("#fplus-history-range").text(rangeText());
    addNodePicker({ field: "node-input-targets", classes: ["variable"], append: true });
    if (!this["enums"]) $("#node-input-enums").val("text");
    $("#node-input-read").on("change", show);
    $("#node-input-from, #node-input-to").on("input change", showRange);
    show();
    showRange();
    $("#node-input-aggregate").on("focus", () => {
      $.getJSON(`fplus/opcua/aggregates/${encodeURIComponent(field("endpoint"))}`).then(
        (names: readonly string[]) => {
          if (names.length === 0) return;
          const list = $("#fplus-history-aggregates").empty();
          for (const name of names) $("<option>").attr("value", name).appendTo(list);
        },
        () => undefined,
      );
    });
    $("#fplus-history-try").on("click", () => {
      const result = $("#fplus-history-result").text("Asking the server …");
      showRows([]);
      const values = Object.fromEntries(FIELDS.map((name) => [name, field(name)]));
      $.ajax({
        url: `fplus/opcua/history/${encodeURIComponent(field("endpoint"))}`,
        method: "POST",
        contentType: "application/json",
        data: JSON.stringify({ ...values, bounds: $("#node-input-bounds").prop("checked") === true }),
      }).then(
        ({ rows, text }: { rows: TriedRow[]; text: string }) => {
          result.text(text);
          showRows(rows);
        },
        (failure: Failure) => result.text(reasonOf(failure)),
      );
    });
  },
});
