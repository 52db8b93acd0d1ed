import { isVariable, numberFrom } from "../editor/checks.ts";

/** Sparkplug ids go into topics. */
function validId(value: string, _options: unknown): boolean | string {
  if (isVariable(value)) return true;
  return (value !== "" && !/[/+#]/.test(value)) || "Give an id without the characters / + and #.";
}

RED.nodes.registerType("fplus-sparkplug-edge", {
  category: "config",
  paletteLabel: "sparkplug edge",
  defaults: {
    name: { value: "" },
    group: { value: "Plant", required: true, validate: validId },
    edgeNode: { value: "Gateway", required: true, validate: validId },
    broker: { value: "", type: "fplus-broker", required: false },
    otherServers: {
      value: "",
      validate(value, _options) {
        const urls = value.split(",").map((url) => url.trim());
        return (
          value === "" ||
          urls.every((url) => /^(mqtts?|wss?):\/\/[^/]+|^\$\{.+\}$/.test(url)) ||
          "Write addresses like mqtt://192.168.0.6:1883, separated by commas."
        );
      },
    },
    primaryHost: { value: "", validate: (value: string, options: unknown) => value === "" || validId(value, options) },
    typedData: { value: true },
    spoolMegabytes: { value: "512", validate: numberFrom(1, undefined, " of megabytes") },
    spoolPolicy: { value: "drop-oldest" },
  },
  label() {
    return this.name || `${String(this["group"])}/${String(this["edgeNode"])}`;
  },
});
