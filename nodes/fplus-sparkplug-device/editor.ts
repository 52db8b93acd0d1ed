import { numberFrom, shownWith } from "../editor/checks.ts";

RED.nodes.registerType("fplus-sparkplug-device", {
  category: "Factory+",
  color: "#D8BFD8",
  icon: "fplus-sparkplug-device.svg",
  paletteLabel: "sparkplug device",
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: "" },
    edge: { value: "", type: "fplus-sparkplug-edge", required: true },
    device: {
      value: "",
      validate(value, _options) {
        return !/[/+#]/.test(value) || "Give a device id without the characters / + and #.";
      },
    },
    publish: { value: "all" },
    deadband: { value: "0", validate: shownWith("publish", "changes", numberFrom(0)) },
    deadbandUnit: { value: "absolute" },
    maxSilenceSeconds: {
      value: "0",
      validate: shownWith("publish", "changes", numberFrom(0, undefined, " of seconds")),
    },
  },
  label() {
    return this.name || String(this["device"] || "sparkplug device");
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "samples",
  outputLabels: "writes from hosts",
  oneditprepare() {
    const show = (): void => {
      $("#fplus-device-exception").toggle($("#node-input-publish").val() === "changes");
    };
    $("#node-input-publish").on("change", show);
    show();
  },
});
