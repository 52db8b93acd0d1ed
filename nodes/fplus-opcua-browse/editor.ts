import { numberFrom } from "../editor/checks.ts";
import { addNodePicker } from "../editor/opcua/node-picker.ts";

RED.nodes.registerType("fplus-opcua-browse", {
  category: "Factory+",
  color: "#A6BBCF",
  icon: "fplus-opcua-browse.svg",
  paletteLabel: "opcua browse",
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: "" },
    endpoint: { value: "", type: "fplus-opcua-endpoint", required: true },
    start: { value: "" },
    what: { value: "children" },
    filter: { value: "" },
    values: { value: false },
    depth: { value: "20", validate: numberFrom(1, undefined, " of levels") },
    limit: { value: "1000", validate: numberFrom(1, 100_000, " of nodes") },
  },
  label() {
    return this.name || "opcua browse";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  outputLabels: ["nodes"],
  oneditprepare() {
    addNodePicker({ field: "node-input-start", classes: ["object", "variable"] });
    const show = (): void => void $(".fplus-opcua-browse-depth").toggle($("#node-input-what").val() !== "children");
    $("#node-input-what").on("change", show);
    show();
  },
});
