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
    signals: { value: "" },
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
    const show = (): void => {
      const last = $("#node-input-range").val() === "last";
      const raw = $("#node-input-aggregate").val() === "raw";
      $(".fplus-query-last").toggle(last);
      $(".fplus-query-between").toggle(!last);
      $(".fplus-query-window").toggle(!raw);
      $(".fplus-query-raw").toggle(raw);
    };
    $("#node-input-range, #node-input-aggregate").on("change", show);
    show();
  },
});
