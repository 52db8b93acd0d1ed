import { isVariable } from "../editor/checks.ts";
import { addConnectionTest } from "../editor/connection-test.ts";

RED.nodes.registerType("fplus-search-engine", {
  category: "config",
  paletteLabel: "search engine",
  defaults: {
    name: { value: "" },
    engine: { value: "embedded" },
    folder: { value: "" },
    url: {
      value: "http://127.0.0.1:7700",
      validate(value, _options) {
        if (this["engine"] !== "meilisearch" || isVariable(value)) return true;
        return /^https?:\/\/[^/]+/.test(value) || "Write the address of MeiliSearch like http://127.0.0.1:7700.";
      },
    },
  },
  credentials: { key: { type: "password" } },
  label() {
    return this.name || (this["engine"] === "meilisearch" ? `MeiliSearch ${String(this["url"])}` : "Embedded search");
  },
  oneditprepare() {
    const show = (): void => {
      const server = $("#node-config-input-engine").val() === "meilisearch";
      $(".fplus-search-embedded").toggle(!server);
      $(".fplus-search-meilisearch").toggle(server);
    };
    $("#node-config-input-engine").on("change", show);
    show();
    addConnectionTest(this, "search");
  },
});
