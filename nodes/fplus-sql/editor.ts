import { numberFrom } from "../editor/checks.ts";
import { browseSchema } from "./schema-browser.ts";
import { Trial } from "./trial.ts";

const ACTIONS: Readonly<Record<string, string>> = {
  begin: "begin",
  commit: "commit",
  rollback: "roll back",
  tables: "Factory+ tables",
};
/** Closes the editor of the open dialog and gives what is in it. */
let closeEditor: (() => string) | undefined;

RED.nodes.registerType("fplus-sql", {
  category: "Factory+",
  color: "#DEBD5C",
  icon: "fplus-sql.svg",
  paletteLabel: "sql",
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: "" },
    database: { value: "", type: "fplus-database", required: false },
    action: { value: "query" },
    query: {
      value: "",
      validate(value, _options) {
        const found = /\{\{|\$\{[^}]*\}./.exec(value);
        return found === null || "Write :name in place of the template and send the value in msg.params.name.";
      },
    },
    params: { value: "params" },
    output: { value: "rows" },
    batchRows: { value: "500", validate: numberFrom(1, 100_000, " of rows") },
    pace: { value: "free" },
    timeout: { value: "", validate: numberFrom(0, undefined, " of seconds") },
    isolation: { value: "" },
    outputs: { value: 1 },
  },
  label() {
    return this.name || ACTIONS[String(this["action"])] || "sql";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "run",
  outputLabels(index) {
    return index === 1
      ? "number of rows, at the end"
      : this["action"] === "query"
        ? "rows"
        : this["action"] === "tables"
          ? "versions"
          : "message";
  },
  oneditprepare() {
    const field = (name: string): string => String($(`#node-input-${name}`).val() ?? "");
    const editor = RED.editor.createEditor({
      id: "fplus-sql-dialog-query",
      mode: "ace/mode/sql",
      value: String(this["query"] ?? ""),
    });
    closeEditor = () => {
      const text = editor.getValue();
      editor.destroy();
      return text;
    };
    const show = (): void => {
      const isQuery = field("action") === "query";
      const isStream = field("output") !== "rows";
      $(".fplus-sql-query").toggle(isQuery);
      $(".fplus-sql-tables").toggle(field("action") === "tables");
      $(".fplus-sql-begin").toggle(field("action") === "begin");
      $(".fplus-sql-stream").toggle(isQuery && isStream);
      $("#node-input-outputs").val(isQuery && isStream ? 2 : 1);
    };
    $("#node-input-action, #node-input-output").on("change", show);
    show();
    $("#node-input-params").typedInput({ default: "msg", types: ["msg"] });
    const database = (): string => (field("database") === "_ADD_" ? "" : field("database"));
    const trial = new Trial();
    $("#fplus-sql-dialog-browse").on("click", () => browseSchema(database(), (text) => editor.insert(text)));
    $("#fplus-sql-dialog-try").on("click", () => trial.run(database(), editor.getValue()));
  },
  oneditsave() {
    this["query"] = closeEditor?.() ?? "";
  },
  oneditcancel() {
    closeEditor?.();
  },
});
