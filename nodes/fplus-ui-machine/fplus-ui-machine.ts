import type { NodeAPI } from "node-red";
import { defineWidget } from "../frame/dashboard-widget.ts";

export default function (RED: NodeAPI): void {
  defineWidget(RED, "fplus-ui-machine", "machine.umd.js", "UIFplusMachine");
}
