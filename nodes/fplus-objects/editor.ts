import { isVariable, numberFrom, wholeFrom } from "../editor/checks.ts";
import { browseObjects } from "./object-browser.ts";

const LABELS: Readonly<Record<string, string>> = {
  put: "put",
  get: "get",
  list: "list",
  stat: "look up",
  copy: "copy",
  delete: "delete",
  versions: "versions of",
  link: "link to",
  "keep-versions": "keep versions in",
  expire: "expire",
  transfer: "transfer",
  message: "objects",
};

/** Which rows of the dialog an operation has; `message` shows them all. */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  put: ["key", "source", "file", "contentType", "allow"],
  get: ["key", "output", "file"],
  list: ["prefix", "recursive", "listAs"],
  stat: ["key"],
  copy: ["key", "toBucket", "toKey"],
  delete: ["key"],
  versions: ["key"],
  link: ["key", "method", "minutes"],
  "keep-versions": ["keep"],
  expire: ["prefix", "days"],
  transfer: ["prefix", "toStore"],
};

RED.nodes.registerType("fplus-objects", {
  category: "Factory+",
  color: "#DEBD5C",
  icon: "fplus-objects.svg",
  paletteLabel: "objects",
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: "" },
    store: { value: "", type: "fplus-object-store", required: false },
    operation: { value: "put" },
    bucket: {
      value: "factory-plus",
      validate(value, _options) {
        if (value === "" || isVariable(value)) return true;
        const good = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(value);
        return good || "Use 3 to 63 small letters, digits, dots and hyphens, or leave it blank for msg.bucket.";
      },
    },
    key: {
      value: "",
      validate(value, _options) {
        const good = value === "" || !/^\/|\/$|\/\/|\\|(^|\/)\.\.?(\/|$)/.test(value);
        return good || "Name an object like configs/line1.json, or leave it blank for msg.key.";
      },
    },
    source: { value: "payload" },
    output: { value: "buffer" },
    file: { value: "" },
    contentType: {
      value: "",
      validate(value, _options) {
        return (
          value === "" || /^(\$\{.+\}|[^/\s]+\/[^/\s].*)$/.test(value) || "Write a content type like application/json."
        );
      },
    },
    allow: { value: "" },
    prefix: { value: "" },
    recursive: { value: false },
    listAs: { value: "array" },
    toBucket: { value: "" },
    toKey: { value: "" },
    method: { value: "GET" },
    minutes: { value: "60", validate: numberFrom(0.02, 10_080, " of minutes") },
    days: { value: "30", validate: wholeFrom(0, undefined, " of days") },
    keep: { value: "yes" },
    toStore: {
      value: "",
      type: "fplus-object-store",
      required: false,
      validate(value, _options) {
        return this["operation"] !== "transfer" || value !== "" || "Choose the store that everything is copied to.";
      },
    },
  },
  label() {
    if (this.name) return this.name;
    const operation = String(this["operation"]);
    const what = String(this["key"] || this["prefix"] || this["bucket"] || "");
    return `${LABELS[operation] ?? operation} ${operation === "message" ? "" : what}`.trim();
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "request",
  outputLabels: "answer",
  oneditprepare() {
    const show = (): void => {
      const operation = String($("#node-input-operation").val());
      const rows = ROWS[operation];
      $(".fplus-objects-row").each((_, row) => {
        const name = String($(row).data("row"));
        let visible = rows === undefined || rows.includes(name);
        if (name === "file" && operation === "put") visible = $("#node-input-source").val() === "file";
        if (name === "file" && operation === "get") visible = $("#node-input-output").val() === "file";
        if (name === "keep" && rows === undefined) visible = false;
        $(row).toggle(visible);
      });
    };
    $("#node-input-operation, #node-input-source, #node-input-output").on("change", show);
    show();
    $("#fplus-objects-browse").on("click", () => {
      const store = String($("#node-input-store").val() ?? "");
      browseObjects(store === "_ADD_" ? "" : store, ({ bucket, prefix, key }) => {
        const given = { bucket, prefix, ...(key === undefined ? {} : { key }) };
        // What an operation does not ask for stays as it is.
        for (const [name, text] of Object.entries(given)) {
          const input = $(`#node-input-${name}`);
          if (input.is(":visible")) input.val(text).trigger("change");
        }
      });
    });
  },
});
