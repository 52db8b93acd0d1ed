import { isVariable, numberFrom } from "../editor/checks.ts";

RED.nodes.registerType("fplus-sparkplug-host", {
  category: "config",
  paletteLabel: "sparkplug host",
  defaults: {
    name: { value: "" },
    host: {
      value: "FactoryPlus",
      required: true,
      validate(value, _options) {
        if (isVariable(value)) return true;
        return (value !== "" && !/[/+#]/.test(value)) || "Give a host id without the characters / + and #.";
      },
    },
    broker: { value: "", type: "fplus-broker", required: false },
    groups: { value: "" },
    reorderSeconds: { value: "2", validate: numberFrom(0, 60, " of seconds") },
    stateVersion: { value: "3" },
    keepBirths: { value: "folder" },
  },
  label() {
    return this.name || String(this["host"]);
  },
});
