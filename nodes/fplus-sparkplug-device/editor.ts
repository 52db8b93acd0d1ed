RED.nodes.registerType("fplus-sparkplug-device", {
  category: "Factory+",
  color: "#D8BFD8",
  icon: "fplus-sparkplug-device.svg",
  paletteLabel: "sparkplug device",
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: "" },
    edge: { value: "", type: "fplus-sparkplug-edge", required: true },
    device: {
      value: "",
      validate(value, _options) {
        return !/[/+#]/.test(value) || "Give a device id without the characters / + and #.";
      },
    },
  },
  label() {
    return this.name || String(this["device"] || "sparkplug device");
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "samples",
  outputLabels: "writes from hosts",
});
