import { numberFrom } from "../editor/checks.ts";

RED.nodes.registerType("fplus-device-topics", {
  category: "Factory+",
  color: "#D8BFD8",
  icon: "fplus-device-topics.svg",
  paletteLabel: "device topics",
  inputs: 1,
  outputs: 1,
  align: "right",
  defaults: {
    name: { value: "" },
    broker: { value: "", type: "fplus-broker", required: false },
    wills: { value: "100", validate: numberFrom(0, 1000, " of devices") },
    commands: { value: false },
  },
  label() {
    return this.name || "device topics";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "samples, states of devices, births and deaths, answers to commands",
  outputLabels: "commands",
});
