import type { NodeAPI } from "node-red";
import { defineWidget, type WidgetConfig } from "../frame/dashboard-widget.ts";
import { numberOf } from "../frame/index.ts";

interface TrendConfig extends WidgetConfig {
  readonly minutes: string | number;
}

export default function (RED: NodeAPI): void {
  defineWidget<TrendConfig>(RED, "fplus-ui-trend", "trend.umd.js", "UIFplusTrend", (config) => {
    numberOf(config, "minutes", { usual: 5, least: 0.1 });
  });
}
