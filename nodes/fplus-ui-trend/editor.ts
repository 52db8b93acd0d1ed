import { widgetNode } from "../editor/widget.ts";

RED.nodes.registerType(
  "fplus-ui-trend",
  widgetNode("fplus-ui-trend", 9, {
    signals: { value: "" },
    minutes: {
      value: "5",
      validate: (value: string, _options: unknown) => Number(value) > 0 || "Give the minutes to show at first.",
    },
  }),
);
