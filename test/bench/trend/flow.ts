/** A Node-RED flow with one chart, fed ten times a second with eight lines, whose last six minutes are there from the start. */
export type Chart = "fplus-ui-trend" | "ui-chart";

export const LINES = 8;
export const POINTS = 3600;
const PERIOD_MS = 100;

const SAMPLES = `
const wave = (line, time) => Math.sin(time / (3000 + 400 * line)) * 10 + line * 12;
const at = (line, time) => ({ name: "bench/Press/Line" + line, value: wave(line, time), timestamp: time });
`;
/** As a stock chart takes them. */
const POINTS_OF_CHART = `const point = ({ name, value, timestamp }) => ({ topic: name.split("/")[2], x: timestamp, y: value });`;

/** Everything the chart should know before it is looked at, and then each new value. */
function feeder(chart: Chart): { past: string; present: string } {
  const list = `Array.from({ length: ${LINES} }, (_, line) => at(line, time))`;
  const shape = chart === "ui-chart" ? "samples.map(point)" : "samples";
  const head = `${SAMPLES}${chart === "ui-chart" ? POINTS_OF_CHART : ""}`;
  return {
    past: `${head} const now = Date.now(); const samples = [];
for (let i = ${POINTS}; i > 0; i--) { const time = now - i * ${PERIOD_MS}; samples.push(...${list}); }
return { topic: "past", payload: ${shape} };`,
    present: `${head} const time = Date.now(); const samples = ${list};
return { topic: "present", payload: ${shape} };`,
  };
}

/** The flow's nodes; the page is `/dashboard/chart`. */
export function chartFlow(chart: Chart): object[] {
  const { past, present } = feeder(chart);
  const targets = chart === "ui-chart" ? ["chart"] : ["chart", "store"];
  const timer = (id: string, func: string, repeat: string, onceDelay: number) => [
    { id, type: "inject", z: "tab", props: [], repeat, once: true, onceDelay, x: 100, y: 80, wires: [[`${id}-make`]] },
    { id: `${id}-make`, type: "function", z: "tab", func, outputs: 1, x: 300, y: 80, wires: [targets] },
  ];
  return [
    { id: "tab", type: "tab", label: "Chart" },
    {
      id: "base",
      type: "ui-base",
      name: "Bench",
      path: "/dashboard",
      acceptsClientConfig: [chart],
      includeClientData: true,
    },
    { id: "theme", type: "ui-theme", name: "Plain", colors: {}, sizes: {} },
    {
      id: "page",
      type: "ui-page",
      name: "Chart",
      ui: "base",
      path: "/chart",
      layout: "grid",
      theme: "theme",
      order: 1,
      visible: "true",
      disabled: "false",
    },
    {
      id: "group",
      type: "ui-group",
      name: "Chart",
      page: "page",
      width: "12",
      height: "1",
      order: 1,
      showTitle: false,
      visible: "true",
      disabled: "false",
    },
    ...timer("past", past, "", 0.1),
    ...timer("present", present, String(PERIOD_MS / 1000), 3),
    ...(chart === "ui-chart"
      ? [stockChart()]
      : [
          {
            id: "chart",
            type: chart,
            z: "tab",
            name: "",
            group: "group",
            order: 1,
            width: 12,
            height: 12,
            signals: "bench/Press/*",
            minutes: "6",
            x: 500,
            y: 80,
            wires: [],
          },
          {
            id: "store",
            type: "fplus-historian-write",
            z: "tab",
            name: "",
            historian: "",
            x: 500,
            y: 140,
            wires: [[], []],
          },
        ]),
  ];
}

function stockChart(): object {
  return {
    id: "chart",
    type: "ui-chart",
    z: "tab",
    group: "group",
    name: "",
    label: "",
    order: 1,
    chartType: "line",
    category: "topic",
    categoryType: "property",
    xAxisType: "time",
    xAxisProperty: "x",
    xAxisPropertyType: "property",
    yAxisProperty: "y",
    yAxisPropertyType: "property",
    action: "append",
    stackSeries: false,
    pointShape: "false",
    pointRadius: 0,
    interpolation: "linear",
    showLegend: true,
    removeOlder: "6",
    removeOlderUnit: "60",
    removeOlderPoints: String(POINTS * LINES),
    colors: ["#2f7ed8", "#e07b00", "#1a9e77", "#c2418f", "#7b5fd3", "#8a9a00", "#00a3b4", "#b5653a"],
    width: 12,
    height: 12,
    className: "",
    x: 500,
    y: 80,
    wires: [[]],
  };
}
