import { isVariable, numberFrom, wholeFrom } from "../editor/checks.ts";
import { addConnectionTest } from "../editor/connection-test.ts";

const LONGEST_MONTH = 31;

RED.nodes.registerType("fplus-historian", {
  category: "config",
  paletteLabel: "historian",
  defaults: {
    name: { value: "" },
    engine: { value: "embedded" },
    folder: { value: "" },
    retention: { value: "0", validate: numberFrom(0, undefined, " of days") },
    bucketRetention: { value: true },
    rollUps: {
      value: "",
      validate(value, _options) {
        const parts = String(value ?? "")
          .split(",")
          .map((part) => part.trim());
        const good = parts.every((part) => part === "" || /^\d+\s*[smhd](\s+\d+\s*d)?$/.test(part));
        return good || isVariable(value) || "Write a window and how long it is kept, as 1m 90d, 1h.";
      },
    },
    url: {
      value: "http://127.0.0.1:8086",
      validate(value, _options) {
        if (this["engine"] !== "influx" || isVariable(value)) return true;
        return /^https?:\/\/[^/]+/.test(value) || "Write the address of InfluxDB like http://127.0.0.1:8086.";
      },
    },
    version: { value: "auto" },
    org: { value: "" },
    bucket: {
      value: "factoryplus",
      validate(value, _options) {
        return this["engine"] !== "influx" || value !== "" || "Name the bucket (InfluxDB 2) or database (InfluxDB 1).";
      },
    },
    layout: { value: "signals" },
    archiveMonths: {
      value: "",
      validate(value, options) {
        const isMonths = wholeFrom(1, undefined, " of months").call(this, value, options);
        const days = Number(this["retention"]);
        const needed = (Number(value) + 1) * LONGEST_MONTH;
        if (isMonths !== true || !(Number(value) >= 1 && days > 0 && days < needed)) return isMonths;
        return `Samples go after ${days} days, before they are archived: keep ${needed} days or all.`;
      },
    },
    archive: { value: "", type: "fplus-object-store", required: false },
  },
  credentials: { token: { type: "password" } },
  label() {
    return this.name || (this["engine"] === "influx" ? `InfluxDB ${String(this["bucket"])}` : "Embedded historian");
  },
  oneditprepare() {
    // A node of a former release has no layout; its samples lie as they always did.
    if (!this["layout"]) $("#node-config-input-layout").val("signals");
    const test = addConnectionTest(this, "historian");
    const show = (): void => {
      const engine = String($("#node-config-input-engine").val());
      $(".fplus-historian-embedded").toggle(engine !== "influx");
      $(".fplus-historian-influx")
        .add(test)
        .toggle(engine === "influx");
    };
    $("#node-config-input-engine").on("change", show);
    show();
  },
});
