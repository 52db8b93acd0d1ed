RED.nodes.registerType("fplus-cache-listen", {
  category: "Factory+",
  color: "#DEBD5C",
  icon: "fplus-cache-listen.svg",
  paletteLabel: "cache listen",
  inputs: 0,
  outputs: 2,
  defaults: {
    name: { value: "" },
    cache: { value: "", type: "fplus-cache-store", required: false },
    channels: {
      value: "",
      required: true,
      validate(value, _options) {
        return value.trim() !== "" || "Name a channel; * stands for any text.";
      },
    },
  },
  label() {
    return this.name || String(this["channels"]) || "cache listen";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  outputLabels: ["message", "listening or not"],
});
