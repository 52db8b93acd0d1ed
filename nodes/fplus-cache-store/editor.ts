import { isVariable, numberFrom, shownWith } from "../editor/checks.ts";
import { addConnectionTest } from "../editor/connection-test.ts";

RED.nodes.registerType("fplus-cache-store", {
  category: "config",
  paletteLabel: "cache store",
  defaults: {
    name: { value: "" },
    engine: { value: "embedded" },
    maxEntries: { value: "100000", validate: shownWith("engine", "embedded", numberFrom(1, 10_000_000)) },
    megabytes: { value: "64", validate: shownWith("engine", "embedded", numberFrom(1, 4096)) },
    mode: { value: "single" },
    nodes: {
      value: "127.0.0.1:6379",
      validate(value, _options) {
        if (this["engine"] !== "redis" || isVariable(value)) return true;
        return (
          value.split(",").every((node) => /^\s*(\[[^\]]+\]|[^:\s]+)(:\d+)?\s*$/.test(node)) ||
          "Write addresses like 127.0.0.1:6379, several with commas between."
        );
      },
    },
    sentinelGroup: {
      value: "",
      validate(value, _options) {
        return (
          this["engine"] !== "redis" || this["mode"] !== "sentinel" || value !== "" || "Name the group, often mymaster."
        );
      },
    },
    username: { value: "" },
    databaseNumber: { value: "0", validate: shownWith("engine", "redis", numberFrom(0, 1_000_000)) },
    tls: { value: false },
    prefix: { value: "fplus:" },
    copies: { value: "0", validate: shownWith("engine", "redis", numberFrom(0, 86_400, " of seconds")) },
  },
  credentials: { password: { type: "password" } },
  label() {
    return this.name || (this["engine"] === "redis" ? `Redis ${String(this["nodes"])}` : "Embedded cache");
  },
  oneditprepare() {
    const field = (name: string): string => String($(`#node-config-input-${name}`).val() ?? "");
    const test = addConnectionTest(this, "cache");
    const show = (): void => {
      const isRedis = field("engine") === "redis";
      $(".fplus-cache-embedded").toggle(!isRedis);
      $(".fplus-cache-redis").add(test).toggle(isRedis);
      $(".fplus-cache-sentinel").toggle(isRedis && field("mode") === "sentinel");
      $(".fplus-cache-number").toggle(isRedis && field("mode") !== "cluster");
    };
    $("#node-config-input-engine, #node-config-input-mode").on("change", show);
    show();
  },
});
