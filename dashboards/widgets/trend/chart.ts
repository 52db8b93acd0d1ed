import uPlot from "uplot";
import uPlotCss from "uplot/dist/uPlot.min.css";
import type { AlignedLines } from "./series-buffer.ts";

/** Colours that are told apart on light and dark ground, also by people who see red and green alike. */
export const LINE_COLOURS = [
  "#2f7ed8",
  "#e07b00",
  "#1a9e77",
  "#c2418f",
  "#7b5fd3",
  "#8a9a00",
  "#00a3b4",
  "#b5653a",
] as const;

/** uPlot's labels of the time axis by tick distance, with a 24-hour clock: distance, label, then what a new year, day, minute adds. */
const MINUTE = 60;
const DAY = 86_400;
const TIME_LABELS: uPlot.Axis["values"] = [
  [28 * DAY, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [DAY, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [MINUTE, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
  [0.001, ":{ss}.{fff}", "\n{D} {MMM} {HH}:{mm}", null, "\n{D} {MMM} {HH}:{mm}", null, "\n{HH}:{mm}", null, 1],
];

export interface ChartLine {
  readonly label: string;
  readonly unit: string;
}

const WHEEL_ZOOM = 0.8;
const SHORTEST_SECONDS = 2;

/** The uPlot chart: one value axis a unit (two at most), zoom by drag and wheel, pan by shift-drag. */
export class Chart {
  readonly #host: HTMLElement;
  readonly #onRange: (from: number, to: number) => void;
  readonly #onCursor: (time: number | undefined) => void;
  readonly #resize: ResizeObserver;
  #plot: uPlot | undefined;
  #programmatic = false;

  constructor(
    host: HTMLElement,
    onRange: (from: number, to: number) => void,
    onCursor: (time: number | undefined) => void,
  ) {
    this.#host = host;
    this.#onRange = onRange;
    this.#onCursor = onCursor;
    this.#resize = new ResizeObserver(() =>
      this.#plot?.setSize({ width: host.clientWidth, height: host.clientHeight }),
    );
    this.#resize.observe(host);
    if (document.getElementById("fplus-uplot-style") === null) {
      const style = document.createElement("style");
      style.id = "fplus-uplot-style";
      style.textContent = uPlotCss;
      document.head.append(style);
    }
  }

  /** Draws other lines from now on. */
  lines(lines: readonly ChartLine[], data: AlignedLines, from: number, to: number): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    if (lines.length === 0) return;
    const units = [...new Set(lines.map(({ unit }) => unit))];
    const scaleOf = (unit: string): string => `y${Math.min(1, units.indexOf(unit))}`;
    const text = getComputedStyle(this.#host).color;
    const axis = {
      stroke: text,
      grid: { stroke: "rgba(128,128,128,0.18)", width: 1 },
      ticks: { stroke: "rgba(128,128,128,0.3)", width: 1 },
      font: "12px system-ui, sans-serif",
    };
    this.#plot = new uPlot(
      {
        width: this.#host.clientWidth,
        height: this.#host.clientHeight,
        legend: { show: false },
        cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
        scales: { x: { time: true, auto: false, min: from / 1000, max: to / 1000 } },
        axes: [
          { ...axis, values: TIME_LABELS, space: 70 },
          ...units.slice(0, 2).map((unit, i): uPlot.Axis => ({
            ...axis,
            scale: scaleOf(unit),
            // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- a const enum of a declaration file has no value at run time
            side: i === 0 ? 3 : 1,
            size: 58,
            ...(i === 0 ? {} : { grid: { show: false } }),
          })),
        ],
        series: [
          {},
          ...lines.map(({ label, unit }, i) => ({
            label,
            scale: scaleOf(unit),
            stroke: LINE_COLOURS[i % LINE_COLOURS.length]!,
            width: 1.75,
            points: { show: false },
          })),
        ],
        hooks: {
          setSelect: [(plot) => this.#zoomTo(plot)],
          setCursor: [
            (plot) =>
              this.#onCursor(
                plot.cursor.left === undefined || plot.cursor.left < 0
                  ? undefined
                  : plot.posToVal(plot.cursor.left, "x") * 1000,
              ),
          ],
          ready: [(plot) => this.#listen(plot)],
        },
      },
      data as uPlot.AlignedData,
      this.#host,
    );
  }

  /** New points and the window to show, in milliseconds. */
  draw(data: AlignedLines, from: number, to: number): void {
    const plot = this.#plot;
    if (plot === undefined) return;
    this.#programmatic = true;
    plot.batch(() => {
      plot.setData(data as uPlot.AlignedData, false);
      plot.setScale("x", { min: from / 1000, max: to / 1000 });
    });
    this.#programmatic = false;
  }

  /** Pixels across, for how many points are worth fetching. */
  get width(): number {
    return this.#host.clientWidth || 800;
  }

  close(): void {
    this.#resize.disconnect();
    this.#plot?.destroy();
  }

  #zoomTo(plot: uPlot): void {
    const { left, width } = plot.select;
    if (this.#programmatic || width < 4) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#onRange(plot.posToVal(left, "x") * 1000, plot.posToVal(left + width, "x") * 1000);
  }

  #listen(plot: uPlot): void {
    plot.over.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const { min, max } = this.#window(plot);
        const factor = event.deltaY < 0 ? WHEEL_ZOOM : 1 / WHEEL_ZOOM;
        const centre = plot.posToVal(event.offsetX, "x");
        const span = Math.max(SHORTEST_SECONDS, (max - min) * factor);
        const part = (centre - min) / (max - min);
        this.#onRange((centre - span * part) * 1000, (centre + span * (1 - part)) * 1000);
      },
      { passive: false },
    );
    plot.over.addEventListener(
      "mousedown",
      (event) => {
        if (!event.shiftKey) return;
        event.stopImmediatePropagation();
        const { min, max } = this.#window(plot);
        const perPixel = (max - min) / plot.over.clientWidth;
        const move = (moved: MouseEvent): void => {
          const by = (event.clientX - moved.clientX) * perPixel;
          this.#onRange((min + by) * 1000, (max + by) * 1000);
        };
        const stop = (): void => document.removeEventListener("mousemove", move);
        document.addEventListener("mousemove", move);
        document.addEventListener("mouseup", stop, { once: true });
      },
      { capture: true },
    );
  }

  #window(plot: uPlot): { min: number; max: number } {
    return { min: plot.scales["x"]?.min ?? 0, max: plot.scales["x"]?.max ?? 1 };
  }
}
