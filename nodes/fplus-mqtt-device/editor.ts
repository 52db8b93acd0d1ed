import { isVariable, numberFrom } from "../editor/checks.ts";
import { pickTopic } from "./topic-picker.ts";

RED.nodes.registerType("fplus-mqtt-device", {
  category: "Factory+",
  color: "#A6BBCF",
  icon: "fplus-mqtt-device.svg",
  paletteLabel: "mqtt device",
  inputs: 0,
  outputs: 2,
  defaults: {
    name: { value: "" },
    broker: { value: "", type: "fplus-broker", required: false },
    topic: {
      value: "sensors/{device}/{metric}",
      required: true,
      validate(value, _options) {
        if (isVariable(value)) return true;
        const levels = value.split("/");
        return (
          (value !== "" &&
            levels.every((level) => /^(\{device\}|\{metric\}|\+|[^+#{}]*)$/.test(level) || level === "#")) ||
          "Write it like sensors/{device}/{metric}; a place or wildcard is a level of its own."
        );
      },
    },
    device: {
      value: "",
      validate(value, _options) {
        if (/[/+#]/.test(value)) return "Give a device id without the characters / + and #.";
        return (
          value !== "" ||
          String(this["topic"]).includes("{device}") ||
          "Name the device, or write {device} into the topic."
        );
      },
    },
    qos: { value: "0" },
    staleSeconds: { value: "300", validate: numberFrom(0, undefined, " of seconds") },
    output: { value: "batch" },
  },
  label() {
    return this.name || String(this["topic"] || "mqtt device");
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  outputLabels: ["samples", "states of devices"],
  oneditprepare() {
    $("#fplus-mqtt-device-seen").on("click", () =>
      pickTopic(String($("#node-input-broker").val() ?? ""), (pattern) =>
        $("#node-input-topic").val(pattern).trigger("change"),
      ),
    );
  },
});
