import { isVariable, wholeFrom } from "../editor/checks.ts";
import { tryOut } from "./try-out.ts";

const ROWS: Readonly<Record<string, readonly string[]>> = {
  search: ["index", "filter", "facets", "sort", "limit", "highlight", "output", "try"],
  facets: ["index", "filter", "facets", "try"],
  upsert: ["index", "idFrom", "searchable", "filterable", "sortable"],
  delete: ["index", "idFrom"],
  get: ["index"],
  signals: ["plant"],
  table: ["database", "table", "index", "idFrom", "columns", "searchable", "filterable", "sortable", "rows"],
  message: ["index", "filter", "facets", "sort", "limit", "highlight", "output", "idFrom"],
};

const LABELS: Readonly<Record<string, string>> = {
  search: "search",
  facets: "count",
  upsert: "index",
  delete: "remove from",
  get: "look up in",
  signals: "index tags and devices",
  table: "index table",
  message: "search",
};

const listCheck = "Write attributes with commas between them.";

RED.nodes.registerType("fplus-search", {
  category: "Factory+",
  color: "#DEBD5C",
  icon: "fplus-search.svg",
  paletteLabel: "search",
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: "" },
    engine: { value: "", type: "fplus-search-engine", required: false },
    mode: { value: "search" },
    index: {
      value: "devices",
      validate(value, _options) {
        if (value === "" || isVariable(value)) return true;
        return /^[A-Za-z0-9_-]{1,100}$/.test(value) || "Use letters, digits, - and _, or leave it blank for msg.index.";
      },
    },
    filter: { value: "" },
    facets: { value: "" },
    sort: {
      value: "",
      validate(value, _options) {
        const good = value === "" || value.split(",").every((one) => /^\s*[^\s:]+:(asc|desc)\s*$/.test(one));
        return good || "Write it like name:asc, with commas between several.";
      },
    },
    limit: { value: "20", validate: wholeFrom(0, 1000, " of hits") },
    highlight: { value: false },
    output: { value: "hits" },
    searchable: {
      value: "",
      validate(value, _options) {
        return !/,\s*,/.test(value) || listCheck;
      },
    },
    filterable: {
      value: "",
      validate(value, _options) {
        return !/,\s*,/.test(value) || listCheck;
      },
    },
    sortable: {
      value: "",
      validate(value, _options) {
        return !/,\s*,/.test(value) || listCheck;
      },
    },
    idFrom: { value: "" },
    database: { value: "", type: "fplus-database", required: false },
    table: {
      value: "",
      validate(value, _options) {
        const mode = String($("#node-input-mode").val() ?? this["mode"]);
        return mode !== "table" || value.trim() !== "" || "Name the table whose rows are to be found.";
      },
    },
    columns: {
      value: "",
      validate(value, _options) {
        return !/,\s*,/.test(value) || listCheck;
      },
    },
    outputs: { value: 1 },
  },
  label() {
    if (this.name) return this.name;
    const mode = String(this["mode"]);
    if (mode === "table") return `index ${String(this["table"])}`.trim();
    return mode === "signals" ? LABELS["signals"]! : `${LABELS[mode] ?? mode} ${String(this["index"])}`.trim();
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "request",
  outputLabels: "answer",
  oneditprepare() {
    const show = (): void => {
      const rows = ROWS[String($("#node-input-mode").val())] ?? [];
      $(".fplus-search-row").each((_, row) => void $(row).toggle(rows.includes(String($(row).data("row")))));
    };
    $("#node-input-mode").on("change", show);
    show();
    tryOut();
  },
  oneditsave() {
    // What is indexed as it changes answers nothing.
    this["outputs"] = ["signals", "table"].includes(String($("#node-input-mode").val())) ? 0 : 1;
  },
});
