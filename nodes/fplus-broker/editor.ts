import { numberFrom } from "../editor/checks.ts";
import { addConnectionTest } from "../editor/connection-test.ts";

RED.nodes.registerType("fplus-broker", {
  category: "config",
  paletteLabel: "broker",
  defaults: {
    name: { value: "" },
    url: {
      value: "mqtt://127.0.0.1:1883",
      required: true,
      validate(value, _options) {
        return /^(mqtts?|wss?):\/\/[^/]+|^\$\{.+\}$/.test(value) || "Write the address like mqtt://192.168.0.5:1883.";
      },
    },
    protocolVersion: { value: "4" },
    keepalive: { value: "30", validate: numberFrom(1, 65_535, " of seconds") },
    verify: { value: true },
  },
  credentials: { username: { type: "text" }, password: { type: "password" } },
  label() {
    return this.name || String(this["url"]);
  },
  oneditprepare() {
    addConnectionTest(this, "broker");
  },
});
