import { numberFrom } from "../editor/checks.ts";
import { widgetNode } from "../editor/widget.ts";

RED.nodes.registerType(
  "fplus-ui-trend",
  widgetNode("fplus-ui-trend", 9, {
    signals: { value: "" },
    minutes: { value: "5", validate: numberFrom(0.1, undefined, " of minutes") },
  }),
);
