RED.nodes.registerType("fplus-ui-machine", {
  category: "Factory+",
  color: "#A3D9B1",
  icon: "fplus-ui-machine.svg",
  paletteLabel: "ui machine",
  inputs: 1,
  outputs: 0,
  align: "right",
  defaults: {
    name: { value: "" },
    group: { value: "", type: "ui-group", required: true },
    order: { value: 0 },
    width: { value: 12 },
    height: { value: 14 },
  },
  label() {
    return this.name || "ui machine";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "samples, births and deaths",
  oneditprepare() {
    $("#node-input-size").elementSizer({
      width: "#node-input-width",
      height: "#node-input-height",
      group: "#node-input-group",
    });
  },
});
