import type { NodeAPI } from "node-red";
import { defineWidget } from "../frame/dashboard-widget.ts";

export default function (RED: NodeAPI): void {
  defineWidget(RED, "fplus-ui-gateway", "gateway.umd.js", "UIFplusGateway");
}
