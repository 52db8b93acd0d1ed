RED.nodes.registerType("fplus-ui-trend", {
  category: "Factory+",
  color: "#A3D9B1",
  icon: "fplus-ui-trend.svg",
  paletteLabel: "ui trend",
  inputs: 1,
  outputs: 0,
  align: "right",
  defaults: {
    name: { value: "" },
    group: { value: "", type: "ui-group", required: true },
    order: { value: 0 },
    width: { value: 12 },
    height: { value: 9 },
    signals: { value: "" },
    minutes: {
      value: "5",
      validate: (value: string, _options: unknown) => Number(value) > 0 || "Give the minutes to show at first.",
    },
  },
  label() {
    return this.name || "ui trend";
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
