import { widgetNode } from "../editor/widget.ts";

RED.nodes.registerType("fplus-ui-machine", widgetNode("fplus-ui-machine", 14));
