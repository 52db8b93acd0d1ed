import { widgetNode } from "../editor/widget.ts";

RED.nodes.registerType(
  "fplus-ui-machines",
  widgetNode("fplus-ui-machines", 8, { detail: { value: "/dashboard/machine" } }),
);
