import { numberFrom } from "../editor/checks.ts";
import { LABELS, OUTPUTS, outputsOf } from "./actions.ts";

const isSeconds = numberFrom(0, undefined, " of seconds");

RED.nodes.registerType("fplus-cache", {
  category: "Factory+",
  color: "#DEBD5C",
  icon: "fplus-cache.svg",
  paletteLabel: "cache",
  inputs: 1,
  outputs: 2,
  defaults: {
    name: { value: "" },
    cache: { value: "", type: "fplus-cache-store", required: false },
    action: { value: "get" },
    key: { value: "topic" },
    keyType: { value: "msg" },
    ttl: { value: "", validate: isSeconds },
    guard: { value: true },
    when: { value: "" },
    by: {
      value: "1",
      validate(value, _options) {
        return this["action"] !== "count" || /^-?\d+$|^$/.test(value) || "Give a whole number.";
      },
    },
    wait: { value: "0", validate: isSeconds },
    outputs: { value: 2 },
  },
  label() {
    return this.name || LABELS[String(this["action"])] || "cache";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "message",
  outputLabels(index) {
    return OUTPUTS[String(this["action"])]?.[index] ?? "message";
  },
  oneditprepare() {
    const field = (name: string): string => String($(`#node-input-${name}`).val() ?? "");
    const show = (): void => {
      const action = field("action");
      for (const each of Object.keys(LABELS)) $(`.fplus-cache-for-${each}`).hide();
      $(`.fplus-cache-for-${action}`).show();
      $("#fplus-cache-key-label").text(action === "publish" ? "Channel" : action === "lock" ? "Lock" : "Key");
      $("#node-input-outputs").val(outputsOf(action, field("when")));
    };
    $("#node-input-key").typedInput({
      default: "msg",
      types: ["msg", "str", "jsonata"],
      typeField: "#node-input-keyType",
    });
    $("#node-input-action, #node-input-when").on("change", show);
    show();
  },
});
