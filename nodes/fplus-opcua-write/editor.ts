import { isVariable } from "../editor/checks.ts";
import { addNodePicker } from "../editor/opcua/node-picker.ts";

RED.nodes.registerType("fplus-opcua-write", {
  category: "Factory+",
  color: "#A6BBCF",
  icon: "fplus-opcua-write.svg",
  paletteLabel: "opcua write",
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: "" },
    endpoint: { value: "", type: "fplus-opcua-endpoint", required: true },
    target: {
      value: "",
      validate(value, _options) {
        if (value === "" || isVariable(value) || value.includes("/")) return true;
        return (
          /^(ns=\d+;|nsu=[^;]+;)?[isgb]=.+/.test(value) ||
          "Write a NodeId like ns=2;s=Name or a device/metric, or leave it blank for msg.topic."
        );
      },
    },
  },
  label() {
    return this.name || String(this["target"] || "opcua write");
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "value to write",
  outputLabels: "what was written",
  oneditprepare() {
    addNodePicker({ field: "node-input-target", classes: ["variable"] });
  },
});
