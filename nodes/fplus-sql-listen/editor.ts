RED.nodes.registerType("fplus-sql-listen", {
  category: "Factory+",
  color: "#DEBD5C",
  icon: "fplus-sql-listen.svg",
  paletteLabel: "sql listen",
  inputs: 0,
  outputs: 2,
  defaults: {
    name: { value: "" },
    database: { value: "", type: "fplus-database", required: false },
    channels: {
      value: "",
      required: true,
      validate(value, _options) {
        return value.trim() !== "" || "Name the channel, as NOTIFY does.";
      },
    },
    format: { value: "auto" },
  },
  label() {
    return this.name || String(this["channels"]) || "sql listen";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  outputLabels: ["notification", "listening or not"],
});
