RED.nodes.registerType("fplus-historian-write", {
  category: "Factory+",
  color: "#DEBD5C",
  icon: "fplus-historian-write.svg",
  paletteLabel: "historian write",
  inputs: 1,
  outputs: 2,
  align: "right",
  defaults: {
    name: { value: "" },
    historian: { value: "", type: "fplus-historian", required: false },
    emptyTexts: { value: "refuse" },
  },
  label() {
    return this.name || "historian write";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  oneditprepare() {
    // A node of a former release stored them.
    if (!this["emptyTexts"]) $("#node-input-emptyTexts").val("store");
  },
  inputLabels: "samples",
  outputLabels: ["receipt", "rejected samples"],
});
