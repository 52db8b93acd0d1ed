RED.nodes.registerType("fplus-search-engine", {
  category: "config",
  defaults: {
    name: { value: "" },
    engine: { value: "embedded" },
    folder: { value: "" },
    url: {
      value: "http://127.0.0.1:7700",
      validate(value, _options) {
        if (this["engine"] !== "meilisearch" || /^\$\{.+\}$/.test(value)) return true;
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
      $("#fplus-search-result").text("");
    };
    $("#node-config-input-engine").on("change", show);
    show();
    $("#fplus-search-test").on("click", () => {
      const field = (name: string): string => String($(`#node-config-input-${name}`).val() ?? "");
      const key = field("key");
      const values = {
        id: this.id,
        name: field("name"),
        engine: field("engine"),
        folder: field("folder"),
        url: field("url"),
        ...(key === "" || key === "__PWRD__" ? {} : { key }),
      };
      const result = $("#fplus-search-result").text("Trying …").css("color", "");
      $.ajax({
        url: "fplus/search/test",
        method: "POST",
        contentType: "application/json",
        data: JSON.stringify(values),
      })
        .done((answer: { ok: boolean; text: string }) => {
          result.text(answer.text).css("color", answer.ok ? "" : "var(--red-ui-text-color-error)");
        })
        .fail(() => result.text("Node-RED did not answer."));
    });
  },
});
