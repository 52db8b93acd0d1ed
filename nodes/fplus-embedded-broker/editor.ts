import { numberFrom, onOrOff } from "../editor/checks.ts";

RED.nodes.registerType("fplus-embedded-broker", {
  category: "Factory+",
  color: "#D8BFD8",
  icon: "fplus-embedded-broker.svg",
  paletteLabel: "embedded broker",
  inputs: 0,
  outputs: 0,
  defaults: {
    name: { value: "" },
    enabled: { value: "on", validate: onOrOff },
    host: { value: "127.0.0.1" },
    port: { value: "1883", validate: numberFrom(1, 65_535) },
  },
  credentials: { username: { type: "text" }, password: { type: "password" } },
  label() {
    return this.name || "embedded broker";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
});
