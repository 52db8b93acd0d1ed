import { isVariable, numberFrom } from "../editor/checks.ts";

RED.nodes.registerType("fplus-sparkplug-command", {
  category: "Factory+",
  color: "#D8BFD8",
  icon: "fplus-sparkplug-command.svg",
  paletteLabel: "sparkplug command",
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: "" },
    host: { value: "", type: "fplus-sparkplug-host", required: true },
    metric: {
      value: "",
      validate(value, _options) {
        if (value === "" || isVariable(value)) return true;
        return value.split("/").length >= 3 || "Write group/edge node/device/metric, or leave it blank for msg.topic.";
      },
    },
    timeoutSeconds: { value: "5", validate: numberFrom(0, 3600, " of seconds") },
  },
  label() {
    return this.name || String(this["metric"] || "sparkplug command");
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "value to write",
  outputLabels: "confirmed value",
  oneditprepare() {
    $("#node-input-metric").autoComplete({
      minLength: 1,
      // Names come from the network: as text, never as markup.
      search(text: string, done: (found: { value: string; label: object }[]) => void) {
        const host = String($("#node-input-host").val() ?? "");
        $.getJSON(`fplus/sparkplug/${encodeURIComponent(host)}/metrics`, { search: text }).then(
          (paths: string[]) => done(paths.map((path) => ({ value: path, label: $("<span/>").text(path) }))),
          () => done([]),
        );
      },
    });
  },
});
