import { computed, h, onBeforeUnmount, onMounted, shallowRef, type VNode, watch } from "vue";
import type { DirectorySignal } from "../../../lib/live/protocol.ts";
import { qualityText, unitSign, valueText } from "../shared/format.ts";
import { onSelection, readSelection } from "../shared/selection.ts";
import { defineWidget, publishWidget } from "../shared/widget.ts";
import { Chart, LINE_COLOURS } from "./chart.ts";
import { alignLines, SeriesBuffer } from "./series-buffer.ts";

const RANGES = [
  { label: "5 min", ms: 5 * 60_000 },
  { label: "1 h", ms: 3_600_000 },
  { label: "8 h", ms: 8 * 3_600_000 },
  { label: "24 h", ms: 24 * 3_600_000 },
  { label: "7 d", ms: 7 * 24 * 3_600_000 },
  { label: "30 d", ms: 30 * 24 * 3_600_000 },
  { label: "1 y", ms: 365 * 24 * 3_600_000 },
] as const;
const MAX_LINES = 8;
const FRAME_MS = 100;
const FETCH_DELAY_MS = 250;

/** A live trend with its past: history from the historian, joined without a gap to what comes live. */
publishWidget(
  "fplus-ui-trend",
  "UIFplusTrend",
  defineWidget("UIFplusTrend", (client, { props }) => {
    const host = shallowRef<HTMLElement>();
    const chosen = shallowRef(readSelection().signals);
    const range = shallowRef(Number(props["minutes"] || 5) * 60_000);
    /** The window while somebody looks at the past; undefined while the chart follows the present. */
    const fixed = shallowRef<{ from: number; to: number }>();
    const cursor = shallowRef<number>();
    const message = shallowRef("Loading …");
    const lines = computed(() => drawnSignals(client.signals.value, String(props["signals"] ?? ""), chosen.value));
    const buffers = new Map<number, SeriesBuffer>();
    let chart: Chart | undefined;
    let dirty = true;
    let fetching = 0;
    let timer = 0;
    let fetchTimer = 0;

    const windowOf = (): { from: number; to: number } =>
      fixed.value ?? { from: Date.now() - range.value, to: Date.now() };
    const shownBuffers = (): SeriesBuffer[] => lines.value.map(({ id }) => buffers.get(id) ?? new SeriesBuffer());

    const fetchHistory = (): void => {
      const { from, to } = windowOf();
      const ids = lines.value.map(({ id }) => id);
      if (ids.length === 0) return;
      const mine = ++fetching;
      client.history(ids, from - (to - from) * 0.05, to, Math.round((chart?.width ?? 800) * 1.5)).then(
        (answer) => {
          if (mine !== fetching) return;
          for (const id of ids) {
            const line = answer.lines.get(id);
            const fresh = new SeriesBuffer();
            const old = fixed.value === undefined ? buffers.get(id) : undefined;
            fresh.restart(line?.time ?? new Float64Array(0), line?.value ?? new Float64Array(0));
            for (let i = 0; i < (old?.length ?? 0); i++) fresh.push(old!.time[i]!, old!.value[i]!);
            buffers.set(id, fresh);
          }
          message.value =
            answer.error ?? (shownBuffers().every(({ length }) => length === 0) ? "No values in this time." : "");
          dirty = true;
        },
        () => undefined,
      );
    };
    const fetchSoon = (): void => {
      clearTimeout(fetchTimer);
      fetchTimer = window.setTimeout(fetchHistory, FETCH_DELAY_MS);
    };
    const rebuild = (): void => {
      const { from, to } = windowOf();
      chart?.lines(
        lines.value.map(({ metric, unit }) => ({ label: metric, unit })),
        alignLines(shownBuffers()),
        from,
        to,
      );
    };

    watch(lines, (now, before) => {
      if (now.map(({ id }) => id).join() === before.map(({ id }) => id).join()) return;
      client.watch(now.map(({ id }) => id));
      for (const id of buffers.keys()) if (!now.some((signal) => signal.id === id)) buffers.delete(id);
      message.value = now.length === 0 ? "Tick tags in the table to draw them." : "Loading …";
      rebuild();
      fetchHistory();
    });
    client.onValues((ids) => {
      if (fixed.value !== undefined) return;
      for (const id of ids) {
        const live = client.values.get(id);
        if (live === undefined || !lines.value.some((signal) => signal.id === id)) continue;
        let buffer = buffers.get(id);
        if (buffer === undefined) buffers.set(id, (buffer = new SeriesBuffer()));
        buffer.push(
          live.time,
          typeof live.value === "number" && qualityText(live.status) !== "bad" ? live.value : Number.NaN,
        );
        if (message.value !== "" && fetching > 0) message.value = "";
        dirty = true;
      }
    });
    const follow = (ms: number): void => {
      range.value = ms;
      fixed.value = undefined;
      buffers.clear();
      fetchHistory();
    };

    onMounted(() => {
      chart = new Chart(
        host.value!,
        (from, to) => {
          fixed.value = { from, to };
          dirty = true;
          fetchSoon();
        },
        (time) => (cursor.value = time),
      );
      rebuild();
      timer = window.setInterval(() => {
        const { from, to } = windowOf();
        if (!dirty && fixed.value !== undefined) return;
        dirty = false;
        if (fixed.value === undefined)
          for (const buffer of buffers.values()) buffer.dropBefore(from - range.value * 0.1);
        chart?.draw(alignLines(shownBuffers()), from, to);
      }, FRAME_MS);
    });
    onBeforeUnmount(onSelection((selection) => (chosen.value = selection.signals)));
    onBeforeUnmount(() => {
      clearInterval(timer);
      clearTimeout(fetchTimer);
      chart?.close();
    });

    return () =>
      h("div", { class: "fplus" }, [
        h("div", { class: "fplus-bar" }, [
          ...RANGES.map(({ label, ms }) =>
            h(
              "button",
              {
                type: "button",
                class: `fplus-button${fixed.value === undefined && range.value === ms ? " fplus-on" : ""}`,
                onClick: () => follow(ms),
              },
              label,
            ),
          ),
          h("span", { class: "fplus-space" }),
          fixed.value === undefined
            ? null
            : h(
                "button",
                { type: "button", class: "fplus-button fplus-on", onClick: () => follow(range.value) },
                "Back to live",
              ),
          h(
            "button",
            {
              type: "button",
              class: "fplus-button fplus-hide-small",
              onClick: () => download(lines.value, shownBuffers()),
            },
            "Download CSV",
          ),
        ]),
        legend(lines.value, (id, i) =>
          cursor.value === undefined ? client.values.get(id)?.value : (shownBuffers()[i]?.at(cursor.value) ?? null),
        ),
        h(
          "div",
          { class: "fplus-chart", ref: host, title: "Drag or wheel to zoom, shift and drag to move" },
          message.value === "" ? [] : [h("div", { class: "fplus-empty" }, message.value)],
        ),
      ]);
  }),
);

/** The node's own list of signals (paths, `*` for any part), or what the user ticked. */
function drawnSignals(all: readonly DirectorySignal[], list: string, chosen: readonly string[]): DirectorySignal[] {
  const numeric = all.filter((signal) => signal.numeric);
  const patterns = list
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (patterns.length === 0)
    return chosen.flatMap((path) => numeric.filter((signal) => signal.path === path)).slice(0, MAX_LINES);
  const tests = patterns.map(
    (pattern) => new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`),
  );
  return numeric.filter(({ path }) => tests.some((pattern) => pattern.test(path))).slice(0, MAX_LINES);
}

function legend(
  lines: readonly DirectorySignal[],
  valueOf: (id: number, index: number) => number | string | boolean | null | undefined,
): VNode {
  return h(
    "div",
    { class: "fplus-legend" },
    lines.map((signal, i) => {
      const value = valueOf(signal.id, i);
      return h("span", { key: signal.id, title: signal.path }, [
        h("i", { style: `background: ${LINE_COLOURS[i % LINE_COLOURS.length]}` }),
        signal.metric,
        " ",
        h("b", typeof value === "number" && Number.isNaN(value) ? "–" : valueText(value)),
        h("span", { class: "fplus-soft" }, unitSign(signal.unit)),
      ]);
    }),
  );
}

function download(lines: readonly DirectorySignal[], buffers: readonly SeriesBuffer[]): void {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const [times, ...values] = alignLines(buffers);
  const rows = times.map((time, row) =>
    [new Date(time * 1000).toISOString(), ...values.map((line) => line[row] ?? "")].join(","),
  );
  const head = ["time", ...lines.map(({ path, unit }) => quoted(unit === "" ? path : `${path} [${unit}]`))].join(",");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([[head, ...rows].join("\r\n")], { type: "text/csv" }));
  link.download = `trend-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
