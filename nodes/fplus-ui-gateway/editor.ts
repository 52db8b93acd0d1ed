import { widgetNode } from "../editor/widget.ts";

RED.nodes.registerType("fplus-ui-gateway", widgetNode("fplus-ui-gateway", 9));
