import { isVariable, numberFrom, shownWith } from "../editor/checks.ts";
import { type Failure, reasonOf } from "../editor/failure.ts";
import { showTable } from "../editor/result-table.ts";
import { momentOf } from "../frame/moment.ts";
import { browseSignals } from "./signal-browser.ts";

const INFLUXQL_EXAMPLE = "SELECT mean(value) FROM sensors WHERE time > now() - 1h GROUP BY time(5m), path";
const FLUX_EXAMPLE = 'from(bucket: "factoryplus") |> range(start: -1h)';

/** The fields that make a question. */
const FIELDS = [
  "language",
  "query",
  "signals",
  "tags",
  "range",
  "minutes",
  "from",
  "to",
  "aggregate",
  "window",
  "fill",
  "limit",
] as const;

const isWindow = numberFrom(0.001, undefined, " of seconds");

function isMoment(value: string, _options: unknown): boolean | string {
  if (value === "" || isVariable(value) || momentOf(value, 0) !== undefined) return true;
  return "Write now-1d, a date like 2026-01-31T12:00:00Z, or milliseconds.";
}

function field(name: string): string {
  return String($(`#node-input-${name}`).val() ?? "");
}

function historian(): string {
  return field("historian") === "_ADD_" ? "" : field("historian");
}

/** The Try button: shows the newest values of the question as it stands in the dialog. */
function tryQuestion(): void {
  const table = $("#fplus-query-rows");
  const result = $("#fplus-query-result").text("Asking the historian …").css("color", "");
  $.ajax({
    url: `fplus/historian/try/${encodeURIComponent(historian() || "plant")}`,
    method: "POST",
    contentType: "application/json",
    data: JSON.stringify(Object.fromEntries(FIELDS.map((name) => [name, field(name)]))),
  }).then(
    ({ text, columns, rows }: { text: string; columns: string[]; rows: string[][] }) => {
      result.text(text);
      const time = columns.indexOf("Time");
      const shown = rows.map((row) => row.map((cell, i) => (i === time ? new Date(cell).toLocaleString() : cell)));
      showTable(table, columns, shown);
    },
    (failure: Failure) => {
      result.text(reasonOf(failure)).css("color", "var(--red-ui-text-color-error)");
      showTable(table, [], []);
    },
  );
}

RED.nodes.registerType("fplus-historian-query", {
  category: "Factory+",
  color: "#DEBD5C",
  icon: "fplus-historian-query.svg",
  paletteLabel: "historian query",
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: "" },
    historian: { value: "", type: "fplus-historian", required: false },
    language: { value: "builder" },
    query: {
      value: "",
      validate(value, _options) {
        const isText = this["language"] === "influxql" || this["language"] === "flux";
        return !isText || value !== "" || "Write the question, or send it as msg.query and write a usual one here.";
      },
    },
    signals: { value: "" },
    tags: {
      value: "",
      validate(value, _options) {
        const parts = String(value ?? "")
          .split(",")
          .map((part) => part.trim());
        return (
          parts.every((part) => part === "" || /^[^=]+=.+$/.test(part)) || "Write tags like site=Leeds, device=Press*."
        );
      },
    },
    range: { value: "last" },
    minutes: { value: "60", validate: shownWith("range", "last", numberFrom(0.01, undefined, " of minutes")) },
    from: { value: "", validate: shownWith("range", "between", isMoment) },
    to: { value: "", validate: shownWith("range", "between", isMoment) },
    aggregate: { value: "raw" },
    window: {
      value: "60",
      validate(value, options) {
        return this["aggregate"] === "raw" || isWindow.call(this, value, options);
      },
    },
    limit: { value: "", validate: shownWith("aggregate", "raw", numberFrom(1)) },
    fill: { value: "none" },
    output: { value: "arrays" },
  },
  label() {
    return this.name || "historian query";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "ask",
  outputLabels: "history",
  oneditprepare() {
    // A node of a former release has neither.
    if (!this["language"]) $("#node-input-language").val("builder");
    if (!this["fill"]) $("#node-input-fill").val("none");
    const show = (): void => {
      const language = field("language");
      const built = language === "builder";
      const last = field("range") === "last";
      const raw = field("aggregate") === "raw";
      $(".fplus-query-built").toggle(built);
      $(".fplus-query-text").toggle(!built);
      $("#node-input-query").attr("placeholder", language === "flux" ? FLUX_EXAMPLE : INFLUXQL_EXAMPLE);
      $(".fplus-query-last").toggle(built && last);
      $(".fplus-query-between").toggle(built && !last);
      $(".fplus-query-window").toggle(built && !raw);
      $(".fplus-query-raw").toggle(built && raw);
    };
    $("#node-input-language, #node-input-range, #node-input-aggregate").on("change", show);
    show();
    $("#fplus-query-browse").on("click", () => {
      const lines = field("signals")
        .split("\n")
        .flatMap((line) => line.trim() || []);
      browseSignals(
        historian(),
        lines,
        (chosen) => void $("#node-input-signals").val(chosen.join("\n")).trigger("change"),
      );
    });
    $("#fplus-query-try").on("click", tryQuestion);
  },
});
