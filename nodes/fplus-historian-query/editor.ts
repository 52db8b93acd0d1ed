const INFLUXQL_EXAMPLE = "SELECT mean(value) FROM sensors WHERE time > now() - 1h GROUP BY time(5m), path";
const FLUX_EXAMPLE = 'from(bucket: "factoryplus") |> range(start: -1h)';

RED.nodes.registerType("fplus-historian-query", {
  category: "Factory+",
  color: "#DEBD5C",
  icon: "fplus-historian-query.svg",
  paletteLabel: "historian query",
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: "" },
    historian: { value: "", type: "fplus-historian", required: false },
    language: { value: "builder" },
    query: {
      value: "",
      validate(value, _options) {
        const isText = this["language"] === "influxql" || this["language"] === "flux";
        return !isText || value !== "" || "Write the question, or send it as msg.query and write a usual one here.";
      },
    },
    signals: { value: "" },
    tags: {
      value: "",
      validate(value, _options) {
        const parts = String(value ?? "")
          .split(",")
          .map((part) => part.trim());
        return (
          parts.every((part) => part === "" || /^[^=]+=.+$/.test(part)) || "Write tags like site=Leeds, device=Press*."
        );
      },
    },
    range: { value: "last" },
    minutes: {
      value: "60",
      validate(value, _options) {
        return this["range"] !== "last" || Number(value) > 0 || "Give a number of minutes above 0.";
      },
    },
    from: {
      value: "",
      validate(value, _options) {
        if (this["range"] !== "between" || value === "") return true;
        return (
          !Number.isNaN(new Date(value).getTime()) || /^\d+$/.test(value) || "Write a date like 2026-01-31T12:00:00Z."
        );
      },
    },
    to: {
      value: "",
      validate(value, _options) {
        if (this["range"] !== "between" || value === "") return true;
        return (
          !Number.isNaN(new Date(value).getTime()) || /^\d+$/.test(value) || "Write a date like 2026-01-31T12:00:00Z."
        );
      },
    },
    aggregate: { value: "raw" },
    window: {
      value: "60",
      validate(value, _options) {
        return this["aggregate"] === "raw" || Number(value) > 0 || "Give the width of a window in seconds.";
      },
    },
    limit: {
      value: "",
      validate(value, _options) {
        return value === "" || Number(value) >= 1 || "Give a number from 1 up, or leave it blank for all samples.";
      },
    },
    fill: { value: "none" },
    output: { value: "arrays" },
  },
  label() {
    return this.name || "historian query";
  },
  labelStyle() {
    return this.name ? "node_label_italic" : "";
  },
  inputLabels: "ask",
  outputLabels: "history",
  oneditprepare() {
    // A node of a former release has neither.
    if (!this["language"]) $("#node-input-language").val("builder");
    if (!this["fill"]) $("#node-input-fill").val("none");
    const show = (): void => {
      const language = String($("#node-input-language").val());
      const built = language === "builder";
      const last = $("#node-input-range").val() === "last";
      const raw = $("#node-input-aggregate").val() === "raw";
      $(".fplus-query-built").toggle(built);
      $(".fplus-query-text").toggle(!built);
      $("#node-input-query").attr("placeholder", language === "flux" ? FLUX_EXAMPLE : INFLUXQL_EXAMPLE);
      $(".fplus-query-last").toggle(built && last);
      $(".fplus-query-between").toggle(built && !last);
      $(".fplus-query-window").toggle(built && !raw);
      $(".fplus-query-raw").toggle(built && raw);
    };
    $("#node-input-language, #node-input-range, #node-input-aggregate").on("change", show);
    show();
  },
});
