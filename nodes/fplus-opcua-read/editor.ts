import { numberFrom, shownWith } from "../editor/checks.ts";
import { addNodePicker } from "../editor/opcua/node-picker.ts";
import type { TagRow } from "../tag-table/tag-row.ts";
import { TagTable } from "../editor/opcua/tag-table.ts";

let table: TagTable | undefined;

RED.nodes.registerType("fplus-opcua-read", {
  category: "Factory+",
  color: "#A6BBCF",
  icon: "fplus-opcua-read.svg",
  paletteLabel: "opcua read",
  inputs: 1,
  outputs: 2,
  defaults: {
    name: { value: "" },
    endpoint: { value: "", type: "fplus-opcua-endpoint", required: true },
    source: { value: "discover" },
    root: { value: "" },
    limit: { value: "1000", validate: numberFrom(1, undefined, " of tags") },
    tags: { value: [] },
    mode: { value: "subscribe" },
    pollMs: { value: "1000", validate: shownWith("mode", "poll", numberFrom(10, undefined, " of milliseconds")) },
    publishingMs: { value: "100", validate: numberFrom(10, undefined, " of milliseconds") },
    samplingMs: { value: "0", validate: numberFrom(0, undefined, " of milliseconds") },
    queueSize: { value: "10", validate: numberFrom(1) },
    surviveSeconds: { value: "30", validate: numberFrom(0, undefined, " of seconds") },
    acknowledge: { value: "stored" },
    enums: { value: "text" },
    staleSeconds: { value: "60", validate: numberFrom(0, undefined, " of seconds") },
    output: { value: "batch" },
  },
  label() {
    return this.name || "opcua read";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "a table of tags",
  outputLabels: ["samples", "states of devices"],
  oneditprepare() {
    // A reader that was deployed before these could be chosen.
    if (!this["acknowledge"]) $("#node-input-acknowledge").val("stored");
    if (this["surviveSeconds"] === undefined) $("#node-input-surviveSeconds").val("30");
    table = new TagTable($("#fplus-opcua-read-tags")[0]!, (this["tags"] as TagRow[] | undefined) ?? []);
    const shown = table;
    addNodePicker({ field: "node-input-root", classes: ["object"] });
    const show = (): void => {
      const source = $("#node-input-source").val();
      for (const way of ["discover", "table", "message"]) $(`.fplus-opcua-read-${way}`).toggle(source === way);
      const poll = $("#node-input-mode").val() === "poll";
      $(".fplus-opcua-read-poll").toggle(poll);
      $(".fplus-opcua-read-subscribe").toggle(!poll);
    };
    $("#node-input-source, #node-input-mode").on("change", show);
    show();
    $("#fplus-opcua-read-browse").on("click", () => shown.browse(String($("#node-input-endpoint").val() ?? "")));
    $("#fplus-opcua-read-import").on("click", () => shown.import());
    $("#fplus-opcua-read-export").on("click", () => shown.export());
  },
  oneditsave() {
    this["tags"] = table?.rows() ?? [];
    table?.close();
  },
  oneditcancel() {
    table?.close();
  },
});
