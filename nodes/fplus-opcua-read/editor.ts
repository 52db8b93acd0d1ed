import { addNodePicker } from "../editor/opcua/node-picker.ts";
import type { TagRow } from "../editor/opcua/tag-row.ts";
import { TagTable } from "../editor/opcua/tag-table.ts";

let table: TagTable | undefined;

RED.nodes.registerType("fplus-opcua-read", {
  category: "Factory+",
  color: "#A6BBCF",
  icon: "fplus-opcua-read.svg",
  paletteLabel: "opcua read",
  inputs: 0,
  outputs: 2,
  defaults: {
    name: { value: "" },
    endpoint: { value: "", type: "fplus-opcua-endpoint", required: true },
    source: { value: "discover" },
    root: { value: "" },
    limit: {
      value: "1000",
      validate: (value: string, _options: unknown) => Number(value) >= 1 || "Give the number of tags to read at most.",
    },
    tags: { value: [] },
    mode: { value: "subscribe" },
    pollMs: {
      value: "1000",
      validate: (value: string, _options: unknown) => Number(value) >= 10 || "Give 10 milliseconds or more.",
    },
    publishingMs: {
      value: "100",
      validate: (value: string, _options: unknown) => Number(value) >= 10 || "Give 10 milliseconds or more.",
    },
    samplingMs: {
      value: "0",
      validate: (value: string, _options: unknown) =>
        Number(value) >= 0 || "Give milliseconds; 0 is as fast as the server can.",
    },
    queueSize: { value: "10", validate: (value: string, _options: unknown) => Number(value) >= 1 || "Give 1 or more." },
    surviveSeconds: {
      value: "30",
      validate: (value: string | undefined, _options: unknown) =>
        value === undefined || Number(value) >= 0 || "Give seconds; 0 leaves the queue as it is.",
    },
    acknowledge: { value: "stored" },
    enums: { value: "text" },
    staleSeconds: {
      value: "60",
      validate: (value: string, _options: unknown) => Number(value) >= 0 || "Give seconds; 0 for never.",
    },
    output: { value: "batch" },
  },
  label() {
    return this.name || "opcua read";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  outputLabels: ["samples", "states of devices"],
  oneditprepare() {
    // A reader that was deployed before these could be chosen.
    if (!this["acknowledge"]) $("#node-input-acknowledge").val("stored");
    if (this["surviveSeconds"] === undefined) $("#node-input-surviveSeconds").val("30");
    table = new TagTable($("#fplus-opcua-read-tags")[0]!, (this["tags"] as TagRow[] | undefined) ?? []);
    const shown = table;
    addNodePicker({ field: "node-input-root", classes: ["object"] });
    const show = (): void => {
      const discover = $("#node-input-source").val() === "discover";
      $(".fplus-opcua-read-discover").toggle(discover);
      $(".fplus-opcua-read-table").toggle(!discover);
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
