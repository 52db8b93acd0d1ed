import { computed, h, onBeforeUnmount, reactive, shallowRef, type VNode, watch } from "vue";
import type { DirectorySignal } from "../../../lib/live/protocol.ts";
import { ageText, qualityText, unitSign, valueText } from "../shared/format.ts";
import type { LiveClient } from "../shared/live-client.ts";
import { type MachineView, machinesOf, moodOf, placeOf } from "../shared/machine-state.ts";
import { onSelection, readSelection, select } from "../shared/selection.ts";
import { defineWidget, publishWidget } from "../shared/widget.ts";
import { gauge, gaugeRange } from "./gauge.ts";

type SortKey = "metric" | "value" | "age";

const GAUGES = 6;
const MAX_DRAWN = 8;

/** One machine: its state, gauges of its telling numbers, and every tag in a table that chooses what the trend draws. */
publishWidget(
  "fplus-ui-machine",
  "UIFplusMachine",
  defineWidget("UIFplusMachine", (client, _props, now) => {
    const machines = computed(() => machinesOf(client.devices.value, client.signals.value));
    const selection = shallowRef(readSelection());
    onBeforeUnmount(onSelection((changed) => (selection.value = changed)));
    const search = shallowRef("");
    const sort = shallowRef<{ key: SortKey; down: boolean }>({ key: "metric", down: false });
    const seen = reactive(new Map<number, { low: number; high: number }>());
    const machine = computed(
      () => machines.value.find(({ device }) => device.key === selection.value.machine) ?? machines.value[0],
    );
    watch(machine, (shown, before) => {
      if (shown === undefined) return;
      client.watch(shown.signals.map(({ id }) => id));
      const own = new Set(shown.signals.map(({ path }) => path));
      // A first visit, or another machine: the trend begins with its telling numbers.
      if (
        !selection.value.signals.some((path) => own.has(path)) ||
        (before !== undefined && before.device.key !== shown.device.key)
      ) {
        select({ machine: shown.device.key, signals: shown.key.map(({ path }) => path) });
      }
    });
    client.onValues((ids) => {
      for (const id of ids) remember(seen, id, client.values.get(id)?.value);
    });
    return () => {
      const shown = machine.value;
      if (shown === undefined)
        return h(
          "div",
          { class: "fplus" },
          h("div", { class: "fplus-empty" }, client.loaded.value ? "No machine has been born yet." : "Connecting …"),
        );
      return h("div", { class: "fplus" }, [
        head(machines.value, shown, client),
        h(
          "div",
          { class: "fplus-gauges" },
          gaugeSignals(shown).map((signal) => {
            const value = client.values.get(signal.id)?.value;
            const range = seen.get(signal.id) ?? { low: 0, high: 0 };
            return gauge(
              signal.metric.split("/").at(-1) ?? "",
              signal.unit,
              typeof value === "number" ? value : undefined,
              gaugeRange(signal.unit, range.low, range.high),
            );
          }),
        ),
        h("div", { class: "fplus-bar" }, [
          h("h3", { style: "margin: 0" }, `${shown.signals.length} tags`),
          h("span", { class: "fplus-soft fplus-hide-small" }, "Tick a number to draw it in the trend."),
          h("span", { class: "fplus-space" }),
          h("input", {
            type: "search",
            placeholder: "Search tags",
            "aria-label": "Search tags",
            value: search.value,
            onInput: (event: Event) => (search.value = (event.target as HTMLInputElement).value),
          }),
        ]),
        table(sorted(shown, client, search.value, sort.value), client, now.value, selection.value.signals, (key) => {
          sort.value = { key, down: sort.value.key === key && !sort.value.down };
        }),
      ]);
    };
  }),
);

function remember(seen: Map<number, { low: number; high: number }>, id: number, value: unknown): void {
  if (typeof value !== "number") return;
  const range = seen.get(id);
  if (range === undefined) seen.set(id, { low: Math.min(0, value), high: value });
  else if (value < range.low || value > range.high)
    seen.set(id, { low: Math.min(range.low, value), high: Math.max(range.high, value) });
}

function head(machines: readonly MachineView[], shown: MachineView, client: LiveClient): VNode {
  const { mood, text, reason } = moodOf(shown, client);
  return h("div", { class: "fplus-bar" }, [
    h(
      "select",
      {
        "aria-label": "Machine",
        value: shown.device.key,
        onChange: (event: Event) => {
          const next = machines.find(({ device }) => device.key === (event.target as HTMLSelectElement).value);
          if (next !== undefined) select({ machine: next.device.key, signals: next.key.map(({ path }) => path) });
        },
      },
      machines.map(({ device }) => h("option", { key: device.key, value: device.key }, device.name)),
    ),
    h("span", { class: `fplus-mood-${mood}` }, h("span", { class: "fplus-badge" }, text)),
    reason === undefined ? null : h("span", { class: "fplus-soft" }, reason),
    h("span", { class: "fplus-space" }),
    h("span", { class: "fplus-soft" }, placeOf(shown)),
  ]);
}

function gaugeSignals(machine: MachineView): DirectorySignal[] {
  const more = machine.signals.filter((signal) => signal.numeric && signal.unit !== "");
  return [...new Set([...machine.key.filter(({ unit }) => unit !== ""), ...more])].slice(0, GAUGES);
}

function sorted(
  machine: MachineView,
  client: LiveClient,
  search: string,
  { key, down }: { key: SortKey; down: boolean },
): DirectorySignal[] {
  const wanted = search.toLowerCase();
  const found = machine.signals.filter(({ metric }) => metric.toLowerCase().includes(wanted));
  const by = (signal: DirectorySignal): string | number => {
    if (key === "metric") return signal.metric;
    const live = client.values.get(signal.id);
    return key === "age" ? -(live?.time ?? 0) : typeof live?.value === "number" ? live.value : Number.NEGATIVE_INFINITY;
  };
  const order = (a: string | number, b: string | number): number =>
    typeof a === "string" ? a.localeCompare(String(b)) : a - Number(b);
  return found.sort((a, b) => order(by(a), by(b)) * (down ? -1 : 1));
}

function table(
  signals: readonly DirectorySignal[],
  client: LiveClient,
  now: number,
  drawn: readonly string[],
  sortBy: (key: SortKey) => void,
): VNode {
  const heading = (key: SortKey, text: string, number = false): VNode =>
    h("th", { class: number ? "fplus-number" : "" }, h("button", { type: "button", onClick: () => sortBy(key) }, text));
  return h("div", { class: "fplus-scroll" }, [
    h("table", [
      h(
        "thead",
        h("tr", [
          h("th", { "aria-label": "Drawn" }),
          heading("metric", "Tag"),
          heading("value", "Value", true),
          h("th", { class: "fplus-hide-small" }, "Unit"),
          h("th", { class: "fplus-hide-small" }, "Quality"),
          heading("age", "Age", true),
        ]),
      ),
      h(
        "tbody",
        signals.map((signal) => row(signal, client, now, drawn)),
      ),
    ]),
  ]);
}

function row(signal: DirectorySignal, client: LiveClient, now: number, drawn: readonly string[]): VNode {
  const live = client.values.get(signal.id);
  const quality = live === undefined ? "" : qualityText(live.status);
  const isDrawn = drawn.includes(signal.path);
  const toggle = (): void => {
    if (!signal.numeric) return;
    select({
      signals: isDrawn ? drawn.filter((path) => path !== signal.path) : [...drawn, signal.path].slice(-MAX_DRAWN),
    });
  };
  return h(
    "tr",
    {
      key: signal.id,
      class: signal.numeric ? "fplus-row-pick" : "",
      onClick: toggle,
      "data-metric": signal.metric,
      "data-time": live?.time,
    },
    [
      h("td", [
        signal.numeric
          ? h("input", {
              type: "checkbox",
              checked: isDrawn,
              "aria-label": `Draw ${signal.metric}`,
              onClick: (event: Event) => event.stopPropagation(),
              onChange: toggle,
            })
          : null,
      ]),
      h("td", { class: "fplus-name", title: signal.metric }, words(signal.metric)),
      h("td", { class: "fplus-number fplus-value", title: String(live?.value ?? "") }, [
        valueText(live?.value),
        h("span", { class: "fplus-only-small fplus-soft" }, ` ${unitSign(signal.unit)}`),
      ]),
      h("td", { class: "fplus-hide-small fplus-soft" }, unitSign(signal.unit)),
      h("td", { class: `fplus-hide-small fplus-quality-${quality}` }, quality),
      h("td", { class: "fplus-number fplus-soft" }, live === undefined ? "–" : ageText(now - live.time)),
    ],
  );
}

/** A metric's name that may go on in the next line after each level and each word. */
function words(metric: string): (string | VNode)[] {
  return metric.split(/(?<=\/)|(?<=[a-z])(?=[A-Z])/).flatMap((word) => [word, h("wbr")]);
}
