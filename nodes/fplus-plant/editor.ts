RED.nodes.registerType("fplus-plant", {
  category: "config",
  defaults: {
    name: { value: "" },
    folder: { value: "" },
    historian: { value: "", type: "fplus-historian", required: false },
    broker: { value: "", type: "fplus-broker", required: false },
  },
  label() {
    return this.name || "Plant";
  },
});
