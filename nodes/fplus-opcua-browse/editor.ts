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
    depth: {
      value: "20",
      validate: (value: string, _options: unknown) => Number(value) >= 1 || "Give 1 level or more.",
    },
    limit: {
      value: "1000",
      validate: (value: string, _options: unknown) =>
        (Number(value) >= 1 && Number(value) <= 100_000) || "Give 1 to 100,000 nodes.",
    },
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
