import { numberFrom, onOrOff } from "../editor/checks.ts";

RED.nodes.registerType("fplus-opcua-simulator", {
  category: "Factory+",
  categoryDescription: "Factory+: OPC UA, Sparkplug, historian and dashboards",
  color: "#A6BBCF",
  icon: "fplus-opcua-simulator.svg",
  paletteLabel: "opcua simulator",
  inputs: 1,
  outputs: 0,
  defaults: {
    name: { value: "" },
    enabled: { value: "on", validate: onOrOff },
    port: { value: "4840", validate: numberFrom(1, 65_535) },
    tags: { value: "169", validate: numberFrom(6, 10_000) },
    rateMs: { value: "1000", validate: numberFrom(20, 3_600_000, " of milliseconds") },
    seed: { value: "1", validate: numberFrom(0, 4_294_967_295) },
  },
  label() {
    return this.name || "opcua simulator";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "fault, reset",
});
