RED.nodes.registerType("fplus-sparkplug-in", {
  category: "Factory+",
  color: "#D8BFD8",
  icon: "fplus-sparkplug-in.svg",
  paletteLabel: "sparkplug in",
  inputs: 0,
  outputs: 2,
  defaults: {
    name: { value: "" },
    host: { value: "", type: "fplus-sparkplug-host", required: true },
    output: { value: "batch" },
  },
  label() {
    return this.name || "sparkplug in";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  outputLabels: ["samples", "births and deaths"],
});
