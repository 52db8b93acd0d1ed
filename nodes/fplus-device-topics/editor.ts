RED.nodes.registerType("fplus-device-topics", {
  category: "Factory+",
  color: "#D8BFD8",
  icon: "fplus-device-topics.svg",
  paletteLabel: "device topics",
  inputs: 1,
  outputs: 0,
  align: "right",
  defaults: {
    name: { value: "" },
    broker: { value: "", type: "fplus-broker", required: false },
  },
  label() {
    return this.name || "device topics";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "samples, births and deaths",
});
