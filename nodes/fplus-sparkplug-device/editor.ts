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
    deadband: {
      value: "0",
      validate(value, _options) {
        return this["publish"] !== "changes" || Number(value) >= 0 || "Give a number from 0 up.";
      },
    },
    deadbandUnit: { value: "absolute" },
    maxSilenceSeconds: {
      value: "0",
      validate(value, _options) {
        return this["publish"] !== "changes" || Number(value) >= 0 || "Give a number of seconds; 0 for never.";
      },
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
